"""What the tenant remembers about browsers: who is signed in, and the sign-ins under way.

A browser has two cookies. One names the browser and ties the forms of a sign-in to it, which is the protection
against cross-site requests; it never changes. The other names the session and is new at every sign-in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from lampgate.lab.entra.authorization_request import AuthorizationRequest
from lampgate.lab.world import Account

#: Seconds a sign-in may stay open.
SIGN_IN_TIMEOUT: Final = 15 * 60.0


@dataclass(frozen=True, slots=True)
class SignIn:
    """A person who proved who they are.

    :ivar at: when, in seconds since the epoch.
    :ivar methods: the ``amr``: ``pwd``, ``mfa``.
    :ivar mfa_round: the account's counter of demands for a new approval at that time.
    :ivar revocation: the account's counter of revocations at that time.
    """

    account: Account
    at: float
    methods: tuple[str, ...]
    session_id: str
    mfa_round: int
    revocation: int


@dataclass(slots=True)
class SignInFlow:
    """A sign-in between the authorization request and its answer.

    :ivar number: what the approval page shows.
    :ivar sign_in: set once the person has approved.
    """

    request: AuthorizationRequest
    browser_id: str
    begun_at: float
    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    number: int = field(default_factory=lambda: 10 + secrets.randbelow(90))
    account: Account | None = None
    sign_in: SignIn | None = None


class BrowserSessions:
    """All browsers of the tenant. State in memory, gone with the process."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._flows: dict[str, SignInFlow] = {}
        self._sign_ins: dict[str, SignIn] = {}

    def begin(self, request: AuthorizationRequest, browser_id: str) -> SignInFlow:
        """A new sign-in in a browser. Forgets those that were left open too long."""
        deadline = self._clock() - SIGN_IN_TIMEOUT
        self._flows = {id_: flow for id_, flow in self._flows.items() if flow.begun_at > deadline}
        flow = SignInFlow(request, browser_id, self._clock())
        self._flows[flow.id] = flow
        return flow

    def flow(self, flow_id: str, browser_id: str) -> SignInFlow | None:
        """The sign-in a form belongs to; None where it is over, unknown or another browser's."""
        flow = self._flows.get(flow_id)
        if flow is None or flow.begun_at <= self._clock() - SIGN_IN_TIMEOUT:
            return None
        return flow if browser_id and secrets.compare_digest(flow.browser_id, browser_id) else None

    def signed_in(self, session: str) -> SignIn | None:
        """Who is signed in, by the value of the session cookie."""
        return self._sign_ins.get(session)

    def remember(self, sign_in: SignIn, previous: str) -> str:
        """Keep a sign-in instead of the browser's previous one.

        :returns: the value of the session cookie.
        """
        self.forget(previous)
        session = secrets.token_urlsafe(32)
        self._sign_ins[session] = sign_in
        return session

    def forget(self, session: str) -> None:
        """Sign out."""
        self._sign_ins.pop(session, None)

"""The interface of a session store, and its three distinct answers.

`Unknown` is not `Absent`: a store that cannot be reached never signs anyone out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Protocol

from lampgate.session.record import Session
from lampgate.session.renewal import Redeem, Renewal


@dataclass(frozen=True, slots=True)
class Found:
    """The session exists and is within its life; its tokens may be stale or, in a cookie, left out.

    :ivar handle: the store's own: what it needs to write this session again. Never shown.
    """

    session: Session
    handle: bytes = b""

    def __repr__(self) -> str:
        return f"Found({self.session!r})"


@dataclass(frozen=True, slots=True)
class Absent:
    """There is certainly no such session.

    :ivar reason: a stable word for logs: ``expired``, ``revoked`` …
    :ivar sentence: what the person should know about it; mostly empty.
    :ivar claims: a claims challenge that a new sign-in has to repeat; mostly empty.
    """

    reason: str
    sentence: str = ""
    claims: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It could not be told whether there is a session, or its tokens could not be renewed. Nobody is signed out.

    :ivar retry_after: seconds after which asking again is worth it.
    """

    cause: str
    retry_after: float = 5.0


Lookup = Found | Absent | Unknown


class StoreUnavailableError(Exception):
    """The store cannot keep anything at the moment. ``str()`` says why, without secrets."""


class SessionStore(Protocol):
    """Keeps sessions. What the browser holds (all of it, or a ticket) is the store's own affair."""

    def load(self, cookies: Mapping[str, str], now: float) -> Lookup | Awaitable[Lookup]:
        """The session of a request.

        :param cookies: all cookies of the request, by name.
        :param now: seconds since the epoch.
        :returns: the answer at once where no I/O is needed, so that the data path can stay synchronous.
        """
        ...

    def save(self, session: Session, cookies: Mapping[str, str], now: float) -> list[str] | Awaitable[list[str]]:
        """Keep a new session.

        :param cookies: the request's cookies, so that left-over parts can be deleted.
        :returns: the values of the ``Set-Cookie`` headers to send.
        :raises StoreUnavailableError: it cannot be kept at the moment.
        """
        ...

    def end(self, found: Found | None, cookies: Mapping[str, str]) -> list[str] | Awaitable[list[str]]:
        """Forget a session. ``found`` is None where the cookies could not be opened.

        :returns: the values of the ``Set-Cookie`` headers that delete what the browser holds.
        """
        ...

    async def renew(self, found: Found, redeem: Redeem) -> Renewal:
        """Renew a session's tokens, once among all replicas as far as this store can see to it, and keep the result.

        Another replica's renewal that came first counts as the result, without a call of ``redeem``.
        """
        ...

    def browser_copy(self, found: Found, cookies: Mapping[str, str], now: float) -> list[str]:
        """What to set in the browser after a renewal; nothing where the browser only holds a ticket."""
        ...

"""What a sign-in needs next. Pure.

The decision of the sign-in pages: whom to ask, whether to ask for approval or consent, and when it is done.
Follows OpenID Connect Core section 3.1.2.1 for ``prompt``, ``max_age`` and ``login_hint``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lampgate.lab.entra.authorization_request import AuthorizationRequest
from lampgate.lab.entra.browser_sessions import SignIn
from lampgate.lab.entra.errors import EntraError
from lampgate.lab.world import Account


class Step(Enum):
    """What comes next."""

    PICK_ACCOUNT = "pick an account"
    APPROVE = "approve the sign-in"
    CONSENT = "consent to permissions"
    ANSWER = "answer the request"


@dataclass(frozen=True, slots=True)
class BrowserState:
    """What is known at the time of a request.

    :ivar sign_in: the browser's session, if it is still good.
    :ivar mfa_due: a new approval has been demanded since.
    :ivar hinted: the account ``login_hint`` names, if any.
    :ivar consent_missing: the application asks for permissions that are not granted.
    :ivar now: seconds since the epoch.
    """

    sign_in: SignIn | None
    mfa_due: bool
    hinted: Account | None
    consent_missing: bool
    now: float


def first_step(request: AuthorizationRequest, state: BrowserState) -> tuple[Step, Account | None]:
    """The step a request starts with, and the account it is about, if that is clear already.

    :raises EntraError: 50058, 50076, 65001: ``prompt=none`` and something would have to be asked.
    """
    session = state.sign_in
    if session is not None and state.hinted is not None and session.account != state.hinted:
        session = None
    account = session.account if session else state.hinted
    if request.prompt == "none":
        _check_silent(request, session, state)
        return Step.ANSWER, account
    if request.prompt == "select_account":
        return Step.PICK_ACCOUNT, None
    if account is None:
        return Step.PICK_ACCOUNT, None
    if session is None or not may_skip_approval(request, state, account):
        # With prompt=login and no hint, the person may want to be somebody else.
        fresh_choice = request.prompt == "login" and state.hinted is None
        return (Step.PICK_ACCOUNT, None) if fresh_choice else (Step.APPROVE, account)
    return step_after_approval(request, consent_missing=state.consent_missing), account


def may_skip_approval(request: AuthorizationRequest, state: BrowserState, account: Account) -> bool:
    """Whether the browser's session is enough for this account and this request."""
    session = state.sign_in
    return (
        session is not None
        and session.account == account
        and not state.mfa_due
        and request.prompt != "login"
        and not _too_old(request, session, state.now)
    )


def step_after_approval(request: AuthorizationRequest, *, consent_missing: bool) -> Step:
    """The step once it is certain who the person is."""
    return Step.CONSENT if consent_missing or request.prompt == "consent" else Step.ANSWER


def _check_silent(request: AuthorizationRequest, session: SignIn | None, state: BrowserState) -> None:
    if session is None or _too_old(request, session, state.now):
        raise EntraError(50058)
    if state.mfa_due:
        raise EntraError(50076, resource_id=request.scopes.first.resource.app_id)
    if state.consent_missing:
        raise EntraError(65001, app_id=request.application.app_id, name=request.application.name)


def _too_old(request: AuthorizationRequest, session: SignIn, now: float) -> bool:
    return request.max_age is not None and now - session.at > request.max_age

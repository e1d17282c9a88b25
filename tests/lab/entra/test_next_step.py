"""Whom a sign-in asks what, by prompt, session, hint and age."""

from __future__ import annotations

import pytest

from lampgate.lab import world
from lampgate.lab.entra.applications import gateway_application
from lampgate.lab.entra.authorization_request import Directory, read_authorization_request
from lampgate.lab.entra.browser_sessions import SignIn
from lampgate.lab.entra.errors import EntraError
from lampgate.lab.entra.next_step import BrowserState, Step, first_step
from lampgate.lab.entra.resources import FIRST_PARTY
from lampgate.lab.world import Account
from tests.lab.entra.browser import CALLBACK

ADA, RITA = world.ACCOUNTS[:2]
GATEWAY = gateway_application([CALLBACK], None)
DIRECTORY = Directory(world.TENANT_NAME, {GATEWAY.app_id: GATEWAY}, FIRST_PARTY)
AT = 1000.0


def step(
    prompt: str = "",
    session: Account | None = None,
    hint: Account | None = None,
    *,
    age: float = 0,
    max_age: int | None = None,
    mfa_due: bool = False,
    consent_missing: bool = False,
) -> tuple[Step, Account | None]:
    parameters = {
        "client_id": GATEWAY.app_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "prompt": prompt,
    }
    if max_age is not None:
        parameters["max_age"] = str(max_age)
    request = read_authorization_request(world.TENANT_ID, parameters, DIRECTORY)
    sign_in = SignIn(session, AT, ("pwd", "mfa"), "sid", 0, 0) if session else None
    return first_step(request, BrowserState(sign_in, mfa_due, hint, consent_missing, AT + age))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (step(), (Step.PICK_ACCOUNT, None)),
        (step(hint=ADA), (Step.APPROVE, ADA)),
        (step(session=ADA), (Step.ANSWER, ADA)),
        (step(session=ADA, hint=ADA), (Step.ANSWER, ADA)),
        (step(session=ADA, hint=RITA), (Step.APPROVE, RITA)),
        (step(session=ADA, mfa_due=True), (Step.APPROVE, ADA)),
        (step(session=ADA, consent_missing=True), (Step.CONSENT, ADA)),
        (step(session=ADA, age=59, max_age=60), (Step.ANSWER, ADA)),
        (step(session=ADA, age=61, max_age=60), (Step.APPROVE, ADA)),
        (step("select_account", session=ADA), (Step.PICK_ACCOUNT, None)),
        (step("login", session=ADA), (Step.PICK_ACCOUNT, None)),
        (step("login", session=ADA, hint=ADA), (Step.APPROVE, ADA)),
        (step("consent", session=ADA), (Step.CONSENT, ADA)),
        (step("none", session=ADA), (Step.ANSWER, ADA)),
    ],
)
def test_first_step(found: tuple[Step, Account | None], expected: tuple[Step, Account | None]) -> None:
    assert found == expected


@pytest.mark.parametrize(
    ("state", "code", "error"),
    [
        ({}, 50058, "login_required"),
        ({"session": ADA, "hint": RITA}, 50058, "login_required"),
        ({"session": ADA, "age": 61, "max_age": 60}, 50058, "login_required"),
        ({"session": ADA, "mfa_due": True}, 50076, "interaction_required"),
        ({"session": ADA, "consent_missing": True}, 65001, "consent_required"),
    ],
)
def test_nothing_may_be_asked(state: dict[str, object], code: int, error: str) -> None:
    with pytest.raises(EntraError) as caught:
        step("none", **state)  # type: ignore[arg-type]
    row = caught.value.row
    assert (row.code, row.at_authorize or row.error) == (code, error)

"""Which authorization requests are refused, in which order, and where the error goes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lampgate.lab import world
from lampgate.lab.entra.applications import AKS_CLIENT, Application, gateway_application
from lampgate.lab.entra.authorization_request import (
    CodeChallenge,
    Directory,
    ReturnedError,
    read_authorization_request,
)
from lampgate.lab.entra.errors import EntraError
from lampgate.lab.entra.resources import FIRST_PARTY
from tests.lab.entra.browser import CALLBACK, CHALLENGE

GATEWAY = gateway_application([CALLBACK], None)
EMPTY = Application("00000000-0000-0000-0000-00000000beef", "empty", ())
DIRECTORY = Directory(
    world.TENANT_NAME, {application.app_id: application for application in (GATEWAY, AKS_CLIENT, EMPTY)}, FIRST_PARTY
)
GOOD = {
    "client_id": GATEWAY.app_id,
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "scope": "openid",
    "state": "s",
}


def changed(changes: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in (GOOD | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": None}, 900144),
        ({"client_id": "11111111-2222-3333-4444-555555555555"}, 700016),
        # The client is judged before the redirect URI, and both before anything else.
        ({"client_id": "nobody", "redirect_uri": "https://evil.example/"}, 700016),
        ({"redirect_uri": "https://evil.example/", "response_type": None}, 50011),
        ({"redirect_uri": CALLBACK + "/"}, 50011),
        ({"redirect_uri": None}, 900971),
        ({"client_id": EMPTY.app_id}, 900971),
    ],
)
def test_shown_on_the_page(changes: dict[str, str | None], code: int) -> None:
    with pytest.raises(EntraError) as caught:
        read_authorization_request(world.TENANT_ID, changed(changes), DIRECTORY)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("changes", "code", "error"),
    [
        ({"response_type": None}, 900144, "invalid_request"),
        ({"response_type": "id_token"}, 700054, "unsupported_response_type"),
        ({"response_type": "code id_token"}, 700054, "unsupported_response_type"),
        ({"response_type": "token"}, 700051, "unsupported_response_type"),
        ({"response_type": "magic"}, 70005, "unsupported_response_type"),
        ({"response_mode": "pigeon"}, 70007, "invalid_request"),
        ({"resource": world.AKS_SERVER_APP_ID}, 901002, "invalid_request"),
        ({"scope": None}, 900144, "invalid_request"),
        ({"scope": " "}, 900144, "invalid_request"),
        ({"scope": "openid groups"}, 650053, "invalid_client"),
        ({"scope": "api://nothing/x"}, 500011, "invalid_resource"),
        ({"code_challenge": "short"}, 50147, "invalid_request"),
        ({"code_challenge": "x" * 44, "code_challenge_method": "S256"}, 50147, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "S512"}, 90023, "invalid_request"),
        ({"code_challenge_method": "S256"}, 900144, "invalid_request"),
        ({"prompt": "create"}, 90023, "invalid_request"),
        ({"prompt": "none login"}, 90023, "invalid_request"),
        ({"max_age": "-1"}, 90023, "invalid_request"),
        ({"claims": "{"}, 9002313, "invalid_request"),
        ({"claims": "[]"}, 9002313, "invalid_request"),
    ],
)
def test_told_to_the_client(changes: dict[str, str | None], code: int, error: str) -> None:
    with pytest.raises(ReturnedError) as caught:
        read_authorization_request(world.TENANT_ID, changed(changes), DIRECTORY)
    assert (caught.value.error.code, caught.value.error.row.error) == (code, error)
    assert (caught.value.address.redirect_uri, caught.value.address.state) == (CALLBACK, "s")


def test_shared_authorities_are_for_multi_tenant_applications() -> None:
    with pytest.raises(EntraError, match="AADSTS50194"):
        read_authorization_request("common", GOOD, DIRECTORY)
    native = GOOD | {"client_id": AKS_CLIENT.app_id, "redirect_uri": "http://localhost:1234"}
    assert read_authorization_request("organizations", native, DIRECTORY).application == AKS_CLIENT


@pytest.mark.parametrize(
    ("challenge", "verifier", "accepted"),
    [
        (
            CodeChallenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256"),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            True,
        ),
        (
            CodeChallenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256"),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK",
            False,
        ),
        (CodeChallenge("a" * 43, "plain"), "a" * 43, True),
        (CodeChallenge("a" * 43, "plain"), "a" * 42 + "b", False),
        (CodeChallenge("a" * 43, "plain"), "ä" * 43, False),
    ],
    ids=["RFC 7636 appendix B", "one letter off", "plain", "plain, wrong", "not ASCII"],
)
def test_pkce(challenge: CodeChallenge, verifier: str, accepted: bool) -> None:
    assert challenge.accepts(verifier) is accepted


def test_a_challenge_without_a_method_is_plain() -> None:
    request = read_authorization_request(world.TENANT_ID, GOOD | {"code_challenge": "p" * 43}, DIRECTORY)
    assert request.challenge == CodeChallenge("p" * 43, "plain")


_VALUES = st.one_of(
    st.text("az09/:.#?@%\\ \x00é", max_size=20),
    st.sampled_from([*GOOD.values(), AKS_CLIENT.app_id, "http://localhost:1/", "none", "plain", CHALLENGE, "{}"]),
)
_NAMES = st.sampled_from(
    [*GOOD, "response_mode", "prompt", "max_age", "claims", "code_challenge", "code_challenge_method", "resource"]
)


@settings(deadline=None)  # the machine may be busy
@given(st.dictionaries(_NAMES, _VALUES), st.booleans())
def test_nobody_is_sent_to_an_unregistered_address(parameters: dict[str, str], from_good: bool) -> None:
    try:
        address = read_authorization_request(
            world.TENANT_ID, GOOD | parameters if from_good else parameters, DIRECTORY
        ).address
    except EntraError:
        return
    except ReturnedError as returned:
        address = returned.address
    assert address.redirect_uri in (CALLBACK, "http://localhost:1/")

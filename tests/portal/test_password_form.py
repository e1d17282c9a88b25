"""Signing in with a name and a password."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import bcrypt
import pytest

from lampgate.config.settings import AllowSettings, PasswordSettings, PortalSettings
from lampgate.identity.passwords import Passwords
from lampgate.policy.problem import Wants
from tests.portal.conversation import ORIGIN, Stage

FILE = f"rita:{bcrypt.hashpw(b'open sesame', bcrypt.gensalt(4)).decode()}\n"
SETTINGS = PasswordSettings(file=Path("/users"))
RIGHT = {"username": "rita", "password": "open sesame", "rd": "/c/main?x=1"}
FORM = {"sec-fetch-site": "same-origin"}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    passwords = Passwords(SETTINGS, FILE, time.time)
    changes = {"passwords": SETTINGS, "portal": PortalSettings(skip_sign_in_page=False)}
    yield await Stage(changes=changes, passwords=passwords).ready()
    passwords.close()


async def test_the_page_has_the_form(stage: Stage) -> None:
    response = await stage.get("/oauth2/sign_in?rd=/c/main%3Fx%3D1")
    assert response.status_code == 200
    assert '<form class="fields" method="post" action="/oauth2/sign_in">' in response.text
    assert 'name="rd" value="/c/main?x=1"' in response.text
    assert "form-action 'self'" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("shown", "passwords"), [(False, PasswordSettings(file=Path("/u"), form=False)), (False, None)]
)
async def test_the_page_without_the_form(passwords: PasswordSettings | None, *, shown: bool) -> None:
    changes = {"passwords": passwords, "portal": PortalSettings(skip_sign_in_page=False)}
    response = await (await Stage(changes=changes).ready()).get("/oauth2/sign_in")
    assert "<form" not in response.text


async def test_the_right_password(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    response = await stage.ask("POST", "/oauth2/sign_in", FORM, RIGHT)
    assert (response.status_code, response.headers["location"]) == (303, "/c/main?x=1")
    session = stage.session
    assert session is not None
    assert session.subject.key == "htpasswd#rita"
    assert session.good_until() == session.expires_at > stage.clock()
    page = await stage.get("/oauth2/")
    assert "Signed in with a password" in page.text
    assert "signed in: subject=htpasswd#rita" in caplog.text
    assert "sesame" not in caplog.text
    # Each sign-in is a new session.
    stage.cookies.clear()
    await stage.ask("POST", "/oauth2/sign_in", FORM, RIGHT)
    assert stage.session is not None
    assert stage.session.id != session.id


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"username": "rita", "password": "wrong"}, 401, "do not belong together"),
        ({"username": "nobody", "password": "open sesame"}, 401, "do not belong together"),
        ({"username": "rita", "password": ""}, 400, "Type your name"),
        ({"username": "", "password": "x"}, 400, "Type your name"),
        ({}, 400, "Type your name"),
    ],
)
async def test_what_is_wrong(
    stage: Stage, fields: dict[str, str], status: int, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = await stage.ask("POST", "/oauth2/sign_in", FORM, fields | {"rd": "/c/main"})
    assert response.status_code == status
    assert sentence in response.text
    assert 'name="rd" value="/c/main"' in response.text
    assert "wrong</" not in response.text
    assert stage.session is None
    assert "sign-in failed: code=password." in caplog.text
    # Somebody may have typed the password where the name belongs.
    assert "nobody" not in caplog.text
    assert "sesame" not in caplog.text


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": ORIGIN},
        {"sec-fetch-site": "same-site", "origin": ORIGIN},
        {"sec-fetch-site": ""},
    ],
)
async def test_no_other_site_signs_anybody_in(stage: Stage, headers: dict[str, str]) -> None:
    response = await stage.ask("POST", "/oauth2/sign_in", headers, RIGHT)
    assert response.status_code == 403
    assert stage.session is None
    assert "open sesame" not in response.text


async def test_a_browser_without_fetch_metadata_is_known_by_its_origin(stage: Stage) -> None:
    from tests.portal import conversation

    bare = dict.fromkeys(conversation.NAVIGATION, "")
    for origin, signs_in in (("https://evil.example", False), (ORIGIN, True)):
        client = stage.client
        response = await client.post("/oauth2/sign_in", headers={"origin": origin}, data=RIGHT)
        assert (response.status_code == 303) is signs_in
        assert bare


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example/", "/\\evil.example", "/oauth2/sign_out"])
async def test_it_leads_nowhere_else(stage: Stage, wanted: str) -> None:
    response = await stage.ask("POST", "/oauth2/sign_in", FORM, RIGHT | {"rd": wanted})
    assert response.headers["location"] == "/"


async def test_a_name_cannot_break_out_of_the_page(stage: Stage) -> None:
    fields = {"username": '"><script>x</script>', "password": "x", "rd": '"><script>'}
    response = await stage.ask("POST", "/oauth2/sign_in", FORM, fields)
    assert "<script" not in response.text


async def test_somebody_whom_a_rule_refuses(stage: Stage) -> None:
    passwords = stage.passwords
    changes = stage.changes | {"allow": AllowSettings(email_domains=("*",), groups=("sre",))}
    other = await Stage(changes=changes, passwords=passwords).ready()
    response = await other.ask("POST", "/oauth2/sign_in", FORM, RIGHT)
    assert response.status_code == 403
    assert "not admitted" in response.text
    assert other.session is None


async def test_a_script_gets_a_problem(stage: Stage) -> None:
    stage.wants = Wants.JSON
    response = await stage.ask("POST", "/oauth2/sign_in", FORM, {"username": "rita", "password": "wrong"})
    assert response.status_code == 401
    assert response.json()["code"] == "password.wrong"


async def test_signing_out_does_not_go_to_the_provider(stage: Stage) -> None:
    changes = stage.changes | {"portal": PortalSettings(provider_sign_out=True)}
    other = await Stage(changes=changes, passwords=stage.passwords).ready()
    await other.ask("POST", "/oauth2/sign_in", FORM, RIGHT)
    response = await other.ask("POST", "/oauth2/sign_out", FORM)
    assert response.headers["location"] == "/oauth2/signed_out"
    assert other.session is None


async def test_without_passwords_there_is_no_such_endpoint() -> None:
    response = await (await Stage().ready()).ask("POST", "/oauth2/sign_in", FORM, RIGHT)
    assert response.status_code == 405

"""People of the password file: no token for the dashboard, the same rules, and an end when the file says so."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from lampgate.config.settings import AllowSettings, HeaderInjection, InjectedValue, PasswordSettings
from lampgate.identity.passwords import Passwords
from lampgate.session.record import Session, Subject
from lampgate.session.store import Absent, Lookup
from tests.gateway.stage import TOKEN, Stage
from tests.gateway.test_open_access import exchange
from tests.gateway.test_websockets import open_websocket

FILE = f"rita:{bcrypt.hashpw(b'open sesame', bcrypt.gensalt(4)).decode()}\n"
INJECT = (
    HeaderInjection(name="Authorization", values=(InjectedValue(claim="access_token", prefix="Bearer "),)),
    HeaderInjection(name="X-Forwarded-User", values=(InjectedValue(claim="user"),)),
)
RIGHT, WRONG = (
    f"Authorization: Basic {base64.b64encode(f'rita:{word}'.encode()).decode()}" for word in ("open sesame", "wrong")
)


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    passwords = Passwords(PasswordSettings(file=Path("/users"), groups=("sre",)), FILE, time.time)
    yield passwords
    passwords.close()


def stage_of(passwords: Passwords, **changes: Any) -> Stage:
    return Stage(passwords=passwords, inject=INJECT, **changes)


async def test_the_password_never_reaches_the_dashboard(passwords: Passwords) -> None:
    async with stage_of(passwords) as stage:
        for _ in range(3):
            status, head = await exchange(stage, "GET /clusters/a HTTP/1.1", RIGHT)
            assert status == 200
            assert b"X-Forwarded-User: rita" in head
            assert not [line for line in head if line.lower().startswith(b"authorization")]
        stage.path.access_log.flush()
        assert b"htpasswd#rita" in stage.log
        assert b"sesame" not in stage.log


async def test_a_wrong_password_is_as_none(passwords: Passwords) -> None:
    async with stage_of(passwords) as stage:
        assert (await exchange(stage, "GET /clusters/a HTTP/1.1", WRONG))[0] == 401
        status, head = await exchange(stage, "GET /clusters/a HTTP/1.1", WRONG, signed_in=True)
        assert status == 200
        assert f"Authorization: Bearer {TOKEN}".encode() in head


async def test_the_header_goes_before_the_cookie(passwords: Passwords) -> None:
    async with stage_of(passwords) as stage:
        _, head = await exchange(stage, "GET /clusters/a HTTP/1.1", RIGHT, signed_in=True)
        assert b"X-Forwarded-User: rita" in head
        assert not [line for line in head if line.lower().startswith(b"authorization")]


@pytest.mark.parametrize(("groups", "status"), [(("sre",), 200), (("other",), 401)])
async def test_rules_about_groups_hold(passwords: Passwords, groups: tuple[str, ...], status: int) -> None:
    allow = AllowSettings(groups=groups, tenants=("4c1b0a52-6f0e-4c57-9d43-6a1f2b7c8d10",))
    async with stage_of(passwords, allow=allow) as stage:
        assert (await exchange(stage, "GET /clusters/a HTTP/1.1", RIGHT))[0] == status


async def test_another_site_cannot_use_it(passwords: Passwords) -> None:
    async with stage_of(passwords) as stage:
        headers = (RIGHT, "Sec-Fetch-Site: cross-site", "Origin: https://evil.example")
        assert (await exchange(stage, "POST /clusters/a HTTP/1.1", *headers, "Content-Length: 0"))[0] == 403
        assert stage.origin_untouched


async def test_sessions_end_when_the_password_changes(passwords: Passwords) -> None:
    async with stage_of(passwords) as stage:
        subject = await passwords.check("rita", "open sesame")
        assert subject is not None
        now = int(time.time())
        session = Session("local", subject, signed_in_at=now, expires_at=now + 3600)
        cookie = f"Cookie: {stage.cookie(session)}"
        assert (await exchange(stage, "GET /clusters/a HTTP/1.1", cookie))[0] == 200
        assert (await exchange(stage, "GET /clusters/a HTTP/1.1", RIGHT))[0] == 200
        client, _origin = await open_websocket(stage, session=session)
        passwords.take(FILE.replace("$2b$", "$2a$"))
        stage.admission.judge_again()
        assert (await client.gets_end())[2:4] == b"\x11\x31"
        assert (await exchange(stage, "GET /clusters/a HTTP/1.1", cookie))[0] == 401
        # The same password, with another line.
        assert (await exchange(stage, "GET /clusters/a HTTP/1.1", RIGHT))[0] == 200
        passwords.take("")
        stage.admission.judge_again()
        assert (await exchange(stage, "GET /clusters/a HTTP/1.1", RIGHT))[0] == 401


@pytest.mark.parametrize("has_passwords", [True, False])
async def test_a_session_that_no_line_stands_for_is_none(passwords: Passwords, *, has_passwords: bool) -> None:
    """Somebody of an earlier configuration, or of another file with the same cookie secret."""
    stage = stage_of(passwords) if has_passwords else Stage(inject=INJECT)
    async with stage:
        now = int(time.time())
        forged = Session("local", Subject("htpasswd", "rita"), signed_in_at=now, expires_at=now + 3600)
        assert (await exchange(stage, "GET /clusters/a HTTP/1.1", f"Cookie: {stage.cookie(forged)}"))[0] == 401
        assert stage.origin_untouched


async def refuses(_token: str) -> Lookup:
    return Absent("bearer-signature")


@pytest.mark.parametrize(("falls_back", "status"), [(True, 200), (False, 401)])
async def test_what_a_bad_token_does_to_a_request_with_a_session(*, falls_back: bool, status: int) -> None:
    async with Stage(bearer=refuses, falls_back=falls_back) as stage:
        header = "Authorization: Bearer eyJiYWQ.eyJh.c2ln"
        assert (await exchange(stage, "GET /clusters/a HTTP/1.1", header, signed_in=True))[0] == status

"""A request may bring a token instead of a session; one that is not good is as none."""

from __future__ import annotations

import time

from msgspec.structs import replace

from lampgate.config.settings import AllowSettings
from lampgate.session.record import Token
from lampgate.session.store import Absent, Found, Lookup, Unknown
from tests.gateway.stage import TOKEN, Stage

GOOD, BAD, UNSURE = "eyJnb29k.eyJh.c2ln", "eyJiYWQ.eyJh.c2ln", "eyJ1bnN1cmU.eyJh.c2ln"


class Judge:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, token: str) -> Lookup:
        self.asked.append(token)
        if token == UNSURE:
            return Unknown("away")
        if token != GOOD:
            return Absent("bearer-signature")
        now = int(time.time())
        session = Stage().session("bearer-1")
        return Found(replace(session, expires_at=now + 60, tokens={"access_token": Token(token, now + 60, now)}))


async def ask(stage: Stage, token: str, *, signed_in: bool = False) -> tuple[int, bytes]:
    """The status, and the token the origin got."""
    client = await stage.client()
    client.sends(stage.request("GET /clusters/a HTTP/1.1", f"Authorization: Bearer {token}", signed_in=signed_in))
    answer = client.gets_head
    if stage._arrived.empty() and not signed_in and token != GOOD:
        return (await answer())[0], b""
    origin = await stage.origin()
    head = await origin.receives_head()
    origin.answers_ok(b"", "Connection: close")
    (line,) = [line for line in head if line.lower().startswith(b"authorization")]
    return (await answer())[0], line


async def test_a_good_token_goes_on_and_is_judged_once() -> None:
    judge = Judge()
    async with Stage(bearer=judge) as stage:
        for _ in range(3):
            assert await ask(stage, GOOD) == (200, f"Authorization: Bearer {GOOD}".encode())
        assert judge.asked == [GOOD]


async def test_a_bad_token_is_as_none() -> None:
    async with Stage(bearer=Judge()) as stage:
        assert await ask(stage, BAD) == (401, b"")
        assert await ask(stage, BAD, signed_in=True) == (200, f"Authorization: Bearer {TOKEN}".encode())


async def test_a_token_that_nobody_can_judge_now_is_told_to_come_back() -> None:
    async with Stage(bearer=Judge()) as stage:
        assert await ask(stage, UNSURE) == (503, b"")


async def test_a_good_token_of_somebody_who_may_not_pass() -> None:
    async with Stage(bearer=Judge(), allow=AllowSettings(email_domains=("*",), groups=("sre",))) as stage:
        client = await stage.client()
        client.sends(stage.request("GET /a HTTP/1.1", f"Authorization: Bearer {GOOD}", signed_in=False))
        assert (await client.gets_head())[0] == 401
        assert stage.origin_untouched


async def test_without_the_setting_no_token_is_looked_at() -> None:
    async with Stage() as stage:
        assert (await ask(stage, BAD))[0] == 401
        assert await ask(stage, GOOD, signed_in=True) == (200, f"Authorization: Bearer {TOKEN}".encode())


async def test_a_cookie_cannot_pass_for_a_token() -> None:
    async with Stage(bearer=Judge()) as stage:
        await ask(stage, GOOD)
        client = await stage.client()
        client.sends(stage.request("GET /clusters/a HTTP/1.1", f"Cookie: {GOOD}", signed_in=False))
        assert (await client.gets_head())[0] == 401

"""Tokens are renewed ahead of their end, once, and nobody notices; and what happens when they cannot be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from msgspec.structs import replace
from pydantic import SecretBytes

from lampgate.config.settings import AllowSettings, CookieSettings, SessionSettings
from lampgate.session.record import Session, Token
from lampgate.session.renewal import Refused, Renewal, Renewed, Unsure
from tests.gateway.stage import PATIENCE, Client, OriginConnection, Stage
from tests.gateway.test_websockets import open_websocket


class Provider:
    """Plays the provider: counts what it is asked, and answers as told."""

    def __init__(self, *answers: Callable[[Session], Renewal]) -> None:
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self._answers = list(answers)

    async def __call__(self, session: Session) -> Renewal:
        self.asked.append(session.refresh_token)
        await self.open.wait()
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0] if self._answers else renewed
        return answer(session)


def renewed(session: Session) -> Renewal:
    generation = session.generation + 1
    now = int(time.time())
    return Renewed(
        replace(
            session,
            tokens={"access_token": Token(f"token-{generation}", now + 3600, now)},
            refresh_token=f"refresh-{generation}",
            generation=generation,
        )
    )


def refused(_session: Session) -> Renewal:
    return Refused("invalid_grant", "The password was changed.")


def unsure(_session: Session) -> Renewal:
    return Unsure("no answer in time")


def throttled(_session: Session) -> Renewal:
    return Unsure("HTTP status 429", retry_after=7.0)


def due() -> Token:
    """Good for a minute, and so within the time in which it is renewed."""
    now = int(time.time())
    return Token("token-0", now + 60, now - 3540)


def stale() -> Token:
    now = int(time.time())
    return Token("token-0", now - 1, now - 3600)


async def ask(stage: Stage, cookie: str, *headers: str, path: str = "/a") -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own; the origin echoes the token it got."""
    client = await stage.client()
    client.sends(
        stage.request(f"GET {path} HTTP/1.1", f"Cookie: {cookie}", "Connection: close", *headers, signed_in=False)
    )
    answer = await client.gets_answer()
    client.closes()
    return answer


async def echo(stage: Stage) -> None:
    """The origin answers every request with the token that came with it."""

    async def serve(origin: OriginConnection) -> None:
        while True:
            head = await origin.reader.readuntil(b"\r\n\r\n")
            token = next(line for line in head.split(b"\r\n") if line.startswith(b"Authorization: "))
            origin.answers_ok(token.removeprefix(b"Authorization: Bearer "))

    serving: set[asyncio.Task[None]] = set()
    try:
        while True:
            serving.add(asyncio.create_task(serve(await stage._arrived.get())))
    finally:
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


class Echoing:
    """A stage whose origin echoes tokens."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def __aenter__(self) -> Stage:
        stage = await self._stage.__aenter__()
        self._task = asyncio.create_task(echo(stage))
        return stage

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._stage.__aexit__()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.001)


def cookie_of(headers: dict[str, str]) -> str:
    return headers["set-cookie"].split(";")[0]


async def test_a_token_is_renewed_ahead_and_no_request_waits_for_it() -> None:
    provider = Provider()
    provider.open.clear()
    async with Echoing(Stage(redeem=provider)) as stage:
        cookie = stage.cookie(stage.session(token=due()))
        answers = [await ask(stage, cookie) for _ in range(5)]
        assert [(status, body) for status, _, body in answers] == [(200, b"token-0")] * 5
        assert all("set-cookie" not in headers for _, headers, _ in answers)
        assert provider.asked == ["refresh-0"]
        provider.open.set()
        live = stage.admission.verified(cookie.encode(), secure=False, now=time.time())
        assert live is not None
        await until(lambda: b"token-1" in live.injected)
        status, headers, body = await ask(stage, cookie)
        assert (status, body) == (200, b"token-1")
        # The browser's new copy is as good, and nobody is asked again.
        assert (await ask(stage, cookie_of(headers)))[2] == b"token-1"
        assert "set-cookie" not in (await ask(stage, cookie_of(headers)))[1]
        assert provider.asked == ["refresh-0"]


async def test_two_hundred_requests_at_the_moment_of_expiry_cost_one_token_request() -> None:
    provider = Provider()
    async with Echoing(Stage(redeem=provider)) as stage:
        cookie = stage.cookie(stage.session(token=stale()))
        answers = await asyncio.gather(*(ask(stage, cookie) for _ in range(200)))
        assert {(status, body) for status, _, body in answers} == {(200, b"token-1")}
        assert provider.asked == ["refresh-0"]


async def test_an_expired_token_is_never_sent() -> None:
    provider = Provider(unsure)
    async with Stage(redeem=provider) as stage:
        cookie = stage.cookie(stage.session(token=stale()))
        status, headers, body = await ask(stage, cookie)
        assert status == 503
        assert int(headers["retry-after"]) >= 1
        assert "set-cookie" not in headers
        assert b"not signed out" in body
        assert stage.origin_untouched


async def test_an_unsure_provider_signs_nobody_out_and_is_not_pressed() -> None:
    provider = Provider(throttled, renewed)
    async with Echoing(Stage(redeem=provider)) as stage:
        going_on = stage.cookie(stage.session("s1", token=due()))
        for _ in range(3):
            assert (await ask(stage, going_on))[2] == b"token-0"
        waiting = stage.cookie(stage.session("s2", token=stale()))
        status, headers, _ = await ask(stage, waiting)
        assert (status, headers["retry-after"]) == (503, "7")
        # It has asked for seven seconds; nobody asks it before, for whatever session.
        assert provider.asked == ["refresh-0"]


async def test_a_refusal_ends_the_session_with_its_reason_and_is_not_asked_for_twice() -> None:
    provider = Provider(refused)
    async with Stage(redeem=provider) as stage:
        cookie = stage.cookie(stage.session(token=stale()))
        for _ in range(3):
            status, headers, body = await ask(
                stage, cookie, "Accept: application/json", path="/clusters/main/version"
            )
            assert status == 401
            assert headers["x-reload"] == "reload"
            assert b"The password was changed." in body
        assert provider.asked == ["refresh-0"]
        assert stage.origin_untouched


async def test_a_claims_challenge_is_taken_along_to_the_next_sign_in() -> None:
    provider = Provider(lambda _session: Refused("interaction_required", "", '{"access_token":{"nbf":1}}'))
    async with Stage(redeem=provider) as stage:
        cookie = stage.cookie(stage.session(token=stale()))
        await ask(stage, cookie, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Accept: text/html")
        assert stage.portal_requests[0]["query_string"] == (
            b"rd=/a&claims=%7B%22access_token%22%3A%7B%22nbf%22%3A1%7D%7D"
        )


async def test_a_client_that_goes_away_does_not_take_the_renewal_with_it() -> None:
    provider = Provider()
    provider.open.clear()
    async with Echoing(Stage(redeem=provider)) as stage:
        cookie = stage.cookie(stage.session(token=stale()))
        leaving = await stage.client()
        leaving.sends(stage.request("GET /a HTTP/1.1", f"Cookie: {cookie}", signed_in=False))
        await until(lambda: bool(provider.asked))
        staying = asyncio.create_task(ask(stage, cookie))
        leaving.closes()
        await until(lambda: len(stage.path.connections) == 1)
        provider.open.set()
        assert (await staying)[2] == b"token-1"
        assert provider.asked == ["refresh-0"]


async def test_another_replicas_renewal_is_taken_over_without_asking() -> None:
    provider = Provider()
    async with Echoing(Stage(redeem=provider)) as stage:
        session = stage.session(token=due())
        newer = renewed(session)
        assert isinstance(newer, Renewed)
        older_cookie, newer_cookie = stage.cookie(session), stage.cookie(newer.session)
        assert (await ask(stage, newer_cookie))[2] == b"token-1"
        # A tab that still sends the old cookie goes on with the new token, and gets the new cookie.
        status, headers, body = await ask(stage, older_cookie)
        assert (status, body) == (200, b"token-1")
        assert "set-cookie" in headers
        assert provider.asked == []


async def test_a_cookie_without_room_for_the_token_costs_one_redemption() -> None:
    provider = Provider()
    async with Echoing(Stage(redeem=provider)) as stage:
        bare = replace(stage.session(token=due()), tokens={})
        cookie = stage.cookie(bare)
        answers = await asyncio.gather(*(ask(stage, cookie) for _ in range(20)))
        assert {body for _, _, body in answers} == {b"token-1"}
        assert provider.asked == ["refresh-0"]


async def test_a_session_that_is_signed_out_meanwhile_stays_signed_out() -> None:
    provider = Provider()
    provider.open.clear()
    async with Stage(redeem=provider) as stage:
        session = stage.session(token=stale())
        cookie = stage.cookie(session)
        answer = asyncio.create_task(ask(stage, cookie))
        await until(lambda: bool(provider.asked))
        stage.revocations.revoke(session)
        provider.open.set()
        assert (await answer)[0] == 401
        assert (await ask(stage, cookie))[0] == 401
        assert stage.origin_untouched


async def test_somebody_no_longer_allowed_is_out_at_the_next_renewal() -> None:
    def without_group(session: Session) -> Renewal:
        outcome = renewed(session)
        assert isinstance(outcome, Renewed)
        return Renewed(replace(outcome.session, subject=replace(session.subject, groups=())))

    rules = AllowSettings(email_domains=("*",), groups=("sre",))
    async with Stage(redeem=Provider(without_group), allow=rules) as stage:
        session = stage.session(token=stale())
        session = replace(session, subject=replace(session.subject, groups=("sre",)))
        assert (await ask(stage, stage.cookie(session)))[0] == 401
        assert stage.origin_untouched


async def test_a_websocket_lives_through_a_renewal_that_it_causes_itself() -> None:
    provider = Provider()
    async with Stage(redeem=provider) as stage:
        client, origin = await open_renewable(stage, due())
        stage.server._tick()
        await until(lambda: b"token-1" in next(iter(stage.path.tunnels)).session.injected)
        origin.answers(b"\x81\x02hi")
        assert await client.gets(4) == b"\x81\x02hi"
        assert provider.asked == ["refresh-0"]


async def test_a_websocket_closes_when_the_provider_refuses() -> None:
    async with Stage(redeem=Provider(refused)) as stage:
        client, _origin = await open_renewable(stage, due())
        stage.server._tick()
        assert (await client.gets_end())[:4] == b"\x88\x17\x11\x31"


async def test_a_websocket_stays_open_while_nobody_can_tell() -> None:
    provider = Provider(unsure)
    async with Stage(redeem=provider) as stage:
        client, origin = await open_renewable(stage, due())
        stage.server._tick()
        await until(lambda: next(iter(stage.path.tunnels)).session.failures == 1)
        stage.server._tick()
        origin.answers(b"\x81\x02hi")
        assert await client.gets(4) == b"\x81\x02hi"


async def open_renewable(stage: Stage, token: Token) -> tuple[Client, OriginConnection]:
    """An open WebSocket whose session was found with a good token that is then about to expire."""
    client, origin = await open_websocket(stage)
    tunnel = next(iter(stage.path.tunnels))
    session = stage.session(token=token)
    stage.admission._take_over(tunnel.session, type(tunnel.session.found)(session))
    return client, origin


def idle_settings(timeout: float) -> SessionSettings:
    return SessionSettings(
        cookie=CookieSettings(name="lampgate", secret=SecretBytes(b"k" * 32)), idle_timeout=timeout
    )


async def test_polls_do_not_keep_an_idle_session_going() -> None:
    async with Echoing(Stage(redeem=Provider(), session=idle_settings(600))) as stage:
        session = replace(stage.session(), signed_in_at=int(time.time()) - 599, active_at=int(time.time()) - 598)
        cookie = stage.cookie(session)
        status, headers, _ = await ask(stage, cookie, path="/clusters/main/healthz")
        assert status == 200
        assert "set-cookie" not in headers
        await until(lambda: stage.admission.verified(cookie.encode(), secure=False, now=time.time()) is None)
        status, _, body = await ask(stage, cookie, path="/clusters/main/healthz")
        assert status == 401
        assert b"nobody used the dashboard" in body


async def test_what_a_person_does_keeps_the_session_going_and_is_written_down() -> None:
    async with Echoing(Stage(redeem=Provider(), session=idle_settings(600))) as stage:
        session = replace(stage.session(), active_at=int(time.time()) - 500)
        cookie = stage.cookie(session)
        status, headers, _ = await ask(stage, cookie, path="/clusters/main/api/v1/namespaces")
        assert status == 200
        found = stage.stores[False].load(dict([cookie_of(headers).split("=", 1)]), time.time())
        assert found.session.active_at >= int(time.time()) - 1  # type: ignore[union-attr]

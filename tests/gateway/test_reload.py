"""Settings that are read again: what changes from the next request on, and what survives."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

from pydantic import SecretBytes

from lampgate.config.changes import reloadable
from lampgate.config.settings import (
    AllowSettings,
    CookieSettings,
    HeaderInjection,
    InjectedValue,
    LimitSettings,
    ListenAddress,
    LogSettings,
    SessionSettings,
    Settings,
    UpstreamSettings,
)
from lampgate.gateway.upstream_connection import UpstreamConnection
from lampgate.observe.access_log import AccessLog
from lampgate.portal.problems import render
from lampgate.session.store import Absent
from tests.gateway.stage import Client, OriginConnection, Stage, settings


def reload(stage: Stage, **changes: object) -> None:
    """What a worker does with settings that were read again. The stage never waits for long when it stops."""
    read = stage.settings.model_copy(update=changes)
    stage.path.reload(
        read.model_copy(update={"limits": read.limits.model_copy(update={"drain_timeout": 0.05})}),
        portal=stage.path.portal,
        render=render,
        access_log=AccessLog(stage.log.extend, asyncio.get_running_loop().call_later),
    )


def added(name: str, claim: str = "user") -> HeaderInjection:
    return HeaderInjection.model_validate({"name": name, "values": ({"claim": claim},)})


async def exchange(stage: Stage, client: Client, origin: OriginConnection | None = None) -> OriginConnection:
    """One request and its answer, over this connection to the origin or a new one."""
    client.sends(stage.request())
    origin = origin or await stage.origin()
    await origin.receives_head()
    origin.answers_ok()
    assert (await client.gets_answer())[0] == 200
    return origin


async def test_the_next_request_on_an_open_connection_uses_the_new_settings() -> None:
    async with Stage() as stage:
        client = await stage.client()
        origin = await exchange(stage, client)
        reload(stage, inject=(*stage.settings.inject, added("X-Added")))
        client.sends(stage.request("GET / HTTP/1.1", "X-Added: forged"))
        lines = await origin.receives_head()
        assert [line for line in lines if line.startswith(b"X-Added")] == [b"X-Added: sub"]
        origin.answers_ok()
        assert (await client.gets_answer())[0] == 200


async def test_a_request_in_flight_keeps_its_upstream_and_the_next_one_has_the_new() -> None:
    async with Stage() as stage, Stage() as other:
        client, idle = await stage.client(), await stage.client()
        client.sends(stage.request())
        origin = await stage.origin()
        await origin.receives_head()
        await exchange(stage, idle)
        reload(stage, upstreams=(UpstreamSettings(id="main", url=f"http://127.0.0.1:{other.origin_port}"),))
        origin.answers_ok(b"old")
        assert (await client.gets_answer())[2] == b"old"
        assert await origin.receives_end() == b"", "a connection to the old address is not used again"
        client.sends(stage.request())
        new = await other.origin()
        await new.receives_head()
        new.answers_ok(b"new")
        assert (await client.gets_answer())[2] == b"new"
        assert stage.path.pool.idle_count == 1


class Waiting:
    """Asks the pool for a connection, as an exchange does."""

    def __init__(self) -> None:
        self.connection: asyncio.Future[UpstreamConnection] = asyncio.get_running_loop().create_future()

    def connected(self, connection: UpstreamConnection) -> None:
        self.connection.set_result(connection)

    def unreachable(self, cause: str) -> None:
        raise AssertionError(cause)


async def test_a_connection_that_is_being_made_to_a_changed_upstream_is_not_kept() -> None:
    async with Stage() as stage:
        pool, waiting = stage.path.pool, Waiting()
        pool.dial(stage.settings.upstreams[0], waiting)
        changed = stage.settings.upstreams[0].model_copy(update={"response_timeout": 7.0})
        reload(stage, upstreams=(changed,))
        pool.release(await waiting.connection)
        assert await (await stage.origin()).receives_end() == b""
        assert pool.idle_count == 0


async def test_connections_to_an_unchanged_upstream_are_used_again() -> None:
    async with Stage() as stage:
        client = await stage.client()
        origin = await exchange(stage, client)
        again = stage.settings.upstreams[0].model_copy()
        reload(stage, upstreams=(again, UpstreamSettings(id="more", path="/more/", url="http://127.0.0.1:9")))
        await exchange(stage, client, origin)


async def websocket(stage: Stage) -> tuple[Client, OriginConnection]:
    client = await stage.client()
    key = base64.b64encode(b"k" * 16).decode()
    client.sends(
        stage.request(
            "GET /wsMultiplexer HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}", f"Origin: http://localhost:{stage.port}",
        )
    )  # fmt: skip
    origin = await stage.origin()
    await origin.receives_head()
    origin.answers(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    assert (await client.gets_head())[0] == 101
    return client, origin


async def test_open_websockets_survive() -> None:
    async with Stage() as stage:
        client, origin = await websocket(stage)
        reload(stage, upstreams=(UpstreamSettings(id="main", url="http://127.0.0.1:9"),))
        origin.answers(b"\x82\x02hi")
        assert await client.gets(4) == b"\x82\x02hi"


async def test_whoever_may_no_longer_pass_is_stopped_everywhere() -> None:
    async with Stage() as stage:
        live, _ = await websocket(stage)
        client = await stage.client()
        origin = await exchange(stage, client)
        reload(stage, allow=AllowSettings(email_domains=("other.example",)))
        client.sends(stage.request())
        assert (await client.gets_answer())[0] == 401
        assert (await live.gets_end())[2:4] == (4401).to_bytes(2, "big")
        reload(stage, allow=AllowSettings(email_domains=("*",)))
        await exchange(stage, client, origin)


async def test_what_the_provider_has_ended_stays_ended() -> None:
    async with Stage() as stage:
        client = await stage.client()
        cookie = stage.cookie()
        client.sends(stage.request().replace(stage.cookie().encode(), cookie.encode()))
        await (await stage.origin()).receives_head()
        (live,) = stage.admission._live[False].all()
        live.ended, live.good_until = Absent("refused"), 0.0
        reload(stage)
        assert live.ended == Absent("refused")
        assert live.good_until == 0.0


async def test_limits_logs_and_paths_change() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request("GET /old/start HTTP/1.1"))
        await (await stage.origin()).receives_head()
        second = await stage.client()
        portal = stage.settings.portal.model_copy(update={"prefix": "/old"})
        reload(stage, portal=portal, limits=LimitSettings(head_bytes=1024))
        second.sends(stage.request("GET /old/start HTTP/1.1", signed_in=False))
        assert (await second.gets_answer())[2] == b"portal:/old/start"
        second.sends(stage.request("GET / HTTP/1.1", f"X-Long: {'x' * 1024}", signed_in=False))
        assert (await second.gets_answer())[0] == 431


def test_what_cannot_change_is_kept_and_named() -> None:
    current = settings(1)
    read = settings(
        2,
        listen=(ListenAddress(port=1),),
        workers=2,
        session=SessionSettings(cookie=CookieSettings(name="other"), lifetime=60.0),
        log=LogSettings(access=False),
    )
    kept, named = reloadable(current, read)
    assert named == ("listen", "workers", "session.cookie")
    assert (kept.listen, kept.workers, kept.session.cookie) == (current.listen, 1, current.session.cookie)
    assert kept.session.lifetime == 60.0
    assert kept.log == LogSettings(access=False)
    assert kept.upstreams == read.upstreams
    assert reloadable(current, settings(1)) == (current, ())
    assert isinstance(kept, Settings)


def test_secrets_that_were_rotated_in_their_file_are_nothing_to_warn_of() -> None:
    def with_secret(secret: bytes) -> Settings:
        return settings(
            1, session=SessionSettings(cookie=CookieSettings(secret=SecretBytes(secret), secret_file=Path("/s")))
        )

    current = with_secret(b"a" * 32)
    assert reloadable(current, with_secret(b"b" * 32)) == (current, ())


async def test_an_injected_header_that_is_taken_away_is_gone() -> None:
    async with Stage() as stage:
        client = await stage.client()
        origin = await exchange(stage, client)
        reload(stage, inject=(HeaderInjection(name="X-Token", values=(InjectedValue(claim="access_token"),)),))
        client.sends(stage.request())
        lines = await origin.receives_head()
        assert not [line for line in lines if line.lower().startswith(b"authorization")]
        origin.answers_ok()
        await client.gets_answer()

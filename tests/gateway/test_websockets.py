"""WebSockets: joined after the upstream agrees, passed on byte by byte, ended with their session (invariant 10)."""

from __future__ import annotations

import asyncio
import contextlib

from lampgate.gateway.limits import Limits
from lampgate.session.record import Session
from tests.gateway.stage import TOKEN, Client, OriginConnection, Stage
from tests.gateway.test_gate import WEBSOCKET

ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n"
)


async def open_websocket(
    stage: Stage, *headers: str, session_id: str = "s1", lifetime: float = 3600, session: Session | None = None
) -> tuple[Client, OriginConnection]:
    client = await stage.client()
    cookie = f"Cookie: {stage.cookie(session or stage.session(session_id, lifetime=lifetime))}"
    client.sends(stage.request("GET /clusters/main/api HTTP/1.1", *WEBSOCKET, *headers, cookie, signed_in=False))
    origin = await stage.origin()
    await origin.receives_head()
    origin.answers(ACCEPTED + b"\r\n")
    assert (await client.gets_head())[0] == 101
    return client, origin


async def test_handshake() -> None:
    async with Stage() as stage:
        client = await stage.client()
        origin_header = f"Origin: http://localhost:{stage.port}"
        protocols = "Sec-WebSocket-Protocol: base64.binary.k8s.io, v4.channel.k8s.io"
        client.sends(stage.request("GET /a?watch=1 HTTP/1.1", *WEBSOCKET, origin_header, protocols))
        origin = await stage.origin()
        head = await origin.receives_head()
        assert f"Authorization: Bearer {TOKEN}".encode() in head
        assert protocols.encode() in head
        assert origin_header.encode() in head
        assert b"Connection: Upgrade" in head
        assert b"Upgrade: websocket" in head
        origin.answers(ACCEPTED + b"Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n\x81\x02hi")
        status, headers = await client.gets_head()
        assert (status, headers["sec-websocket-protocol"], headers["upgrade"]) == (
            101,
            "v4.channel.k8s.io",
            "websocket",
        )
        assert "content-length" not in headers
        assert await client.gets(4) == b"\x81\x02hi"


async def test_bytes_pass_both_ways() -> None:
    async with Stage() as stage:
        client, origin = await open_websocket(stage)
        client.sends(b"\x82\x84\x00\x00\x00\x00abcd")
        assert await origin.receives(10) == b"\x82\x84\x00\x00\x00\x00abcd"
        origin.answers(b"\x82\x7e\xff\xff" + b"x" * 65535)
        assert len(await client.gets(65539)) == 65539
        client.closes()
        assert await origin.receives_end() == b""


async def test_a_refusal_is_relayed() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request("GET / HTTP/1.1", *WEBSOCKET))
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        assert await client.gets_answer() == (403, {"content-length": "2"}, b"no")


async def test_a_token_of_its_own_is_refused() -> None:
    async with Stage() as stage:
        client = await stage.client()
        protocol = "Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.dG9rZW4, base64.binary.k8s.io"
        client.sends(stage.request("GET / HTTP/1.1", *WEBSOCKET, protocol))
        assert (await client.gets_answer())[0] == 400
        assert stage.origin_untouched


async def test_signing_out_closes_the_sockets_of_that_session_only() -> None:
    async with Stage() as stage:
        ended, ended_origin = await open_websocket(stage, session_id="one")
        other, other_origin = await open_websocket(stage, session_id="two")
        stage.revocations.revoke(stage.session("one"))
        assert await ended.gets_end() == b"\x88\x0c\x11\x31signed out"
        closing = await ended_origin.receives_end()
        assert closing[:2] == b"\x88\x8c", "a masked close frame towards the upstream"
        other.sends(b"\x89\x80\x00\x00\x00\x00")
        assert await other_origin.receives(6) == b"\x89\x80\x00\x00\x00\x00"


async def test_the_end_of_the_session_closes_the_socket() -> None:
    async with Stage() as stage:
        client, _ = await open_websocket(stage, lifetime=1)
        assert (await client.gets_end())[:4] == b"\x88\x17\x11\x31"


async def test_a_close_frame_waits_for_the_frame_under_way() -> None:
    async with Stage() as stage:
        client, origin = await open_websocket(stage)
        origin.answers(b"\x82\x0c" + b"x" * 10)
        await client.gets(12)
        stage.revocations.revoke(stage.session())
        origin.answers(b"yz\x82\x01a")
        assert await client.gets_end() == b"yz\x88\x0c\x11\x31signed out"


async def test_a_frame_that_never_ends_is_not_waited_for() -> None:
    async with Stage(limits=Limits(websocket_end_timeout=0.0)) as stage:
        client, origin = await open_websocket(stage)
        origin.answers(b"\x82\x7d" + b"x" * 10)
        await client.gets(12)
        stage.revocations.revoke(stage.session())
        assert await client.gets_end() == b""


class TestPings:
    async def test_a_silent_socket_is_pinged(self) -> None:
        async with Stage(limits=Limits(ping_interval=0.0)) as stage:
            client, _ = await open_websocket(stage)
            assert await client.gets(2) == b"\x89\x00"

    async def test_a_ping_waits_for_the_frame_under_way(self) -> None:
        async with Stage(limits=Limits(ping_interval=0.0)) as stage:
            client, origin = await open_websocket(stage)
            origin.answers(b"\x82\x03a")
            seen = await client.gets(3)
            while not seen.endswith(b"\x82\x03a"):
                seen += await client.gets(1)
            (tunnel,) = stage.path.tunnels
            tunnel.ping()
            origin.answers(b"bc\x81\x01d")
            assert await client.gets(7) == b"bc\x89\x00\x81\x01d"


async def test_a_slow_browser_holds_the_upstream_back() -> None:
    async with Stage() as stage:
        client, origin = await open_websocket(stage)
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        origin.writer.transport.set_write_buffer_limits(high=2**16)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 64 * 2**20:
                origin.writer.write(b"\x82\x7e\xff\xff" + b"x" * 65535)
                sent += 65539
                await asyncio.wait_for(origin.writer.drain(), 0.5)
        assert sent < 32 * 2**20


async def test_stopping_closes_sockets_with_a_reason() -> None:
    async with Stage() as stage:
        client, _ = await open_websocket(stage)
        stopping = asyncio.create_task(stage.server.stop())
        assert (await client.gets_end())[2:4] == (1012).to_bytes(2, "big")
        await stopping

"""A proxy in front says whose connection it is: who may say so, and what follows from it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import trustme

from lampgate.config.settings import ListenAddress, Listener, UnixSocket
from lampgate.gateway.limits import Limits
from lampgate.gateway.listeners import open_listeners
from tests.gateway.stage import PATIENCE, Client, Stage
from tests.gateway.test_tls import write

V1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"
V2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([192, 0, 2, 7, 198, 51, 100, 1, 0xDC, 0x04, 0x01, 0xBB])
LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"

LISTED = ListenAddress(port=0, proxy_protocol_from=(ip_network("127.0.0.0/8"),))
UNLISTED = ListenAddress(port=0, proxy_protocol_from=(ip_network("192.0.2.0/24"), "unix"))


class Served:
    def __init__(self, stage: Stage, address: tuple[str, int] | str) -> None:
        self.stage = stage
        self.address = address

    async def client(self) -> Client:
        opening = (
            asyncio.open_unix_connection(self.address)
            if isinstance(self.address, str)
            else asyncio.open_connection(*self.address)
        )
        reader, writer = await asyncio.wait_for(opening, PATIENCE)
        self.stage._clients.append(writer)
        return Client(reader, writer)

    def request(self, line: str = "GET / HTTP/1.1") -> bytes:
        return f"{line}\r\nHost: dash.example\r\nCookie: {self.stage.cookie(secure=True)}\r\n\r\n".encode("latin-1")

    def logged(self) -> list[dict[str, Any]]:
        self.stage.path.access_log.flush()
        return [json.loads(line) for line in self.stage.log.splitlines()]


@asynccontextmanager
async def serving(listener: Listener, *, limits: Limits | None = None, **changes: Any) -> AsyncIterator[Served]:
    opened = open_listeners([listener], {})
    async with Stage(limits=limits, **changes) as stage:
        await stage.server.start(opened)
        address = str(listener.path) if isinstance(listener, UnixSocket) else opened[0].socket.getsockname()
        yield Served(stage, address)
    for each in opened:
        each.close()


@pytest.mark.parametrize(("header", "client_address"), [(V1, "192.0.2.7"), (V2, "192.0.2.7"), (LOCAL, "127.0.0.1")])
async def test_the_told_address_counts(header: bytes, client_address: str) -> None:
    async with serving(LISTED) as served:
        client = await served.client()
        client.sends(header + served.request())
        origin = await served.stage.origin()
        assert f"X-Forwarded-For: {client_address}".encode() in await origin.receives_head()
        origin.answers_ok()
        await client.gets_answer()
        assert served.logged()[0]["client"] == client_address
        # The header stands at the connection's beginning only.
        client.sends(served.request())
        await origin.receives_head()
        origin.answers_ok()
        assert (await client.gets_answer())[0] == 200


async def test_a_header_byte_by_byte() -> None:
    async with serving(LISTED) as served:
        client = await served.client()
        client.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in V2 + b"GET /ping HTTP/1.1\r\nHost: x.example\r\n\r\n":
            client.sends(bytes([byte]))
            await served.stage.pause()
        assert (await client.gets_answer())[0] == 200
        assert served.stage.portal_requests[0]["client"] == ("192.0.2.7", 0)


async def test_a_header_in_front_of_a_handshake(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = trusting(authority)
    async with serving(LISTED.model_copy(update={"tls": write(authority, tmp_path)})) as served:
        assert not isinstance(served.address, str)
        for header in (V1, V2):
            with socket.create_connection(served.address) as plain:
                # Header and hello in one write: not a byte of the handshake may be lost.
                got = await asyncio.to_thread(_ask_over_tls, plain, context, header)
            assert got.startswith(b"HTTP/1.1 200 ")
        assert {request["client"] for request in served.stage.portal_requests} == {("192.0.2.7", 0)}
        assert {request["scheme"] for request in served.stage.portal_requests} == {"https"}


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def _ask_over_tls(plain: socket.socket, context: ssl.SSLContext, header: bytes) -> bytes:
    plain.settimeout(PATIENCE)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    spoken = context.wrap_bio(incoming, outgoing, server_hostname="dash.example")
    first = header

    def until_done(step: Any) -> Any:
        nonlocal first
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                plain.sendall(first + outgoing.read())
                first = b""
                data = plain.recv(65536)
                if not data:
                    raise ConnectionResetError from None
                incoming.write(data)
            else:
                plain.sendall(outgoing.read())
                return result

    until_done(spoken.do_handshake)
    until_done(lambda: spoken.write(b"GET /ping HTTP/1.1\r\nHost: dash.example\r\n\r\n"))
    return bytes(until_done(lambda: spoken.read(65536)))


async def test_a_local_socket_whose_peers_tell(tmp_path: Path) -> None:
    async with serving(UnixSocket(path=tmp_path / "socket", proxy_protocol_from=("unix",))) as served:
        client = await served.client()
        client.sends(V1 + served.request("GET /ping HTTP/1.1"))
        assert (await client.gets_answer())[0] == 200
        assert served.stage.portal_requests[0]["client"] == ("192.0.2.7", 0)


async def test_a_peer_that_is_not_listed_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(UNLISTED) as served:
        for data in (V1 + b"GET /ping HTTP/1.1\r\nHost: x.example\r\n\r\n", b"GET /ping HTTP/1.1\r\n\r\n"):
            client = await served.client()
            client.sends(data)
            assert await client.is_cut_off() == b""
        assert not served.stage.portal_requests
        assert served.stage.origin_untouched
    assert caplog.text.count("without the right to send a PROXY header") == 1, "said once, however many come"


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: dash.example\r\n\r\n",
        b"PROXY TCP4 192.0.2.7 nowhere 1 2\r\n",
        b"PROXY " + b"x" * 5000,
        V2[:14] + struct.pack(">H", 11) + V2[16:],
        V2[:14] + struct.pack(">H", 65535) + bytes(9000),
        V2[:12] + b"\x22" + V2[13:],
    ],
    ids=["none", "malformed", "oversized-line", "bad-length", "oversized", "bad-command"],
)
async def test_what_is_no_header_is_refused(data: bytes) -> None:
    async with serving(LISTED) as served:
        client = await served.client()
        client.sends(data + served.request())
        assert await client.is_cut_off() == b""
        assert served.stage.origin_untouched
        assert not served.stage.path.connections


async def test_a_second_header_is_no_request() -> None:
    async with serving(LISTED) as served:
        client = await served.client()
        client.sends(V1 + V1.replace(b"192.0.2.7", b"127.0.0.1") + served.request())
        status, _, _ = await client.gets_answer()
        assert status == 400
        assert served.stage.origin_untouched


async def test_a_header_that_does_not_come_ends_with_its_time() -> None:
    async with serving(LISTED, limits=Limits(head_timeout=0.2)) as served:
        silent, half, gone = await served.client(), await served.client(), await served.client()
        half.sends(V2[:20])
        gone.sends(V1[:9])
        gone.closes()
        assert await silent.is_cut_off() == b""
        assert await half.is_cut_off() == b""
        assert not served.stage.path.connections


async def test_a_probe_that_only_connects_is_nothing_to_talk_of(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(LISTED) as served:
        probe, half = await served.client(), await served.client()
        probe.closes()
        half.sends(V2[:20])
        half.writer.write_eof()
        assert await half.is_cut_off() == b""
    (said,) = [record.message for record in caplog.records if "refused" in record.message]
    assert said.endswith("(from 127.0.0.1): It ended within the PROXY header")


async def test_limits_are_of_the_told_client() -> None:
    async with serving(LISTED, limits=Limits(connections_per_client=1)) as served:
        ping = b"GET /ping HTTP/1.1\r\nHost: x.example\r\n\r\n"
        first, second, other = [await served.client() for _ in range(3)]
        first.sends(V1 + ping)
        assert (await first.gets_answer())[0] == 200
        other.sends(V1.replace(b"192.0.2.7", b"192.0.2.8") + ping)
        assert (await other.gets_answer())[0] == 200, "the proxy itself is no client"
        second.sends(V1 + ping)
        with contextlib.suppress(ConnectionResetError):
            assert b" 503 " in await second.gets_end()


async def test_forwarded_headers_count_by_the_told_address() -> None:
    trusted = (ip_network("127.0.0.0/8"),)
    async with serving(LISTED, trusted_proxies=trusted) as served:
        client = await served.client()
        client.sends(
            V1 + b"GET /ping HTTP/1.1\r\nHost: dash.example\r\nX-Forwarded-Host: evil.example\r\n"
            b"X-Forwarded-Proto: https\r\n\r\n"
        )
        await client.gets_answer()
        assert served.stage.portal_requests[0]["lampgate.visit"].origin == "https://dash.example"

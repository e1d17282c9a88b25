"""Origins that stall, reset, trickle, lie and talk nonsense; clients that vanish; too many of everything.

After each the gateway serves, and nothing is left of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import h11
import pytest

from lampgate.gateway.limits import Limits
from tests.gateway.leaks import nothing_is_left, settled, still_serves
from tests.gateway.stage import Client, OriginConnection, Stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage(upstream={"response_timeout": 0.3}, limits=Limits(half_closed_timeout=0.2)) as stage:
        await still_serves(stage)
        yield stage


def resets(connection: Client | OriginConnection) -> None:
    """End a connection with RST instead of FIN."""
    raw = connection.writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.writer.transport.abort()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
Misdeed = Callable[[OriginConnection], None]


def says(data: bytes, *, then: Misdeed | None = None) -> Misdeed:
    def misbehave(origin: OriginConnection) -> None:
        origin.answers(data)
        if then is not None:
            then(origin)

    return misbehave


def closes(origin: OriginConnection) -> None:
    origin.closes()


#: What the origin does, and the status that the client gets; 0: its connection breaks, since the answer had begun.
ORIGINS: dict[str, tuple[Misdeed, int]] = {
    "closes at once": (closes, 502),
    "resets at once": (resets, 502),
    "stalls before the head": (says(b""), 504),
    "stalls in the head": (says(b"HTTP/1.1 200 OK\r\nConte"), 504),
    "closes in the head": (says(b"HTTP/1.1 200 OK\r\nConte", then=closes), 502),
    "closes in the body": (says(HEAD + b"half", then=closes), 0),
    "resets in the body": (says(HEAD + b"half", then=resets), 0),
    "closes in a chunk": (says(CHUNKED + b"a\r\nhalf", then=closes), 0),
    "closes between chunks": (says(CHUNKED + b"4\r\nhalf\r\n", then=closes), 0),
    "bad chunk": (says(CHUNKED + b"4\r\nhalf\r\nxyz\r\n"), 0),
    "says more than it told": (says(HEAD + b"0123456789and more"), 502),
    "two answers": (says(HEAD + b"0123456789" + HEAD + b"0123456789"), 502),
    "garbage": (says(b"\x00\x01\x02\x03" * 100), 502),
    "another protocol": (says(b"SSH-2.0-OpenSSH_9.6\r\n"), 502),
    "a version of its own": (says(b"HTTP/3.0 200 OK\r\n\r\n"), 502),
    "two lengths": (says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), 502),
    "a length and chunks": (
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 502
    ),
    "a negative length": (says(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), 502),
    "a head without end": (says(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 400_000), 502),
    "a status without a number": (says(b"HTTP/1.1 OK\r\n\r\n"), 502),
    "a switch that nobody asked for": (says(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), 502),
    "interim answers and no end": (says(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3, then=closes), 502),
}  # fmt: skip


async def final_status(client: Client) -> int:
    """The status of an answer that is complete; 0 for one that is broken off."""
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    parser.send(h11.EndOfMessage())
    status = 0
    while True:
        event = parser.next_event()
        if isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.EndOfMessage):
            return status
        elif event is h11.NEED_DATA:
            try:
                parser.receive_data(await asyncio.wait_for(client.reader.read(65536), 5))
            except ConnectionResetError:
                return 0


@pytest.mark.parametrize(("misbehave", "expected"), ORIGINS.values(), ids=ORIGINS)
async def test_an_origin_that(stage: Stage, misbehave: Misdeed, expected: int) -> None:
    async with nothing_is_left(stage):
        client = await stage.client()
        client.sends(stage.request("POST /x HTTP/1.1", "Content-Length: 2", body=b"ab"))
        origin = await stage.origin()
        await origin.receives_head()
        misbehave(origin)
        try:
            status = await final_status(client)
        except h11.RemoteProtocolError:
            status = 0
        assert status == expected
        client.closes()
        await still_serves(stage)


async def test_an_origin_that_trickles_is_waited_for(stage: Stage) -> None:
    async with nothing_is_left(stage):
        client = await stage.client()
        client.sends(stage.request())
        origin = await stage.origin()
        await origin.receives_head()
        for byte in HEAD + b"0123456789":
            origin.answers(bytes((byte,)))
            await stage.pause()
        assert (await client.gets_answer())[2] == b"0123456789"
        client.closes()


@pytest.mark.parametrize("ending", ["closes", "resets"])
@pytest.mark.parametrize("where", ["head", "body", "waiting", "answer", "websocket"])
async def test_a_client_that_vanishes(stage: Stage, where: str, ending: str) -> None:
    async with nothing_is_left(stage):
        client = await stage.client()
        request = stage.request("POST /x HTTP/1.1", "Content-Length: 100", body=b"some")
        websocket = (
            "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            f"Origin: http://localhost:{stage.port}",
        )  # fmt: skip
        match where:
            case "head":
                client.sends(request[:30])
            case "body":
                client.sends(request)
            case "waiting" | "answer":
                client.sends(stage.request())
            case _:
                client.sends(stage.request("GET /ws HTTP/1.1", *websocket))
        origin = None
        if where != "head":
            origin = await stage.origin()
            await origin.receives_head()
        if where == "answer":
            assert origin is not None
            origin.answers(CHUNKED + b"4\r\nhalf\r\n")
            await client.gets_head()
        if where == "websocket":
            assert origin is not None
            origin.answers(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
            )
            await client.gets_head()
        await stage.pause()
        client.closes() if ending == "closes" else resets(client)
        if origin is not None:
            # Whoever worked for it is told.
            with contextlib.suppress(ConnectionResetError):
                await origin.receives_end()
        await still_serves(stage)


async def test_two_thousand_connections_opened_and_dropped(stage: Stage) -> None:
    async def open_and_drop(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
        del reader
        if number % 3:
            writer.write(stage.request("GET /oauth2/none HTTP/1.1", signed_in=False)[: 10 * (number % 7)])
        if number % 2:
            await writer.drain()
        writer.transport.abort()

    async with nothing_is_left(stage):
        for begin in range(0, 2000, 100):
            await asyncio.gather(*(open_and_drop(number) for number in range(begin, begin + 100)))
        await still_serves(stage)


async def test_a_stream_into_a_slow_reader_is_held_back(stage: Stage) -> None:
    await settled(stage)
    size = 64 * 1024 * 1024
    client = await stage.client()
    client.pauses_reading()
    client.sends(stage.request())
    origin = await stage.origin()
    await origin.receives_head()
    origin.answers(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    before = resident()
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < size:
            origin.answers(b"x" * 65536)
            sent += 65536
            await asyncio.wait_for(origin.writer.drain(), 0.3)
    assert sent < size / 4, "the origin was never held back"
    # This process holds the test's own buffers as well.
    assert resident() - before < 8 * 1024 * 1024
    client.resumes_reading()
    await client.gets_head()
    feeding = asyncio.create_task(feed(origin, size - sent))
    got = 0
    while got < size:
        got += len(await asyncio.wait_for(client.reader.read(2**20), 5))
    await feeding
    assert got == size


async def feed(origin: OriginConnection, rest: int) -> None:
    while rest:
        piece = min(rest, 65536)
        origin.answers(b"x" * piece)
        await origin.writer.drain()
        rest -= piece


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


GATEWAY = """
lampgate: 1
public_url: http://localhost
provider: {issuer_url: http://127.0.0.1:9, client_id: c, client_authentication: {kind: public}}
allow: {email_domains: ["*"]}
upstreams: [{id: main, url: http://127.0.0.1:9}]
"""


def test_out_of_file_descriptors(tmp_path: Path) -> None:
    """A process that may open 64 of them: others wait in the kernel's queue, and get their turn."""
    file = tmp_path / "lampgate.yaml"
    file.write_text(GATEWAY)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "lampgate", "serve", str(file), "--listen", f"127.0.0.1:{port}"],
            stdout=output, stderr=output,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
        )  # fmt: skip
    try:
        assert answers(port, within=20)
        clients = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(100)]
        time.sleep(0.5)
        assert process.poll() is None
        for client in clients:
            client.close()
        assert answers(port, within=10), log.read_text()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0, log.read_text()
        assert "Traceback" not in log.read_text()
        assert len(log.read_text()) < 50_000, "it complains in measure"
    finally:
        process.kill()
        process.wait()


def answers(port: int, *, within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 2) as connection:
            connection.sendall(b"GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            if connection.recv(100).startswith(b"HTTP/1.1 200"):
                return True
        time.sleep(0.05)
    return False

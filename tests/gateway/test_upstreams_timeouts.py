"""How long an upstream may take: to be reached, to begin its answer, and between two bytes of it."""

from __future__ import annotations

import asyncio
import socket

import pytest

from lampgate.config.settings import UpstreamSettings
from tests.gateway.stage import Stage

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def sweep(stage: Stage, seconds: float) -> None:
    """As if that much time had passed."""
    for connection in tuple(stage.path.connections):
        connection.sweep(asyncio.get_running_loop().time() + seconds)


async def test_nobody_accepts() -> None:
    # A queue of one place that is taken: further connections are neither accepted nor refused.
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for taking in (first, second):
            taking.setblocking(False)
            with pytest.raises(BlockingIOError):
                taking.connect(listener.getsockname())
        upstream = UpstreamSettings(
            id="main", url=f"http://127.0.0.1:{listener.getsockname()[1]}", connect_timeout=0.05
        )
        async with Stage(upstreams=(upstream,)) as stage:
            client = await stage.client()
            client.sends(stage.request("GET / HTTP/1.1", "Accept: application/json"))
            status, _, body = await client.gets_answer()
            assert status == 502
            assert b"No connection within 0.05 s" in body


async def test_the_answer_does_not_begin() -> None:
    async with Stage(upstream={"response_timeout": 5.0, "stream_idle_timeout": 1.0}) as stage:
        client = await stage.client()
        client.sends(stage.request())
        await (await stage.origin()).receives_head()
        sweep(stage, 4.5)
        assert stage.path.connections
        sweep(stage, 5.5)
        assert (await client.gets_answer())[0] == 504


@pytest.mark.parametrize("begun", [HEAD, HEAD + b"abc", CHUNKED, CHUNKED + b"3\r\nabc\r\n", CHUNKED + b"3\r\na"])
async def test_silence_in_the_middle(begun: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with Stage(upstream={"stream_idle_timeout": 5.0}) as stage:
        client = await stage.client()
        client.sends(stage.request())
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers(begun)
        await client.gets_head()
        sweep(stage, 4.5)
        assert not caplog.records
        sweep(stage, 5.5)
        await client.is_cut_off()
        assert await origin.receives_end() == b""
        assert "sent nothing for 5 s" in caplog.text


async def test_every_byte_counts() -> None:
    async with Stage(upstream={"stream_idle_timeout": 5.0}) as stage:
        client = await stage.client()
        client.sends(stage.request())
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers(HEAD)
        await client.gets_head()
        (connection,) = stage.path.connections
        deadline = connection.exchange.deadline  # type: ignore[attr-defined]
        for _ in range(100):
            origin.answers(b"x")
            assert await client.gets(1) == b"x"
        assert connection.exchange is None  # type: ignore[attr-defined]
        sweep(stage, 6.0)
        client.sends(stage.request())
        await origin.receives_head()
        origin.answers(HEAD)
        await client.gets_head()
        assert connection.exchange.deadline > deadline  # type: ignore[attr-defined]


async def test_without_that_timeout_silence_is_fine() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request())
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers(HEAD)
        await client.gets_head()
        sweep(stage, 86400.0)
        origin.answers(b"x" * 100)
        assert await client.gets(100) == b"x" * 100


async def test_a_slow_client_is_not_the_upstreams_fault() -> None:
    size = 50_000_000
    async with Stage(upstream={"stream_idle_timeout": 5.0}) as stage:
        client = await stage.client()
        client.sends(stage.request())
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
        await client.gets_head()
        (connection,) = stage.path.connections
        # The client stops reading; in the end the upstream is not read from either, and no time runs.
        while connection.exchange.deadline:  # type: ignore[attr-defined]
            await stage.pause()
        sweep(stage, 86400.0)
        left = size
        while left:
            left -= len(await client.reader.read(2**20))

"""WebSockets through the gateway are those without it: an independent implementation (`websockets`) on both sides.

Each conversation is held twice, directly and through the gateway; what both sides have seen has to be equal.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import CloseCode
from websockets.typing import Origin, Subprotocol

from lampgate.config.settings import UpstreamSettings
from tests.gateway.stage import Stage

PROTOCOLS = [Subprotocol("v5.channel.k8s.io"), Subprotocol("v4.channel.k8s.io"), Subprotocol("base64.binary.k8s.io")]
LARGE = 20 * 1024 * 1024


@dataclass
class Seen:
    """What came of a conversation, on both sides."""

    client: list[object] = field(default_factory=list)
    server: list[object] = field(default_factory=list)


Client = Callable[[ClientConnection, Seen], Awaitable[None]]
Server = Callable[[ServerConnection, Seen], Awaitable[None]]


@asynccontextmanager
async def server(handler: Server, seen: Seen, **options: Any) -> AsyncIterator[int]:
    async def handle(connection: ServerConnection) -> None:
        seen.server.append(connection.subprotocol)
        await handler(connection, seen)

    def choose(_connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        return next((protocol for protocol in PROTOCOLS if protocol in offered), None)

    async with serve(handle, "127.0.0.1", 0, max_size=LARGE, select_subprotocol=choose, **options) as running:
        yield running.sockets[0].getsockname()[1]


async def direct(client: Client, handler: Server, **options: Any) -> Seen:
    seen = Seen()
    async with (
        server(handler, seen, **options.pop("server", {})) as port,
        connect(f"ws://localhost:{port}/ws", max_size=LARGE, proxy=None, **options) as connection,
    ):
        seen.client.append(connection.subprotocol)
        await client(connection, seen)
    return seen


async def through(client: Client, handler: Server, **options: Any) -> Seen:
    seen = Seen()
    async with (
        server(handler, seen, **options.pop("server", {})) as port,
        Stage(upstreams=(UpstreamSettings(id="main", url=f"http://127.0.0.1:{port}"),)) as stage,
        connect(
            f"ws://localhost:{stage.port}/ws",
            max_size=LARGE,
            proxy=None,
            origin=Origin(f"http://localhost:{stage.port}"),
            additional_headers={"Cookie": stage.cookie()},
            **options,
        ) as connection,
    ):
        seen.client.append(connection.subprotocol)
        await client(connection, seen)
    return seen


async def equal(client: Client, handler: Server, **options: Any) -> Seen:
    one, other = await direct(client, handler, **dict(options)), await through(client, handler, **dict(options))
    assert one == other
    return other


async def echo(connection: ServerConnection, seen: Seen) -> None:
    async for message in connection:
        seen.server.append(message)
        await connection.send(message)
    seen.server.append((connection.close_code, connection.close_reason))


@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 1024 * 1024, 16 * 1024 * 1024])
async def test_messages_of_every_size(size: int, compression: str | None) -> None:
    messages: list[str | bytes] = ["x" * size, os.urandom(size), "ü" * (size // 2)]

    async def client(connection: ClientConnection, seen: Seen) -> None:
        for message in messages:
            await connection.send(message)
            seen.client.append(await connection.recv())

    seen = await equal(client, echo, compression=compression)
    assert seen.client[1:] == messages


@pytest.mark.parametrize("pieces", [["a"], ["a", "b"], ["", "b", ""], [b"a", b"", b"c" * 70_000], ["x" * 200] * 50])
async def test_fragments_stay_fragments(pieces: Sequence[str] | Sequence[bytes]) -> None:
    async def client(connection: ClientConnection, seen: Seen) -> None:
        await connection.send(pieces)
        seen.client.extend([fragment async for fragment in connection.recv_streaming()])

    async def mirror(connection: ServerConnection, seen: Seen) -> None:
        fragments = [fragment async for fragment in connection.recv_streaming()]
        seen.server.extend(fragments)
        await connection.send(fragments)

    seen = await equal(client, mirror, compression=None)
    # The library ends a fragmented message with an empty fragment.
    assert seen.server[1:] == [*pieces, pieces[0][:0]]


@pytest.mark.parametrize("payload", [b"", b"a", b"p" * 125])
async def test_pings_and_pongs_pass_both_ways(payload: bytes) -> None:
    async def client(connection: ClientConnection, seen: Seen) -> None:
        seen.client.append((await connection.ping(payload)) is not None)
        await connection.pong(b"unasked")
        seen.client.append(await connection.recv())

    async def handler(connection: ServerConnection, seen: Seen) -> None:
        waiter = await connection.ping(payload + b"!"[: 125 - len(payload)])
        await waiter
        await connection.send("answered")

    await equal(client, handler)


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1008, 1009, 1011, 1012, 3000, 4000, 4999])
@pytest.mark.parametrize("closes", ["client", "server"])
async def test_close_codes_and_reasons(code: int, closes: str) -> None:
    reason = "because é" if code != 1000 else ""

    async def client(connection: ClientConnection, seen: Seen) -> None:
        if closes == "client":
            await connection.close(code, reason)
        else:
            with pytest.raises(ConnectionClosed):
                await connection.recv()
        seen.client.append((connection.close_code, connection.close_reason))

    async def handler(connection: ServerConnection, seen: Seen) -> None:
        if closes == "server":
            await connection.close(code, reason)
        else:
            await connection.wait_closed()
        seen.server.append((connection.close_code, connection.close_reason))

    seen = await equal(client, handler)
    assert seen.client[-1] == seen.server[-1] == (CloseCode(code) if code < 3000 else code, reason)


@pytest.mark.parametrize(
    "offered", [[], PROTOCOLS[:1], PROTOCOLS, PROTOCOLS[::-1], [Subprotocol("unknown"), PROTOCOLS[1]]]
)
async def test_the_server_chooses_the_sub_protocol(offered: list[Subprotocol]) -> None:
    async def client(connection: ClientConnection, seen: Seen) -> None:
        await connection.send("hi")
        seen.client.append(await connection.recv())

    await equal(client, echo, subprotocols=offered or None)


async def test_both_directions_at_once() -> None:
    """As exec does it: what is typed and what is printed do not wait for each other."""
    count = 500

    async def client(connection: ClientConnection, seen: Seen) -> None:
        async def typing() -> None:
            for number in range(count):
                await connection.send(b"\x00%d" % number)

        task = asyncio.create_task(typing())
        for _ in range(count):
            seen.client.append(await connection.recv())
        await task

    async def handler(connection: ServerConnection, seen: Seen) -> None:
        async def printing() -> None:
            for number in range(count):
                await connection.send(b"\x01%d" % number * 100)

        task = asyncio.create_task(printing())
        for _ in range(count):
            seen.server.append(await connection.recv())
        await task

    seen = await equal(client, handler, compression=None)
    assert len(seen.client) == len(seen.server) == count + 1


async def test_a_slow_reader_gets_everything() -> None:
    async def client(connection: ClientConnection, seen: Seen) -> None:
        for _ in range(64):
            await asyncio.sleep(0.001)
            seen.client.append(len(await connection.recv()))

    async def handler(connection: ServerConnection, seen: Seen) -> None:
        for _ in range(64):
            await connection.send(b"x" * 256 * 1024)
        seen.server.append("sent")

    seen = await equal(client, handler, compression=None)
    assert seen.client[1:] == [256 * 1024] * 64


async def test_the_origin_may_refuse() -> None:
    async def refuse(connection: ServerConnection, _request: object) -> Any:
        return connection.respond(403, "not here\n")

    async def nothing(_connection: object, _seen: Seen) -> None:
        """Nobody gets so far."""

    answers = []
    for way in (direct, through):
        with pytest.raises(InvalidStatus) as raised:
            await way(nothing, nothing, server={"process_request": refuse})
        answers.append((raised.value.response.status_code, raised.value.response.body))
    assert answers[0] == answers[1] == (403, b"not here\n")

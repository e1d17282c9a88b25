"""Stopping in order: WebSockets go on for a while, and then know that they are to connect anew."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.gateway.stage import Client, OriginConnection, Stage

_HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: a2tra2tra2tra2tra2traw==",
)
_ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
_RESTART = (1012).to_bytes(2, "big")


async def asks_for_websocket(stage: Stage) -> tuple[Client, OriginConnection]:
    client = await stage.client()
    client.sends(stage.request("GET /ws HTTP/1.1", *_HANDSHAKE))
    origin = await stage.origin()
    await origin.receives_head()
    return client, origin


async def websocket(stage: Stage) -> tuple[Client, OriginConnection]:
    client, origin = await asks_for_websocket(stage)
    origin.answers(_ACCEPTED)
    assert (await client.gets_head())[0] == 101
    return client, origin


def stopping(stage: Stage, *, grace: float, drain: float = 5.0) -> asyncio.Task[None]:
    stage.path.limits = replace(stage.path.limits, drain_timeout=drain)
    return asyncio.create_task(stage.server.stop(websocket_grace=grace))


async def test_websockets_go_on_for_their_grace() -> None:
    async with Stage() as stage:
        client, origin = await websocket(stage)
        stop = stopping(stage, grace=0.2)
        while not stage.path.draining:
            await stage.pause()
        client.sends(b"\x82\x82\x00\x00\x00\x00hi")
        assert await origin.receives(8) == b"\x82\x82\x00\x00\x00\x00hi", "bytes still pass"
        origin.answers(b"\x82\x02ho")
        assert await client.gets(4) == b"\x82\x02ho"
        assert (await client.gets_end())[2:4] == _RESTART
        await stop
        assert stage.metrics.websockets_ended["restart"] == 1


async def test_without_websockets_nobody_waits_for_their_grace() -> None:
    async with Stage() as stage:
        async with asyncio.timeout(3.0):
            await stopping(stage, grace=60.0, drain=60.0)


async def test_the_grace_leaves_time_to_end() -> None:
    async with Stage() as stage:
        client, _ = await websocket(stage)
        stop = stopping(stage, grace=60.0, drain=stage.path.limits.websocket_end_timeout + 0.1)
        assert (await client.gets_end())[2:4] == _RESTART, "not cut off, though the grace is longer than the drain"
        await stop


async def test_a_websocket_that_opens_after_the_others_ended_ends_too() -> None:
    async with Stage() as stage:
        early, _ = await websocket(stage)
        late, origin = await asks_for_websocket(stage)
        stop = stopping(stage, grace=0.0)
        assert (await early.gets_end())[2:4] == _RESTART
        origin.answers(_ACCEPTED)
        assert (await late.gets_head())[0] == 101
        assert (await late.gets_end())[2:4] == _RESTART
        await stop

"""Stopping: what is in flight is finished, what is idle is closed, nothing new is begun."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.gateway.stage import Stage


async def test_a_request_in_flight_is_finished() -> None:
    async with Stage() as stage:
        stage.path.limits = replace(stage.path.limits, drain_timeout=5.0)
        idle = await stage.client()
        idle.sends(stage.request("GET /ping HTTP/1.1", signed_in=False))
        await idle.gets_answer()
        busy = await stage.client()
        busy.sends(stage.request() + stage.request("GET /second HTTP/1.1"))
        origin = await stage.origin()
        await origin.receives_head()
        stopping = asyncio.create_task(stage.server.stop())
        assert await idle.gets_end() == b""
        with pytest.raises(ConnectionRefusedError):
            await stage.client()
        origin.answers_ok(b"finished")
        status, headers, body = await busy.gets_answer()
        assert (status, headers["connection"], body) == (200, "close", b"finished")
        assert await busy.gets_end() == b"", "the pipelined second request is not begun"
        await stopping


async def test_what_never_ends_is_cut_off() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request())
        await (await stage.origin()).receives_head()
        await stage.server.stop()
        assert await client.is_cut_off() == b""
        assert not stage.path.connections

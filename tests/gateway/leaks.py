"""Nothing is left: what a gateway holds before something goes wrong is what it holds afterwards."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.gateway.stage import Stage

#: Bytes of Python objects that may stay: caches that fill once, counters of metrics.
_MAY_STAY = 300_000


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def settled(stage: Stage) -> None:
    """Wait until nothing of any client or request is left."""
    path = stage.path
    for writer in stage._clients:
        writer.close()
    stage._clients.clear()
    async with asyncio.timeout(10):
        while path.connections or path.pool._dialling or path.portal_tasks or path.tunnels:
            await stage.pause()
    assert not path._connections_of
    assert not path._tunnels_of
    # What is at rest in the pool is meant to stay; here it goes, so that it can be counted.
    for idle in path.pool._idle.values():
        while idle:
            idle.pop().transport.close()
    async with asyncio.timeout(10):
        while path.pool._home:
            await stage.pause()
    for origin in stage._origins:
        origin.writer.close()
    stage._origins.clear()
    for _ in range(5):
        await stage.pause()


@asynccontextmanager
async def nothing_is_left(stage: Stage) -> AsyncIterator[None]:
    """What happens inside leaves no connection, task, file descriptor or memory behind."""
    await settled(stage)
    gc.collect()
    files, tasks = open_files(), len(asyncio.all_tasks())
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    try:
        yield
        await settled(stage)
        stage.log.clear()
        stage.portal_requests.clear()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    async with asyncio.timeout(5):
        while open_files() > files or len(asyncio.all_tasks()) > tasks:
            await stage.pause()
    assert grown < _MAY_STAY, f"{grown:,} bytes have stayed"


async def still_serves(stage: Stage) -> None:
    """An ordinary request is answered."""
    client = await stage.client()
    client.sends(stage.request("GET /still HTTP/1.1", "Connection: close"))
    while True:
        origin = await stage.origin()
        try:
            head = await origin.receives_head()
        except (asyncio.IncompleteReadError, ConnectionResetError):
            # Dialled for somebody who has gone meanwhile.
            continue
        break
    assert head[0] == b"GET /still HTTP/1.1"
    origin.answers_ok(b"yes")
    assert (await client.gets_answer())[2] == b"yes"
    client.closes()

"""One origin of the lab: a uvicorn server in this process, started and stopped with the lab."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

#: What uvicorn says at error level though nothing is wrong: a refused upgrade, and connections cut at the end.
_HARMLESS = ("ASGI callable returned without completing handshake", "Cancel %s running task(s)")


def _worth_saying(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(_HARMLESS)


class _Server(uvicorn.Server):
    """A uvicorn server that leaves the signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See `uvicorn.Server.capture_signals`."""
        yield


async def serve(
    stack: AsyncExitStack, app: ASGIApp, listener: socket.socket, *, certificate: Path | None = None
) -> None:
    """Run an ASGI application until the stack unwinds; returns once it accepts connections."""
    logging.getLogger("uvicorn.error").addFilter(_worth_saying)
    server = _Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
            ssl_keyfile=certificate,
            ssl_certfile=certificate,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))

    async def stop() -> None:
        server.should_exit = True
        await asyncio.wait([task])

    stack.push_async_callback(stop)
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.01)

"""Watches and logs over WebSocket: accepting the upgrade, sending, and noticing that the client has gone.

Follows k8s.io/apiserver ``watch.go`` (JSON text, whatever single sub-protocol was offered is echoed) and
k8s.io/apimachinery ``httpstream/wsstream`` (logs: the first known sub-protocol, base64 text or binary).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import msgspec
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from lampgate.lab.kubernetes.logs import SUBPROTOCOLS, frames
from lampgate.lab.kubernetes.status import Object


async def watch(socket: WebSocket, events: AsyncIterator[Object]) -> None:
    """Send each event as one text message.

    golang.org/x/net/websocket, which serves watches in the real API, insists on an ``Origin`` it can parse.
    """
    origin = urlsplit(socket.headers.get("origin", ""))
    if not origin.scheme or not origin.netloc:
        await socket.send_denial_response(PlainTextResponse("null origin", 403))
        return
    offered = _offered(socket)
    if len(offered) > 1:
        # x/net/websocket takes one or none here; the dashboards offer exactly one for a watch.
        await socket.send_denial_response(PlainTextResponse("bad protocol", 400))
        return
    await socket.accept(subprotocol=offered[0] if offered else None)
    await _send_all(socket, _texts(events))


async def log(socket: WebSocket, chunks: AsyncIterator[bytes]) -> None:
    """Send the log in pieces."""
    offered = _offered(socket)
    chosen = next((protocol for protocol in offered or [""] if protocol in SUBPROTOCOLS), None)
    if chosen is None:
        message = f"requested protocol(s) are not supported: {offered}; supports {sorted(SUBPROTOCOLS)}"
        await socket.send_denial_response(PlainTextResponse(message, 403))
        return
    await socket.accept(subprotocol=chosen or None)
    await _send_all(socket, frames(chunks, base64_text=SUBPROTOCOLS[chosen]))


def _offered(socket: WebSocket) -> list[str]:
    return [protocol for protocol in socket.scope.get("subprotocols", []) if protocol]


async def _texts(events: AsyncIterator[Object]) -> AsyncIterator[str]:
    async for event in events:
        yield msgspec.json.encode(event).decode()


async def _send_all(socket: WebSocket, messages: AsyncIterator[str | bytes]) -> None:
    """Send until there is no more, then close; or until the client leaves."""
    sending = asyncio.create_task(_send_each(socket, messages))
    leaving = asyncio.create_task(_left(socket))
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, leaving):
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)
    if sending.done() and not sending.cancelled():
        error = sending.exception()
        if error is not None and not isinstance(error, WebSocketDisconnect):
            raise error


async def _send_each(socket: WebSocket, messages: AsyncIterator[str | bytes]) -> None:
    async for message in messages:
        if isinstance(message, str):
            await socket.send_text(message)
        else:
            await socket.send_bytes(message)
    await socket.close()


async def _left(socket: WebSocket) -> None:
    """Wait for the client to leave. What it says in the meantime is ignored, as the API server does."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass

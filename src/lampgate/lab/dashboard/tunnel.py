"""Joins a browser's WebSocket to one at the Kubernetes API (RFC 6455): watches, logs, exec.

The API is dialled first. Only when it has agreed is the browser's handshake accepted, with the sub-protocol the API
chose; where it refuses, the browser gets the API's own status and body. Messages pass unchanged and of any size, a
slow reader slows the other side down, and whoever closes closes both.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from lampgate.lab.dashboard.api_server import ApiServer, user_agent
from lampgate.lab.dashboard.proxy import unreachable

#: Seconds for the API to answer the handshake, and to answer a close.
_OPEN_TIMEOUT = 30.0
_CLOSE_TIMEOUT = 2.0

#: Close codes that only report how a connection ended and must not be sent (RFC 6455 section 7.4.1).
_NO_CODE, _BROKEN = 1005, 1006


class _Dial(connect):
    """A handshake that follows no redirect: the caller's token goes to the API and nowhere else."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class ApiTunnel:
    """An ASGI endpoint for WebSockets under ``/clusters/<c>/{api_path}``."""

    def __init__(self, api: ApiServer, cluster: str) -> None:
        self._api = api
        self._cluster = cluster

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Join the two sides until one of them ends."""
        browser = WebSocket(scope, receive, send)
        try:
            upstream = await self._dial(browser)
        except InvalidStatus as refusal:
            await browser.send_denial_response(_refusal(refusal))
            return
        except (InvalidHandshake, OSError, TimeoutError) as error:
            await browser.send_denial_response(unreachable(self._api, error))
            return
        try:
            await browser.accept(upstream.subprotocol)
            await _relay(browser, upstream)
        finally:
            await upstream.close()

    async def _dial(self, browser: WebSocket) -> ClientConnection:
        # `Origin` is among these headers: the API's watch endpoint answers 403 without a well-formed one.
        headers = self._api.request_headers(browser, self._cluster)
        offered = [Subprotocol(name) for name in browser.scope["subprotocols"]]
        tls: dict[str, Any] = {} if self._api.tls is None else {"ssl": self._api.tls}
        return await _Dial(
            self._api.websocket_origin + self._api.target(browser).decode("ascii"),
            subprotocols=offered or None,
            compression=None,
            additional_headers=[
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in headers
                if not name.startswith(b"sec-websocket-")
            ],
            user_agent_header=user_agent()[1].decode(),
            proxy=None,
            open_timeout=_OPEN_TIMEOUT,
            close_timeout=_CLOSE_TIMEOUT,
            # No pings: while the browser reads slowly we do not read either, and would miss the answers.
            ping_interval=None,
            max_size=None,
            # Frames waiting here for a slow browser; beyond them the API is made to wait.
            max_queue=4,
            **tls,
        )


def _refusal(refusal: InvalidStatus) -> Response:
    answer = refusal.response
    return Response(
        bytes(answer.body or b""),
        status_code=answer.status_code,
        media_type=answer.headers.get("Content-Type", "text/plain"),
    )


async def _relay(browser: WebSocket, upstream: ClientConnection) -> None:
    ways = {
        asyncio.create_task(_from_browser(browser, upstream)),
        asyncio.create_task(_from_api(upstream, browser)),
    }
    try:
        ended, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ended:
            way.result()
    except WebSocketDisconnect:
        return
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _from_browser(browser: WebSocket, upstream: ClientConnection) -> None:
    while True:
        message = await browser.receive()
        if message["type"] == "websocket.disconnect":
            code = message.get("code") or _NO_CODE
            await upstream.close(_sendable(code, broken=1001), message.get("reason") or "")
            return
        text = message.get("text")
        try:
            await upstream.send(text if text is not None else message["bytes"])
        except ConnectionClosed:
            return


async def _from_api(upstream: ClientConnection, browser: WebSocket) -> None:
    while True:
        try:
            message = await upstream.recv()
        except ConnectionClosed as end:
            code, reason = (end.rcvd.code, end.rcvd.reason) if end.rcvd else (_BROKEN, "The Kubernetes API went away")
            await browser.close(_sendable(code, broken=1011), reason)
            return
        if isinstance(message, str):
            await browser.send_text(message)
        else:
            await browser.send_bytes(message)


def _sendable(code: int, broken: int) -> int:
    """The close code to pass on: an end without a code is a normal end, a broken connection becomes ``broken``."""
    return {_NO_CODE: 1000, _BROKEN: broken}.get(code, code)

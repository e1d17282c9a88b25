"""Stands where the gateway stands: puts a person's token on every request and WebSocket to the dashboard."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send


class SignedIn:
    """Middleware; ``token`` may be changed between requests, and empty means that nobody is signed in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.token = ""
        #: Added to the answers below ``/clusters/`` while it is set, as a gateway does when a session has ended.
        self.asks_to_reload = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        given = [(b"authorization", f"Bearer {self.token}".encode())] if self.token else []
        headers = [pair for pair in scope["headers"] if pair[0] != b"authorization"] + given

        async def answer(message: MutableMapping[str, Any]) -> None:
            if (
                self.asks_to_reload
                and message["type"] == "http.response.start"
                and scope["path"].startswith("/clusters/")
            ):
                message = {**message, "headers": [*message["headers"], (b"x-reload", b"reload")]}
            await send(message)

        await self._app({**scope, "headers": headers}, receive, answer)

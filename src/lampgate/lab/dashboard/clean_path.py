"""Sends a request for an unclean path to the clean one, as the router inside Headlamp does.

It judges the decoded path: ``//``, ``.`` and ``..`` are cleaned also where they were written as ``%2e%2e``. A gateway
that decides on raw bytes would decide on another path than the one that is served.
"""

from __future__ import annotations

import posixpath
from urllib.parse import quote

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


def cleaned(path: str) -> str:
    """The shortest path with the same meaning; a final slash stays."""
    clean = posixpath.normpath("/" + path.lstrip("/"))
    return clean + "/" if path.endswith("/") and clean != "/" else clean


class CleanPathRedirect:
    """Middleware that answers 301 wherever the path changes by cleaning."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect, or pass the request on."""
        if scope["type"] in {"http", "websocket"} and (clean := cleaned(scope["path"])) != scope["path"]:
            query = "?" + scope["query_string"].decode("latin-1") if scope["query_string"] else ""
            response = Response(status_code=301, headers={"location": quote(clean) + query})
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

"""Passes plain HTTP requests to the Kubernetes API and its answers back, piece by piece as they come.

Bodies are never held whole, in either direction, and never decoded. Streams (HTTP watches, followed logs) may be
silent for as long as they like: only connecting has a time limit.
"""

from __future__ import annotations

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from lampgate.lab.dashboard.api_server import HOP_BY_HOP, ApiServer, Header, connection_named, user_agent

#: Seconds.
_TIMEOUT = httpx.Timeout(None, connect=10.0)

#: The server this application runs under writes its own.
_WRITTEN_BY_THE_SERVER = frozenset({b"date", b"server"})


class ApiProxy:
    """An ASGI endpoint for ``/clusters/<c>/{api_path}``."""

    def __init__(self, api: ApiServer, cluster: str) -> None:
        self._api = api
        self._cluster = cluster
        # The transport without a client around it: no cookie jar shared between people, no redirects followed, no
        # proxy taken from the environment, no headers added.
        self._transport = httpx.AsyncHTTPTransport(
            verify=api.tls if api.tls is not None else True,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=60.0),
        )

    async def close(self) -> None:
        """Close the connections to the API."""
        await self._transport.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. When the caller goes away, so does the request to the API."""
        request = Request(scope, receive)
        try:
            answer = await self._transport.handle_async_request(self._outgoing(request))
        except httpx.TransportError as error:
            await unreachable(self._api, error)(scope, receive, send)
            return
        try:
            response = StreamingResponse(answer.aiter_raw(), status_code=answer.status_code)
            response.raw_headers = _end_to_end(answer.headers.raw)
            await response(scope, receive, send)
        finally:
            await answer.aclose()

    def _outgoing(self, request: Request) -> httpx.Request:
        has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
        return httpx.Request(
            request.method,
            self._api.origin,
            headers=[*self._api.request_headers(request, self._cluster), user_agent()],
            content=request.stream() if has_body else None,
            extensions={"target": self._api.target(request), "timeout": _TIMEOUT.as_dict()},
        )


def _end_to_end(headers: list[Header]) -> list[Header]:
    lowered = [(name.lower(), value) for name, value in headers]
    dropped = HOP_BY_HOP | _WRITTEN_BY_THE_SERVER | connection_named(lowered)
    return [(name, value) for name, value in lowered if name not in dropped]


def unreachable(api: ApiServer, error: Exception) -> Response:
    """502 as a Kubernetes ``Status``, which the page shows as it shows the API's own refusals."""
    cause = str(error) or type(error).__name__
    return JSONResponse(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": f"The Kubernetes API at {api.host} does not answer: {cause}",
            "reason": "ServiceUnavailable",
            "code": 502,
        },
        status_code=502,
    )

"""The API front as an ASGI application: admits each request, then hands it to whoever answers it.

Admission is the API server's chain: authentication (401) -> impersonation -> request info -> authorization (403). The
same for HTTP and WebSocket, and for a path that does not exist: only those allowed to ask learn that. Anonymous are
only the two documents of the service account issuer.
"""

from __future__ import annotations

import gzip
import logging
import uuid
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from lampgate.lab.kubernetes import (
    discovery,
    impersonation,
    logs,
    negotiation,
    openapi,
    request_info,
    resources,
    reviews,
    status,
    websocket,
    writes,
)
from lampgate.lab.kubernetes.authorization import Attributes, forbidden
from lampgate.lab.kubernetes.front import Call, Front
from lampgate.lab.kubernetes.kinds import CREATE_ONLY, Kind
from lampgate.lab.kubernetes.status import Object, StatusError

__all__ = ["Front", "create_app"]

_log = logging.getLogger(__name__)

_NO_STORE: Final = "no-cache, private"


def create_app(front: Front) -> Starlette:
    """The application. Runs under any ASGI server that speaks HTTP and WebSocket."""

    async def configuration(_: Request) -> Response:
        return JSONResponse(front.service_accounts.configuration(), headers={"Cache-Control": "public, max-age=3600"})

    async def keys(_: Request) -> Response:
        return JSONResponse(
            front.service_accounts.jwks(),
            headers={"Cache-Control": "public, max-age=3600"},
            media_type="application/jwk-set+json",
        )

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", configuration, methods=["GET"]),
            Route("/openid/v1/jwks", keys, methods=["GET"]),
            Mount("/", _Api(front)),
        ]
    )


class _Api:
    """Everything that needs a user."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._converse(WebSocket(scope, receive, send))
        else:
            response = await self._respond(Request(scope, receive))
            await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            response = await _answer(await self._admit(request, request.method), request)
        except StatusError as error:
            response = _refusal(error)
        except Exception:
            _log.exception("a request could not be answered")
            response = _refusal(status.internal_error())
        response.headers["Audit-Id"] = str(uuid.uuid4())
        response.headers.setdefault("Cache-Control", _NO_STORE)
        return response

    async def _converse(self, socket: WebSocket) -> None:
        """A watch or a log over WebSocket. Whatever is refused is refused as an HTTP answer, before the upgrade."""
        try:
            call = await self._admit(socket, "GET")
            if call.info.verb == "watch":
                conversation = websocket.watch(socket, resources.watch(call, _kind(call)))
            elif (call.info.resource, call.info.subresource) == ("pods", "log"):
                conversation = websocket.log(socket, logs.read(call))
            else:
                # An upgrade the handler does not look at is answered like the plain request it also is.
                response = await _answer(call, Request({**socket.scope, "type": "http", "method": "GET"}))
                await socket.send_denial_response(response)
                return
        except StatusError as error:
            await socket.send_denial_response(_refusal(error))
            return
        await conversation

    async def _admit(self, connection: HTTPConnection, method: str) -> Call:
        """The chain that every request passes.

        :raises StatusError: 401, 403.
        """
        front, headers = self._front, connection.headers
        caller = await front.authenticator.authenticate(headers.get("authorization"))
        user = impersonation.acting_user(caller, headers, front.authorizer)
        query_string = connection.scope["query_string"].decode("latin-1")
        query = dict(reversed(parse_qsl(query_string, keep_blank_values=True)))
        info = request_info.parse(method, connection.scope["path"], query)
        question = Attributes.of(user, info)
        decision = front.authorizer.authorize(question)
        if not decision.allowed:
            raise forbidden(question, decision.reason)
        return Call(front, user, info, query, headers)


async def _answer(call: Call, request: Request) -> Response:
    """Hand an admitted call to whoever answers it."""
    if not call.info.is_resource:
        return _non_resource(call, request.method)
    kind = _kind(call)
    if call.info.subresource:
        return await _subresource(call, kind, request)
    verb = call.info.verb
    if verb not in kind.verbs:
        raise status.method_not_allowed()
    if kind.verbs == CREATE_ONLY:
        review = reviews.answer(kind, await writes.read_body(request), call.user, call.front.authorizer)
        return _json(call, review, code=201)
    if verb == "get":
        return _json(call, resources.get(call, kind))
    if verb == "list":
        return _json(call, resources.list_objects(call, kind))
    if verb == "watch":
        return StreamingResponse(_lines(resources.watch(call, kind)), media_type="application/json")
    return _json(call, await writes.write(call, kind, request), code=201 if verb == "create" else 200)


async def _subresource(call: Call, kind: Kind, request: Request) -> Response:
    info = call.info
    if (kind.plural, info.subresource) in (("pods", "exec"), ("pods", "attach"), ("pods", "portforward")):
        raise status.not_implemented(f"the lab's cluster runs no real containers: no {info.subresource}")
    subresource = kind.subresource(info.subresource)
    if subresource is None:
        raise _NoSuchPathError
    if info.verb not in subresource.verbs:
        raise status.method_not_allowed()
    if subresource.name == "log":
        return StreamingResponse(logs.read(call), media_type="text/plain")
    if subresource.name == "scale":
        return _json(call, await writes.scale(call, kind, request))
    return _json(call, resources.get(call, kind))


def _non_resource(call: Call, method: str) -> Response:
    """Discovery, version, health, schema."""
    path, registry = call.info.path.rstrip("/") or "/", call.front.cluster.kinds
    if method not in ("GET", "HEAD"):
        raise status.method_not_allowed()
    if path in discovery.HEALTH_PATHS:
        return PlainTextResponse("ok")
    accept = call.headers.get("accept")
    version = negotiation.aggregated_discovery(accept)
    if version and path in ("/api", "/apis"):
        groups = discovery.aggregated(registry, version, core=path == "/api")
        response = _json(call, groups, media_type=discovery.aggregated_content_type(version))
        response.headers["Vary"] = "Accept"
        return response
    if path == "/openapi/v2":
        document: Object | None = openapi.v2(registry)
    elif path == "/openapi/v3" or path.startswith("/openapi/v3/"):
        document = openapi.v3(registry, path)
    else:
        document = discovery.document(registry, path)
    if document is None:
        raise _NoSuchPathError
    return _json(call, document)


def _kind(call: Call) -> Kind:
    """The kind a call is about, where the path fits its scope."""
    info = call.info
    kind = call.front.cluster.kinds.find(info.group, info.version, info.resource)
    if kind is None:
        raise _NoSuchPathError
    elsewhere = info.namespace and not kind.namespaced and kind.plural != "namespaces"
    nowhere = kind.namespaced and not info.namespace and info.verb not in ("list", "watch")
    if elsewhere or nowhere:
        raise _NoSuchPathError
    return kind


class _NoSuchPathError(StatusError):
    """404 in plain text: the real API server has no `Status` for a path it does not serve."""

    def __init__(self) -> None:
        super().__init__(404, "NotFound", "404 page not found")


def _refusal(error: StatusError) -> Response:
    if isinstance(error, _NoSuchPathError):
        return PlainTextResponse("404 page not found\n", 404, headers={"X-Content-Type-Options": "nosniff"})
    return Response(msgspec.json.encode(error.body()), error.code, media_type="application/json")


def _json(call: Call, document: Object, *, code: int = 200, media_type: str = "application/json") -> Response:
    body = msgspec.json.encode(document)
    headers: dict[str, str] = {}
    if len(body) >= negotiation.GZIP_THRESHOLD and negotiation.takes_gzip(call.headers.get("accept-encoding")):
        body = gzip.compress(body, compresslevel=1)
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(body, code, headers=headers, media_type=media_type)


async def _lines(events: AsyncIterator[Object]) -> AsyncIterator[bytes]:
    async for event in events:
        yield msgspec.json.encode(event) + b"\n"

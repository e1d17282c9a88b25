"""A tiny Kubernetes API on plain HTTP, for the dashboard's tests: it records every request and decides like AKS.

People are told apart by the ``upn`` of their token. A token for another audience is refused with 401, unsigned or
not; what a person may not do is refused with 403 in the words of AKS with Azure RBAC.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.lab.dashboard.cluster_objects import Object, next_version, small_shop

AKS_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630"
NO_ROLE = "User does not have access to the resource in Azure. Update role assignment to allow access."
#: How many messages of 1 MB ``/flood`` wants to send.
FLOOD = 64
CLUSTER_SCOPED = {"namespaces", "nodes"}

#: Who may do what: user -> (verb, plural, namespace) -> allowed.
PEOPLE: dict[str, Callable[[str, str, str], bool]] = {
    "ada@contoso.example": lambda verb, plural, namespace: True,
    "rita@contoso.example": lambda verb, plural, namespace: (
        verb in {"get", "list", "watch"} and plural not in {"secrets", "nodes"}
    ),
    "wes@contoso.example": lambda verb, plural, namespace: namespace == "shop",
    "nora@contoso.example": lambda verb, plural, namespace: False,
}


def token(upn: str, aud: str = AKS_SERVER, **claims: Any) -> str:
    """A JWT that nobody signed."""
    body = {"aud": aud, "iss": "https://sts.windows.net/lab/", "ver": "1.0", "exp": int(time.time()) + 3600}
    return ".".join(_base64url(part) for part in ({"alg": "none"}, body | {"upn": upn} | claims)) + ".c2ln"


def _base64url(value: Object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@dataclass
class Seen:
    """A request as it reached the API."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


@dataclass
class Resource:
    """What a path speaks about."""

    plural: str
    namespace: str = ""
    name: str = ""
    sub: str = ""


@dataclass
class FakeApi:
    """The cluster, and the switches of the tests."""

    objects: dict[str, list[Object]] = field(default_factory=small_shop)
    seen: list[Seen] = field(default_factory=list)
    watchers: dict[str, list[asyncio.Queue[str | None]]] = field(default_factory=dict)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    log_lines: list[str] = field(default_factory=lambda: ["listening on :8080", "ready", "café opened"])
    #: Answered on the HTTP routes in place of what they would say.
    answer_instead: Response | None = None
    flooded: int = 0
    closed_with: list[int] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop | None = None

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                WebSocketRoute("/echo", self._echo),
                WebSocketRoute("/closes", self._closes),
                WebSocketRoute("/flood", self._flood),
                WebSocketRoute("/{path:path}", self._stream),
                Route("/healthz", lambda request: PlainTextResponse("ok")),
                Route("/slow", self._slow),
                Route("/{path:path}", self._answer, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            ]
        )

    def change(self, kind: str, plural: str, changed: Object) -> None:
        """Change the cluster, from any thread: ``kind`` is ADDED, MODIFIED or DELETED."""
        changed["metadata"]["resourceVersion"] = next_version()
        uid = changed["metadata"]["uid"]
        kept = [each for each in self.objects[plural] if each["metadata"]["uid"] != uid]
        self.objects[plural] = kept if kind == "DELETED" else [*kept, changed]
        self._tell(plural, json.dumps({"type": kind, "object": changed}))

    def say(self, line: str) -> None:
        """A new line in every followed log, from any thread."""
        self.log_lines.append(line)
        self._tell("log", line)

    def hang_up(self, what: str) -> None:
        """Close every watch of a kind, from any thread."""
        self._tell(what, None)

    def release(self) -> None:
        """Let ``/slow`` send the rest, from any thread."""
        assert self.loop
        self.loop.call_soon_threadsafe(self.released.set)

    def _tell(self, what: str, message: str | None) -> None:
        assert self.loop
        for queue in self.watchers.get(what, []):
            self.loop.call_soon_threadsafe(queue.put_nowait, message)

    async def _answer(self, request: Request) -> Response:
        self._record(request, await request.body())
        if self.answer_instead is not None:
            return self.answer_instead
        person = _person(request)
        if person is None:
            return _status(401, "Unauthorized", "Unauthorized")
        if "/selfsubject" in request.url.path:
            return self._review(request.url.path, person, json.loads(self.seen[-1].body))
        resource = _resource(request.url.path)
        if resource.plural not in self.objects:
            return _status(404, "NotFound", "the server could not find the requested resource")
        verb = {"GET": "get" if resource.name else "list", "POST": "create"}.get(request.method, "update")
        if refusal := _refusal(person, verb, resource):
            return refusal
        return self._read(request, resource)

    def _read(self, request: Request, resource: Resource) -> Response:
        found = self._select(resource)
        if resource.sub == "log":
            return PlainTextResponse("\n".join(self.log_lines))
        if resource.name:
            return JSONResponse(found[0]) if found else _status(404, "NotFound", f'"{resource.name}" not found')
        page: Object = {"resourceVersion": next_version()}
        limit = int(request.query_params.get("limit", "0"))
        if limit and len(found) > limit:
            page |= {"continue": "more", "remainingItemCount": len(found) - limit}
            found = found[:limit]
        if "as=Table" in request.headers.get("accept", ""):
            return JSONResponse(_table(found, page))
        return JSONResponse({"kind": "List", "metadata": page, "items": found})

    def _select(self, resource: Resource) -> list[Object]:
        return [
            each
            for each in self.objects[resource.plural]
            if resource.namespace in {"", each["metadata"].get("namespace")}
            and resource.name in {"", each["metadata"]["name"]}
        ]

    def _review(self, path: str, person: str, body: Object) -> Response:
        if path.endswith("selfsubjectreviews"):
            return JSONResponse({"status": {"userInfo": {"username": person, "groups": []}}}, status_code=201)
        asked = body["spec"]["resourceAttributes"]
        allowed = PEOPLE[person](asked["verb"], asked["resource"], asked.get("namespace", ""))
        reason = "Access allowed by Azure RBAC Role Assignment 3b8e of Role b1ff to user " + person
        return JSONResponse(
            {"status": {"allowed": allowed, "reason": reason if allowed else NO_ROLE}}, status_code=201
        )

    async def _slow(self, request: Request) -> Response:
        self.loop = asyncio.get_running_loop()
        self.released.clear()

        async def body() -> AsyncIterator[bytes]:
            try:
                yield b"first"
                await self.released.wait()
                yield b"last"
            finally:
                self.closed_with.append(0)

        return StreamingResponse(body(), headers={"x-kubernetes": "1", "connection": "x-hop", "x-hop": "1"})

    async def _echo(self, websocket: WebSocket) -> None:
        self._record(websocket)
        offered = websocket.scope["subprotocols"]
        await websocket.accept(offered[-1] if offered else None)
        while (message := await websocket.receive())["type"] == "websocket.receive":
            await websocket.send(
                {"type": "websocket.send", **{k: message[k] for k in ("text", "bytes") if k in message}}
            )
        self.closed_with.append(message["code"])

    async def _closes(self, websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close(4321, "had enough")

    async def _flood(self, websocket: WebSocket) -> None:
        await websocket.accept()
        for self.flooded in range(1, FLOOD + 1):
            await websocket.send_bytes(b"x" * 1_000_000)

    async def _stream(self, websocket: WebSocket) -> None:
        self._record(websocket)
        resource, person = _resource(websocket.url.path), _person(websocket)
        refusal = _status(401, "Unauthorized", "Unauthorized") if person is None else None
        if person is not None:
            refusal = _refusal(person, "get" if resource.sub else "watch", resource)
        if refusal is not None:
            await websocket.send_denial_response(refusal)
            return
        await websocket.accept("base64.binary.k8s.io")
        self.loop = asyncio.get_running_loop()
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        what = resource.sub or resource.plural
        if what == "log":
            for line in self.log_lines:
                queue.put_nowait(line)
        self.watchers.setdefault(what, []).append(queue)
        gone = asyncio.create_task(_until_gone(websocket))
        try:
            while True:
                item = asyncio.create_task(queue.get())
                await asyncio.wait({item, gone}, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    item.cancel()
                    return
                if (text := item.result()) is None:
                    await websocket.close()
                    return
                encoded = base64.b64encode(f"{text}\n".encode()).decode()
                await websocket.send_text(encoded if what == "log" else text)
        finally:
            gone.cancel()
            self.watchers[what].remove(queue)

    def _record(self, connection: HTTPConnection, body: bytes = b"") -> None:
        target = connection.scope["raw_path"].decode()
        if connection.scope["query_string"]:
            target += "?" + connection.scope["query_string"].decode()
        method = connection.scope.get("method", "WEBSOCKET")
        self.seen.append(Seen(method, target, connection.headers.items(), body))


async def _until_gone(websocket: WebSocket) -> None:
    try:
        while (await websocket.receive())["type"] != "websocket.disconnect":
            pass
    except WebSocketDisconnect:
        return


def _person(connection: HTTPConnection) -> str | None:
    """The user of the token, if the API accepts it."""
    parts = connection.headers.get("authorization", "").removeprefix("Bearer ").split(".")
    if len(parts) != 3:
        return None
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
    return claims["upn"] if claims["aud"] == AKS_SERVER and claims["exp"] > time.time() else None


def _resource(path: str) -> Resource:
    parts = path.strip("/").split("/")
    parts = parts[2:] if parts[0] == "api" else parts[3:]
    namespace = ""
    if len(parts) > 2 and parts[0] == "namespaces":
        namespace, parts = parts[1], parts[2:]
    parts += [""] * 3
    return Resource(parts[0], namespace, parts[1], parts[2])


def _refusal(person: str, verb: str, resource: Resource) -> Response | None:
    namespace = "" if resource.plural in CLUSTER_SCOPED else resource.namespace
    if PEOPLE[person](verb, resource.plural, namespace):
        return None
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    sentence = f'User "{person}" cannot {verb} resource "{resource.plural}" in API group "" {where}: {NO_ROLE}'
    return _status(403, "Forbidden", f"{resource.plural} is forbidden: {sentence}")


def _status(code: int, reason: str, message: str) -> Response:
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return JSONResponse(body | {"message": message, "reason": reason, "code": code}, status_code=code)


def _table(found: list[Object], page: Object) -> Object:
    """Secrets as a Table: names, types and the number of keys, without their values."""
    columns = [{"name": name} for name in ("Name", "Type", "Data", "Age")]
    rows = [
        {
            "cells": [each["metadata"]["name"], each.get("type", ""), len(each.get("data", {})), "12d"],
            "object": {"kind": "PartialObjectMetadata", "metadata": each["metadata"]},
        }
        for each in found
    ]
    return {"kind": "Table", "metadata": page, "columnDefinitions": columns, "rows": rows}

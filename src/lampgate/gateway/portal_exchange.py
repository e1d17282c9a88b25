"""A request the gateway answers itself: the bridge from a client connection to the portal's ASGI application.

Off the hot path, so it may cost a task. The request's body is small and given whole; so is the answer.
"""

from __future__ import annotations

import asyncio

from lampgate.gateway.data_path import DataPath, Message
from lampgate.gateway.sides import Downstream
from lampgate.policy.decision import Serve
from lampgate.policy.problem import Problem, Wants
from lampgate.portal.visit import Visit
from lampgate.session.store import Lookup
from lampgate.wire import cookies
from lampgate.wire.head import RequestHead
from lampgate.wire.origin import Origin

_FAILED = Problem(
    status=500,
    code="portal.failed",
    title="Something went wrong here",
    sentence="The gateway could not answer this request. What happened is in its log.",
)
_TOO_LARGE = Problem(
    status=413,
    code="request.too-large",
    title="Too much data",
    sentence="The gateway's own pages take small forms only.",
)


class PortalExchange:
    """One request for the portal, from its head to its answer.

    :ivar deadline: always 0; the portal bounds its own calls.
    """

    __slots__ = ("_body", "_client", "_complete", "_head", "_path", "_size", "_task", "deadline")

    def __init__(
        self,
        client: Downstream,
        path: DataPath,
        head: RequestHead,
        decision: Serve,
        origin: Origin,
        lookup: Lookup,
        wanted: Wants,
        peer: str,
    ) -> None:
        self._client = client
        self._path = path
        self._head = head
        self._body: list[bytes] = []
        self._size = 0
        self._complete = asyncio.Event()
        self.deadline = 0.0
        visit = Visit(
            origin=str(origin),
            store=path.admission.stores[origin.secure],
            lookup=lookup,
            cookies=cookies.parse(head.cookie.decode("latin-1")),
            attributes=path.admission.attributes[origin.secure],
            wants=wanted,
            asked_about=path.origins.asked_about(head, peer),
        )
        scope: Message = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": head.version,
            "method": head.method,
            "scheme": origin.scheme,
            "path": decision.path,
            "raw_path": decision.path.encode(),
            "query_string": decision.query,
            "root_path": "",
            "headers": [(name.lower(), value) for _folded, name, value in head.headers],
            "client": (peer, 0),
            "server": (origin.authority, None),
            "lampgate.visit": visit,
        }
        if head.body and head.first(b"expect"):
            client.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._task = path.loop.create_task(self._run(scope))
        path.portal_tasks.add(self._task)
        self._task.add_done_callback(path.portal_tasks.discard)

    def body(self, data: bytes) -> None:
        """Request body bytes."""
        self._size += len(data)
        if self._size > self._path.limits.portal_body_bytes:
            self.abort()
            self._client.refuse(_TOO_LARGE, keep_alive=False)
            return
        self._body.append(data)

    def body_end(self, now: float) -> None:  # noqa: ARG002 - the same interface as Exchange's
        """The request is complete."""
        self._complete.set()

    def abort(self) -> None:
        """The client is gone, or the request is refused."""
        self._task.cancel()

    def timed_out(self) -> None:
        """Never called: there is no deadline."""

    def pause_response(self) -> None:
        """The answer is one small write: nothing to hold back."""

    def resume_response(self) -> None:
        """See `pause_response`."""

    async def _run(self, scope: Message) -> None:
        status = 0
        headers: list[tuple[str, str]] = []
        body: list[bytes] = []
        received = False

        async def receive() -> Message:
            nonlocal received
            await self._complete.wait()
            if received:
                # An ASGI application may wait here for the client to go away; then this task is cancelled.
                await asyncio.Event().wait()
            received = True
            return {"type": "http.request", "body": b"".join(self._body), "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers.extend(
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]
                )
            else:
                body.append(message.get("body", b""))

        try:
            await self._path.portal(scope, receive, send)
        except Exception:
            self._path.logger.exception("The portal failed")
            status = 0
        if self._client.exchange is not self:
            return
        if not status:
            self._client.refuse(_FAILED)
            return
        content = b"".join(body)
        self._client.respond(
            status,
            [(name, value) for name, value in headers if name.lower() not in ("content-length", "connection")],
            b"" if self._head.method == "HEAD" else content,
            _told_length(headers, content),
            keep_alive=self._head.keep_alive,
        )


def _told_length(headers: list[tuple[str, str]], content: bytes) -> int:
    for name, value in headers:
        if name.lower() == "content-length":
            return int(value)
    return len(content)

"""The data path without sockets or an event loop: real client and upstream connections, driven step by step.

What a network does between two steps is up to the test: where bytes are cut must not matter.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import h11

from lampgate.gateway.admission import Admission
from lampgate.gateway.client_connection import ClientConnection
from lampgate.gateway.data_path import DataPath
from lampgate.gateway.limits import Limits
from lampgate.gateway.upstream_connection import UpstreamConnection
from lampgate.observe.access_log import AccessLog
from lampgate.observe.metrics import Metrics
from lampgate.portal.problems import render
from lampgate.session.cookie_store import CookieStore
from lampgate.session.record import Session, Subject, Token
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing
from lampgate.session.store import SessionStore
from lampgate.wire.cookies import CookieAttributes
from tests.gateway.stage import NO_FURTHER_TOKENS, TOKEN, no_renewal, settings


class Loop:
    """As much of an event loop as the data path asks for; `turn` runs what was put off."""

    def __init__(self) -> None:
        self._ready: deque[tuple[Callable[..., object], tuple[object, ...]]] = deque()
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Callable[..., object], *arguments: object) -> None:
        self._ready.append((callback, arguments))

    def call_later(self, *_: object) -> asyncio.TimerHandle:
        return cast("asyncio.TimerHandle", contextlib.nullcontext())

    def turn(self) -> None:
        while self._ready:
            callback, arguments = self._ready.popleft()
            callback(*arguments)


class Wire(asyncio.Transport):
    """A transport that keeps what is written; the connection's end is told in the next turn."""

    def __init__(self, loop: Loop, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.written = b""
        self.closed = False
        self.ended = False
        self._loop = loop
        self.protocol = protocol

    def write(self, data: Any) -> None:
        if not self.closed and not self.ended:
            self.written += bytes(data)

    def take(self) -> bytes:
        data, self.written = self.written, b""
        return data

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._loop.call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def write_eof(self) -> None:
        self.ended = True

    def can_write_eof(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """Bytes come only when the test sends them."""

    def resume_reading(self) -> None:
        """Likewise."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else default


class Upstream:
    """The origin at the other end of one upstream connection: h11, which answers each complete request."""

    def __init__(self, loop: Loop, limits: Limits, seen: list[tuple[str, str, bytes]], path: DataPath) -> None:
        self._seen = seen
        self.connection = UpstreamConnection(limits, path.pool.release, path.pool.forget)
        self.wire = Wire(loop, self.connection)
        self.connection.connection_made(self.wire)
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=2**20)
        self._head: h11.Request | None = None
        self._body = b""

    def step(self) -> bool:
        """Read what has come and answer it; returns whether anything had."""
        data = self.wire.take()
        if not data:
            return False
        self._parser.receive_data(data)
        while True:
            event = self._parser.next_event()
            if isinstance(event, h11.Request):
                self._head, self._body = event, b""
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert self._head is not None
                self._seen.append((self._head.method.decode(), self._head.target.decode("latin-1"), self._body))
                self._answer(self._head.method == b"HEAD")
            else:
                return True

    def _answer(self, to_head: bool) -> None:
        send = self._parser.send
        answer = send(h11.Response(status_code=200, headers=[("Content-Length", "2")])) or b""
        answer += b"" if to_head else send(h11.Data(b"ok")) or b""
        answer += send(h11.EndOfMessage()) or b""
        self._parser.start_next_cycle()
        self.connection.data_received(answer)


class World:
    """A gateway, and one client of it.

    :ivar seen: the requests that have reached the origin: method, target, body.
    """

    def __init__(self) -> None:
        self.loop = Loop()
        self.seen: list[tuple[str, str, bytes]] = []
        self.answers = b""
        self._upstreams: list[Upstream] = []
        config = settings(9)
        attributes = {secure: CookieAttributes(secure=secure) for secure in (True, False)}
        revocations = Revocations(time.time)
        keys = KeyRing([b"k" * 32])
        stores: dict[bool, SessionStore] = {
            secure: CookieStore(kind.prefixed("lampgate"), kind, keys, revocations)
            for secure, kind in attributes.items()
        }
        loop = cast("asyncio.AbstractEventLoop", self.loop)
        self.path = DataPath(
            config,
            loop=loop,
            admission=Admission(
                config, stores, attributes, revocations, no_renewal, time.time, Metrics(), NO_FURTHER_TOKENS
            ),
            portal=cast("Any", None),
            render=render,
            access_log=AccessLog(lambda _data: None, loop.call_later, enabled=False),
            limits=Limits(),
        )
        self.path.pool.acquire = self._acquire  # type: ignore[method-assign, assignment]
        now = int(time.time())
        session = Session(
            id="s", subject=Subject("https://issuer", "sub"), signed_in_at=now, expires_at=now + 3600,
            tokens={"access_token": Token(TOKEN, now + 3600, now)},
        )  # fmt: skip
        saved = stores[False].save(session, {}, now)
        assert isinstance(saved, list)
        self.browser = f"Host: localhost\r\nCookie: {saved[0].partition(';')[0]}".encode()
        self.client = ClientConnection(self.path)
        self.wire = Wire(self.loop, self.client)
        self.client.connection_made(self.wire)

    @property
    def over(self) -> bool:
        """Whether the gateway reads no further requests from this client."""
        return self.wire.closed or self.wire.ended

    def send(self, data: bytes) -> None:
        """Bytes of the client, in one piece."""
        if not self.wire.closed:
            self.client.data_received(data)
        self.settle()

    def settle(self) -> None:
        """Let everything happen that follows."""
        busy = True
        while busy:
            self.loop.turn()
            # Every one of them, not only up to the first that is busy.
            busy = sum(upstream.step() for upstream in self._upstreams if not upstream.wire.closed) > 0
            self.answers += self.wire.take()

    def _acquire(self, _upstream: object) -> UpstreamConnection:
        for upstream in self._upstreams:
            idle = self.path.pool._idle.get("main", [])
            if upstream.connection in idle and upstream.connection.usable:
                idle.remove(upstream.connection)
                return upstream.connection
        upstream = Upstream(self.loop, Limits(), self.seen, self.path)
        self.path.pool._home[upstream.connection] = "main"
        self._upstreams.append(upstream)
        return upstream.connection

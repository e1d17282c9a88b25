"""One client's connection: reads requests in order, has each decided on, and writes the answers in order.

A request is read head first; the head is decided on before any byte behind it is looked at. While an answer is
outstanding, bytes of the next request wait unread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Final, cast

from lampgate.config.settings import UpstreamSettings
from lampgate.gateway.admission import Admitted
from lampgate.gateway.data_path import DataPath
from lampgate.gateway.exchange import Exchange
from lampgate.gateway.file_exchange import FileExchange
from lampgate.gateway.portal_exchange import PortalExchange
from lampgate.gateway.static_answer import answer_static
from lampgate.gateway.stream_timed_exchange import StreamTimedExchange
from lampgate.gateway.tunnel import Tunnel
from lampgate.policy import headlamp
from lampgate.policy.activity import is_activity
from lampgate.policy.decision import Anonymous, Challenge, Forward, Refuse, Serve, Supply
from lampgate.policy.problem import Problem, Wants
from lampgate.policy.wants import is_navigation
from lampgate.session.live import LiveSession
from lampgate.session.store import Absent, Lookup, Unknown
from lampgate.wire.chunks import ChunkError
from lampgate.wire.head import Header, RequestHead
from lampgate.wire.header_rules import field_lines, forwarded_for, request_head, upstream_cookie
from lampgate.wire.origin import Origin
from lampgate.wire.request_parser import BadRequestError, RequestParser
from lampgate.wire.target import Target, judge_target
from lampgate.wire.websocket import check_handshake

#: Nobody is signed in, for the access log.
_NOBODY = '""'

#: For a connection beyond the limit: nobody has read a request, so nothing is known of who asks.
_TURNED_AWAY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

_BODY_TOO_LARGE = "The request's body is larger than is allowed here"

_TOO_MANY_WEBSOCKETS = Problem(
    status=503,
    code="limit.websockets",
    title="Too many live connections",
    sentence="No further WebSocket can be opened at the moment: this session, or the gateway, has as many as it may.",
    remedy="Close tabs of the dashboard that are not needed.",
    headers=(("Retry-After", "5"),),
)

_NO_WEBSOCKET = Problem(
    status=400,
    code="request.no-websocket-here",
    title="No WebSocket here",
    sentence="This address does not speak WebSocket.",
)


class _Reading:
    """What is being read from the client.

    Plain numbers, because these are looked at twenty times a request: an Enum's members cost five times as much to
    look up in Python 3.11.
    """

    HEAD: Final = 0
    SESSION: Final = 1
    LENGTH: Final = 2
    CHUNKS: Final = 3
    WAITING: Final = 4
    TUNNEL: Final = 5
    LINGERING: Final = 6


class ClientConnection(asyncio.Protocol):
    """The downstream side of the data path.

    :param peer: the client's address as a proxy in front has told it; None: whoever is connected.
    :ivar exchange: what the request in progress is answered by; None between requests.
    """

    __slots__ = (
        "_body_limit",
        "_buffer",
        "_bytes_sent",
        "_client_eof",
        "_deadline",
        "_discarded",
        "_lines",
        "_lines_of",
        "_loop",
        "_parser",
        "_path",
        "_paused",
        "_peer",
        "_reading",
        "_remaining",
        "_request",
        "_secure",
        "_session_task",
        "_started_at",
        "_status",
        "_target",
        "_told_peer",
        "_transport",
        "_tunnel",
        "_user",
        "_wants",
        "exchange",
    )

    def __init__(self, path: DataPath, peer: str | None = None) -> None:
        self._path = path
        self._loop = path.loop
        self._transport: asyncio.Transport
        self._told_peer = peer
        self._peer = ""
        self._secure = False
        self._parser = RequestParser()
        self._reading: int = _Reading.HEAD
        self._buffer = b""
        self._remaining = 0
        #: Bytes that the request's body may still have; None: any number.
        self._body_limit: int | None = None
        self._discarded = 0
        self._paused = False
        self._client_eof = False
        self._deadline = 0.0
        self._tunnel: Tunnel | None = None
        self._session_task: asyncio.Task[None] | None = None
        self._request: RequestHead | None = None
        self._target: Target | None = None
        self._wants = Wants.PAGE
        self._status = 0
        self._bytes_sent = 0
        self._started_at = 0.0
        self._user = _NOBODY
        self._lines = b""
        #: What `_lines` was made from.
        self._lines_of: tuple[list[Header] | None, bytes | None, UpstreamSettings | None] = (None, None, None)
        self.exchange: Exchange | PortalExchange | FileExchange | None = None

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if self._told_peer is not None:
            self._peer = self._told_peer
        else:
            self._peer = peer[0] if isinstance(peer, tuple) else ""
        self._secure = transport.get_extra_info("sslcontext") is not None
        self._deadline = self._loop.time() + self._path.limits.idle_timeout
        if not self._path.connection_opened(self, self._peer):
            self._transport.write(_TURNED_AWAY)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it was lost, it is
        """See `asyncio.Protocol`."""
        self._path.connection_closed(self, self._peer)
        if self._tunnel is not None:
            self._path.tunnel_closed(self._tunnel)
            self._tunnel.client_lost()
        if self._session_task is not None:
            self._session_task.cancel()
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.abort()
            self._log(499)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._tunnel is not None:
            self._tunnel.from_client(data)
            return
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        self._advance(data)

    def eof_received(self) -> bool:
        """See `asyncio.Protocol`. A client may close its sending side and still wait for the answer."""
        self._client_eof = True
        if self.exchange is None or self._reading is not _Reading.WAITING or self._secure:
            # TLS knows no half: an end without an answer is an end.
            return False
        # It may as well be gone: TCP cannot tell, so neither is the upstream kept at work for long.
        self._deadline = self._loop.time() + self._path.limits.half_closed_timeout
        return True

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`: the client reads more slowly than the upstream sends."""
        if self._tunnel is not None:
            self._tunnel.pause_upstream()
        elif self.exchange is not None:
            self.exchange.pause_response()

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        if self._tunnel is not None:
            self._tunnel.resume_upstream()
        elif self.exchange is not None:
            self.exchange.resume_response()

    # Reading requests

    def _advance(self, data: bytes) -> None:
        """Go as far as the bytes allow."""
        try:
            while data:
                if self._reading is _Reading.HEAD:
                    data = self._read_head(data)
                elif self._reading is _Reading.LENGTH:
                    data = self._read_length(data)
                elif self._reading is _Reading.CHUNKS:
                    data = self._read_chunks(data)
                elif self._reading is _Reading.LINGERING:
                    return
                else:
                    self._hold_back(data)
                    return
        except BadRequestError as error:
            self._refuse_bytes(error)

    def _hold_back(self, data: bytes) -> None:
        self._buffer = data
        if len(data) >= self._path.limits.pipelined_bytes:
            self.pause_request()

    def _read_head(self, data: bytes) -> bytes:
        end = data.find(b"\r\n\r\n", 2 if data.startswith(b"\r\n") else 0) + 4
        if end > self._path.limits.head_bytes or (end < 4 and len(data) > self._path.limits.head_bytes):
            self._path.metrics.limits["head_bytes"] += 1
            raise BadRequestError("The request head is too large", 431)
        if end < 4:
            self._wait_for_head(data)
            return b""
        self._begin(data[:end])
        return data[end:]

    def _wait_for_head(self, data: bytes) -> None:
        # A sender of bare line feeds would wait for an answer until the deadline; llhttp never gets to see them.
        if data.count(b"\n") != data.count(b"\r\n"):
            raise BadRequestError("The request head has a line that does not end in CRLF")
        if self._started_at == 0.0:
            self._started_at = self._loop.time()
            self._deadline = self._started_at + self._path.limits.head_timeout
        self._buffer = data

    def _read_length(self, data: bytes) -> bytes:
        piece = data[: self._remaining]
        self._remaining -= len(piece)
        self._request_body(piece)
        if self._remaining == 0:
            self._request_complete()
        return data[len(piece) :]

    def _read_chunks(self, data: bytes) -> bytes:
        payload: list[bytes] = []
        try:
            end = self._parser.follow_to_end(data, payload)
        except ChunkError as error:
            raise BadRequestError(f"The chunked body is malformed: {error}") from None
        if payload:
            self._request_body(b"".join(payload))
        if end < 0:
            return b""
        self._request_complete()
        return data[end:]

    def _request_body(self, data: bytes) -> None:
        if self.exchange is not None:
            if self._body_limit is not None:
                self._body_limit -= len(data)
                if self._body_limit < 0:
                    self._path.metrics.limits["body_bytes"] += 1
                    raise BadRequestError(_BODY_TOO_LARGE, 413)
            self.exchange.body(data)
            return
        # The answer is already given; the rest is read so that the client gets to read it, within bounds.
        self._discarded += len(data)
        if self._discarded > self._path.limits.discarded_bytes:
            self._linger()

    def _request_complete(self) -> None:
        self._reading = _Reading.WAITING
        self._deadline = 0.0
        if self.exchange is not None:
            self.exchange.body_end(self._loop.time())
        else:
            self._next_request()

    # Deciding

    def _begin(self, block: bytes) -> None:
        """A head is complete: judge it, decide on it, and start what was decided."""
        path = self._path
        now = time.time()
        self._started_at = self._loop.time()
        self._deadline = 0.0
        self._status = self._bytes_sent = self._discarded = 0
        self._user = _NOBODY
        self._request = self._target = None
        self._wants = Wants.PAGE
        head = self._parser.parse(block[2:] if block.startswith(b"\r\n") else block)
        self._request = head
        target = judge_target(head.method, head.target, head.host)
        self._target = target
        if head.upgrade:
            if head.upgrade == b"websocket":
                check_handshake(head)
            else:
                # RFC 9110 section 7.8: a server may ignore an upgrade it does not know (h2c).
                head.upgrade = b""
        origin = path.origins.origin(head, self._peer, tls=self._secure)
        self._reading = _Reading.LENGTH if head.body > 0 else _Reading.CHUNKS if head.body else _Reading.WAITING
        self._remaining = max(head.body, 0)
        admission = path.admission
        live: Admitted | Awaitable[Admitted] | None = None
        if head.cookie and not admission.looks_at_authorization:
            live = admission.verified(head.cookie, secure=origin.secure, now=now)
        if live is None:
            live = admission.look_up(head, secure=origin.secure, now=now)
        if isinstance(live, Awaitable):
            following = self._reading
            self._reading = _Reading.SESSION
            self._session_task = self._loop.create_task(self._decide_later(head, target, origin, live, following))
        else:
            self._decide(head, target, origin, live)

    async def _decide_later(
        self, head: RequestHead, target: Target, origin: Origin, answer: Awaitable[Admitted], following: int
    ) -> None:
        try:
            admitted = await answer
        except Exception as error:
            self._path.logger.exception("The session store failed")
            admitted = Unknown(type(error).__name__)
        self._session_task = None
        self._reading = following
        self._decide(head, target, origin, admitted)
        data, self._buffer = self._buffer, b""
        self.resume_request()
        self._advance(data)

    def _decide(self, head: RequestHead, target: Target, origin: Origin, admitted: Admitted) -> None:
        path = self._path
        live: LiveSession | None = None
        lookup: Lookup
        if isinstance(admitted, LiveSession):
            live, lookup = admitted, admitted.found
            self._user = live.log_user
            if live.challenge and is_navigation(head):
                # Once: somebody who turns back at the provider goes on with the session as it was.
                lookup, live.challenge = Absent("step-up", claims=live.challenge), ""
        else:
            lookup = admitted
        client = path.origins.client_address(head, self._peer) if path.policy.opens_anything else ""
        decision = path.policy.decide(head, target, origin, lookup, client)
        if isinstance(decision, Anonymous):
            decision, live, self._user = decision.decision, path.nobody, _NOBODY
        elif isinstance(decision, Challenge) and live is not None:
            if is_navigation(head):
                decision = path.policy.decide(head, target, origin, Absent("step-up", claims=decision.claims))
            else:
                live.challenge = decision.claims
                decision = Refuse(decision.problem)
        if isinstance(decision, Forward) and live is not None:
            self._forward(head, target, origin, decision, live)
            return
        self._wants = path.policy.wants(head, target)
        if isinstance(decision, Supply) and live is not None:
            self._supply(head, target, origin, decision, live)
        elif isinstance(decision, Serve):
            self._serve(head, origin, lookup, decision)
        elif isinstance(decision, Refuse):
            self.refuse(decision.problem)
        else:
            # Forwarding without a session: the gate never decides that, and here it would not happen either.
            self._serve(head, origin, Absent("no-session"), Serve(path.portal_start, b""))

    def _forward(
        self, head: RequestHead, target: Target, origin: Origin, decision: Forward, live: LiveSession
    ) -> None:
        path = self._path
        upstream = decision.upstream
        if head.upgrade and not path.has_room_for_websocket(live.found.session.id):
            self.refuse(_TOO_MANY_WEBSOCKETS)
            return
        policy = path.policy
        self._body_limit = path.body_limit(upstream) if head.body else None
        if self._body_limit is not None and head.body > self._body_limit:
            path.metrics.limits["body_bytes"] += 1
            self.refuse(
                Problem(status=413, code="request.too-large", title="Too much data", sentence=f"{_BODY_TOO_LARGE}."),
                keep_alive=False,
            )
            return
        if (
            head.headers is not self._lines_of[0]
            or live.injected is not self._lines_of[1]
            or upstream is not self._lines_of[2]
        ):
            self._lines = self._upstream_lines(head, origin, upstream, live)
            self._lines_of = (head.headers, live.injected, upstream)
        if path.watches_activity and is_activity(head, target, upstream):
            path.admission.active(live, head.cookie, time.time())
        added = decision.added + live.added
        if head.cookie in live.behind:
            copies = path.admission.browser_copy(live, head.cookie, secure=origin.secure)
            added += field_lines([("Set-Cookie", value) for value in copies])
        request = request_head(head, decision.target or target.origin_form, self._lines)
        exchange = (StreamTimedExchange if upstream.stream_idle_timeout else Exchange)(
            self, path.pool, head, request, upstream, live, policy.dropped_cookies(upstream), added
        )
        self.exchange = exchange
        exchange.start()
        if self._reading is _Reading.WAITING and self.exchange is exchange:
            exchange.body_end(self._started_at)

    def _upstream_lines(
        self, head: RequestHead, origin: Origin, upstream: UpstreamSettings, live: LiveSession
    ) -> bytes:
        """The header lines for the upstream: they are the same as long as the client's are, and the session is."""
        path = self._path
        injected = b"X-Forwarded-For: %b\r\nX-Forwarded-Host: %b\r\nX-Forwarded-Proto: %b\r\n%b" % (
            forwarded_for(head, self._peer, trusted=path.origins.is_trusted(self._peer)).encode("latin-1", "replace"),
            origin.authority.encode("ascii"),
            origin.scheme.encode("ascii"),
            live.injected,
        )
        return path.policy.request_headers(upstream).lines(
            head,
            host=head.host if upstream.pass_host_header and head.host else path.hosts[upstream.id],
            cookie=upstream_cookie(head.cookie, path.policy.dropped_cookies(upstream)),
            injected=injected,
        )

    def _serve(self, head: RequestHead, origin: Origin, lookup: Lookup, decision: Serve) -> None:
        if head.upgrade:
            self.refuse(_NO_WEBSOCKET)
            return
        exchange = PortalExchange(self, self._path, head, decision, origin, lookup, self._wants, self._peer)
        self.exchange = exchange
        if self._reading is _Reading.WAITING:
            exchange.body_end(self._started_at)

    def _supply(self, head: RequestHead, target: Target, origin: Origin, decision: Supply, live: LiveSession) -> None:
        path = self._path
        if head.upgrade:
            self.refuse(_NO_WEBSOCKET)
            return
        if path.watches_activity and is_activity(head, target, decision.upstream):
            path.admission.active(live, head.cookie, time.time())
        added = [
            (name.decode("ascii"), value.decode("latin-1"))
            for name, _, value in (line.partition(b": ") for line in live.added.split(b"\r\n") if line)
        ]
        if head.cookie in live.behind:
            copies = path.admission.browser_copy(live, head.cookie, secure=origin.secure)
            added += [("Set-Cookie", value) for value in copies]
        if decision.upstream.scheme == "static":
            answer_static(self, decision.upstream, head, added)
        else:
            self.exchange = FileExchange(self, path, head, target, decision, added)

    def challenged(self, session: LiveSession, claims: str) -> bytes:
        """The upstream asks for more than the session has.

        :returns: header lines for the answer, so that a dashboard opens its page anew.
        """
        session.challenge = claims
        return field_lines([headlamp.RELOAD_HEADER])

    # Answering

    def send_head(self, status: int, data: bytes, body_length: int) -> None:
        """The head of the final answer, with the first ``body_length`` bytes of its body."""
        self._status = status
        self._bytes_sent = body_length
        self._transport.write(data)

    def send(self, data: bytes) -> None:
        """An interim answer."""
        self._transport.write(data)

    def send_body(self, data: bytes) -> None:
        """Further bytes of the answer."""
        self._bytes_sent += len(data)
        self._transport.write(data)

    def refuse(self, problem: Problem, *, keep_alive: bool = True) -> None:
        """Answer with a problem, in the form the asker can use."""
        head = self._request
        wanted = self._path.policy.wants(head, self._target) if head and self._target else self._wants
        rendered = self._path.render(problem, wanted)
        keep_alive = keep_alive and head is not None and head.keep_alive and not head.upgrade
        body = b"" if head is not None and head.method == "HEAD" else rendered.body
        self.respond(rendered.status, rendered.headers, body, len(rendered.body), keep_alive=keep_alive)

    def respond(
        self, status: int, headers: list[tuple[str, str]], body: bytes, length: int, *, keep_alive: bool
    ) -> None:
        """Answer with a whole response of the gateway's own.

        :param length: the ``Content-Length`` to tell, which for HEAD is not that of ``body``.
        """
        lines = [b"HTTP/1.1 %d %b\r\n" % (status, self._path.reason(status)), field_lines(headers)]
        if status >= 200 and status not in (204, 304):
            lines.append(b"Content-Length: %d\r\n" % length)
        if not keep_alive:
            lines.append(b"Connection: close\r\n")
        lines.append(b"\r\n")
        lines.append(body)
        self.send_head(status, b"".join(lines), len(body))
        self.response_complete(keep_alive=keep_alive)

    def response_complete(self, *, keep_alive: bool) -> None:
        """The answer is complete: log it, and go on to the next request or close."""
        self.exchange = None
        self._log(self._status)
        if not keep_alive or self._path.draining or self._client_eof:
            self._linger()
        elif self._reading is _Reading.WAITING:
            self._next_request()
        # Else the body of an early answer's request is still to be read to its end.

    def broken_off(self) -> None:
        """The answer cannot be completed: the only honest sign is a broken connection."""
        self.exchange = None
        self._log(self._status)
        self._transport.abort()

    def _next_request(self) -> None:
        self._reading = _Reading.HEAD
        self._started_at = 0.0
        self._deadline = self._loop.time() + self._path.limits.idle_timeout
        data, self._buffer = self._buffer, b""
        self.resume_request()
        if data:
            # Not from here: answers that come at once would nest as deep as a client can pipeline.
            self._buffer = data
            self._loop.call_soon(self._read_held_back)

    def _read_held_back(self) -> None:
        if self._reading is _Reading.HEAD and not self._transport.is_closing():
            data, self._buffer = self._buffer, b""
            self._advance(data)

    def _refuse_bytes(self, error: BadRequestError) -> None:
        """The bytes are not a request: answer once, and close, since nothing behind them can be trusted either."""
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.abort()
            if self._status:
                self._transport.abort()
                return
        self._buffer = b""
        self._reading = _Reading.WAITING
        self._path.metrics.bad_requests[str(error.status)] += 1
        self.refuse(
            Problem(
                status=error.status,
                code=error.code,
                title="The request is not valid",
                sentence=f"{error.sentence}.",
                headers=(("Sec-WebSocket-Version", "13"),) if error.status == 426 else (),
            ),
            keep_alive=False,
        )

    def _linger(self) -> None:
        """Close, but let the client read the answer first (RFC 9112 section 9.6)."""
        self._reading = _Reading.LINGERING
        self._buffer = b""
        self._deadline = self._loop.time() + self._path.limits.linger_timeout
        self.resume_request()
        if self._client_eof or not self._transport.can_write_eof():
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.write_eof()

    # Flow and time

    def pause_request(self) -> None:
        """Stop reading from the client."""
        if not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def resume_request(self) -> None:
        """Read from the client again."""
        if self._paused and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def sweep(self, now: float) -> None:
        """Called once a second: whatever has taken too long is ended.

        :param now: the loop's clock.
        """
        exchange = self.exchange
        if exchange is not None and exchange.deadline and now >= exchange.deadline:
            exchange.timed_out()
        elif self._deadline and now >= self._deadline:
            self._deadline = 0.0
            if self._reading is _Reading.HEAD and self._buffer:
                self._path.metrics.limits["head_timeout"] += 1
                self._refuse_bytes(BadRequestError("The request head took too long", 408))
            else:
                self._transport.close()

    def drain(self) -> None:
        """The process is stopping: close now if nothing is in progress, else after the answer. WebSockets go on."""
        if self._tunnel is not None:
            return
        if self.exchange is None and self._reading is _Reading.HEAD:
            self._transport.close()
        elif self._request is not None:
            # An answer that has not begun says that the connection ends with it.
            self._request.keep_alive = False
            if isinstance(self.exchange, Exchange):
                self.exchange.keep_alive = False

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    # WebSockets

    def tunnel(self, upstream: asyncio.Transport, session: LiveSession, early: bytes) -> Tunnel:
        """From now on this connection is a WebSocket.

        :param early: what the upstream has sent already.
        """
        self.exchange = None
        self._reading = _Reading.TUNNEL
        self._log(101)
        tunnel = Tunnel(self, upstream, session)
        self._tunnel = tunnel
        self._path.tunnel_opened(tunnel)
        if early:
            tunnel.from_upstream(early)
        if self._buffer:
            held_back, self._buffer = self._buffer, b""
            tunnel.from_client(held_back)
        self.resume_request()
        return tunnel

    def tunnel_over(self) -> None:
        """The WebSocket has ended: close once everything is sent."""
        self._transport.close()

    def _log(self, status: int) -> None:
        head, target = self._request, self._target
        seconds = self._loop.time() - self._started_at if self._started_at else 0.0
        self._path.metrics.answered(status, seconds, self._bytes_sent)
        self._path.access_log.record(
            status=status,
            method=head.method if head else "",
            path=target.path if target else "",
            user=self._user,
            client=self._peer,
            sent=self._bytes_sent,
            seconds=seconds,
            request=head,
        )

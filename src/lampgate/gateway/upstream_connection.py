"""One connection to an upstream: sends an exchange's request, follows its response to the end, and is used again.

Response bytes are handed on as they arrive. They are looked at only to find where the response ends.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Final, cast

from lampgate.gateway.dial_causes import tls_cause
from lampgate.gateway.limits import Limits
from lampgate.gateway.sides import Answering, Tunnelling
from lampgate.wire.chunks import ChunkError
from lampgate.wire.head import CHUNKED, UNTIL_CLOSE, ResponseHead
from lampgate.wire.response_parser import BadResponseError, ResponseParser

#: A body this short is cheaper to copy than a parser is to make.
_SHORT_BODY = 4096


#: What every response begins with.
_PROTOCOL = b"HTTP/1."


class _Reading:
    """What is being read from the upstream.

    Plain numbers, because these are looked at twenty times a request: an Enum's members cost five times as much to
    look up in Python 3.11.
    """

    NOTHING: Final = 0
    HEAD: Final = 1
    LENGTH: Final = 2
    CHUNKS: Final = 3
    UNTIL_CLOSE: Final = 4
    TUNNEL: Final = 5


class UpstreamConnection(asyncio.Protocol):
    """Belongs to at most one exchange at a time; between two it rests in the pool.

    :param rest: called when an exchange is complete and the connection can be used again.
    :param lost: called when the connection is gone.
    :ivar fresh: no response has come over it yet, so it cannot have gone stale in the pool.
    :ivar idle_since: when it was put into the pool (the loop's clock).
    """

    __slots__ = (
        "_buffer",
        "_exchange",
        "_limits",
        "_lost",
        "_parser",
        "_parser_used",
        "_reading",
        "_remaining",
        "_response_begun",
        "_rest",
        "_tunnel",
        "fresh",
        "idle_since",
        "transport",
    )

    def __init__(
        self,
        limits: Limits,
        rest: Callable[[UpstreamConnection], None],
        lost: Callable[[UpstreamConnection], None],
    ) -> None:
        self.transport: asyncio.Transport
        self._rest = rest
        self._lost = lost
        self._limits = limits
        self._exchange: Answering | None = None
        self._tunnel: Tunnelling | None = None
        self._parser = ResponseParser()
        self._parser_used = False
        self._reading: int = _Reading.NOTHING
        self._remaining = 0
        self._buffer = b""
        self._response_begun = False
        self.fresh = True
        self.idle_since = 0.0

    def begin(self, exchange: Answering, request: bytes) -> None:
        """Send the beginning of an exchange's request and expect its response."""
        self._exchange = exchange
        self._reading = _Reading.HEAD
        self._response_begun = False
        if self._parser_used:
            self._parser = ResponseParser()
            self._parser_used = False
        self.transport.write(request)

    def drop(self) -> None:
        """Give up on the exchange in progress; the connection cannot be used again."""
        self._exchange = None
        self._reading = _Reading.NOTHING
        self.transport.abort()

    @property
    def usable(self) -> bool:
        """Whether a new exchange may begin on it."""
        return self._reading is _Reading.NOTHING and not self.transport.is_closing()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._tunnel is not None:
            self._tunnel.from_upstream(data)
            return
        exchange = self._exchange
        if exchange is None:
            # Bytes nobody asked for: whose answer would they be?
            self.transport.abort()
            return
        try:
            if self._reading is _Reading.HEAD:
                self._read_head(exchange, data)
            else:
                self._read_body(exchange, data)
        except BadResponseError as error:
            self._fail(exchange, error.sentence)
        except ChunkError as error:
            self._fail(exchange, f"The upstream's chunked body is malformed: {error}")

    def eof_received(self) -> bool:
        """See `asyncio.Protocol`."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._lost(self)
        if self._tunnel is not None:
            self._tunnel.upstream_lost()
            return
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            return
        if self._reading is _Reading.UNTIL_CLOSE and exc is None:
            exchange.complete()
        elif self._response_begun:
            exchange.broken_off()
        else:
            stale = not self.fresh
            cause = tls_cause(exc) if isinstance(exc, ssl.SSLError) else str(exc) if exc else ""
            exchange.failed("The upstream closed the connection without an answer", cause, stale=stale)

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`: the upstream reads more slowly than the client sends."""
        if self._tunnel is not None:
            self._tunnel.pause_client()
        elif self._exchange is not None:
            self._exchange.pause_request()

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        if self._tunnel is not None:
            self._tunnel.resume_client()
        elif self._exchange is not None:
            self._exchange.resume_request()

    # Reading a response

    def _read_head(self, exchange: Answering, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        self._response_begun = True
        while True:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                if len(data) > self._limits.response_head_bytes:
                    raise BadResponseError("The upstream's response head is too large")
                if not data.startswith(_PROTOCOL[: len(data)]):
                    # Not worth waiting for: an end of this head may never come.
                    raise BadResponseError("The upstream does not speak HTTP/1.1")
                self._buffer = data
                return
            end += 4
            head = self._parser.parse(data[:end], to_head_request=exchange.head.method == "HEAD")
            data = data[end:]
            if not head.interim:
                break
            exchange.interim(head)
            if not data:
                return
        if head.status == 101:
            if not exchange.head.upgrade:
                raise BadResponseError("The upstream switches protocols though nobody asked it to")
            self._reading = _Reading.TUNNEL
            self._tunnel = exchange.switch(head, self.transport, data)
            return
        self._read_first_body(exchange, head, data)

    def _read_first_body(self, exchange: Answering, head: ResponseHead, data: bytes) -> None:
        """The head is complete; ``data`` came in the same read and is the beginning of the body."""
        if head.body == CHUNKED:
            self._reading = _Reading.CHUNKS
            exchange.respond(head, b"")
            if data:
                self._read_body(exchange, data)
        elif head.body == UNTIL_CLOSE:
            self._reading = _Reading.UNTIL_CLOSE
            exchange.respond(head, data)
        else:
            self._remaining = head.body - len(data)
            if self._remaining < 0:
                raise BadResponseError("The upstream sent more than its response")
            self._parser_used = head.body > 0 or exchange.head.method == "HEAD"
            if 0 < head.body == len(data) <= _SHORT_BODY:
                self._parser.skip(data)
                self._parser_used = False
            self._reading = _Reading.LENGTH
            exchange.respond(head, data)
            if self._remaining == 0:
                self._complete(exchange)

    def _read_body(self, exchange: Answering, data: bytes) -> None:
        if self._reading is _Reading.LENGTH:
            self._remaining -= len(data)
            if self._remaining < 0:
                raise BadResponseError("The upstream sent more than its response")
            exchange.data(data)
            if self._remaining == 0:
                self._complete(exchange)
        elif self._reading is _Reading.CHUNKS:
            if exchange.wants_payload_only:
                payload: list[bytes] = []
                complete = self._parser.follow_chunks(data, payload)
                data = b"".join(payload)
            else:
                complete = self._parser.follow_chunks(data)
            exchange.data(data)
            if complete:
                self._complete(exchange)
        else:
            exchange.data(data)

    def _complete(self, exchange: Answering) -> None:
        self._exchange = None
        self._reading = _Reading.NOTHING
        self.fresh = False
        if exchange.upstream_reusable:
            self._rest(self)
        else:
            self.transport.close()
        exchange.complete()

    def _fail(self, exchange: Answering, sentence: str) -> None:
        self.drop()
        exchange.bad_response(sentence)

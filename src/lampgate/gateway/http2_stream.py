"""One stream of HTTP/2, as the transport of a client connection that speaks HTTP/1.1.

What the client connection writes is taken apart again into a header section and data. Both directions have bounds:
data waits here for the browser's window, and the browser's window stays closed while the client connection does not
read.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, cast

from lampgate.wire.chunks import LAST_CHUNK, chunk
from lampgate.wire.head import CHUNKED, UNTIL_CLOSE
from lampgate.wire.http2_heads import StreamRequest, response_headers
from lampgate.wire.response_parser import ResponseParser

#: Bytes that wait for the browser's window before the upstream is paused, and from which it goes on.
_HIGH_WATER, _LOW_WATER = 64 * 1024, 16 * 1024


class Multiplexed(Protocol):
    """The connection of HTTP/2, as its streams see it."""

    def headers(self, stream_id: int, headers: list[tuple[bytes, bytes]], *, ended: bool) -> None:
        """Send a header section."""
        ...

    def has_data(self, stream: Http2Stream) -> None:
        """There is something to send, when the windows allow it."""
        ...

    def consumed(self, stream_id: int, length: int) -> None:
        """So many bytes of a request's body have been taken, with their padding."""
        ...

    def reset(self, stream: Http2Stream) -> None:
        """The answer cannot be completed."""
        ...

    def over(self, stream: Http2Stream) -> None:
        """Everything is sent, or nothing more will be."""
        ...


class Http2Stream(asyncio.Transport):
    """See the module.

    :param make: makes the client connection.
    :param extra: answers `get_extra_info` for the connection that the stream is part of.
    :ivar request_ended: the browser has sent all of its request.
    :ivar ended: all of the answer is here; it is complete once `queue` is empty.
    """

    def __init__(
        self,
        connection: Multiplexed,
        stream_id: int,
        request: StreamRequest,
        make: Callable[[], asyncio.Protocol],
        extra: Callable[[str], Any],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__()
        self.id = stream_id
        self.queue: deque[memoryview] = deque()
        self.request_ended = False
        self.ended = False
        self._connection = connection
        self._request = request
        self._extra = extra
        self._loop = loop
        self._protocol: asyncio.Protocol | None = make()
        self._queued = 0
        self._writing_paused = False
        self._reading_paused = False
        self._held_back: list[tuple[bytes, int]] = []
        self._head = b""
        self._parser: ResponseParser | None = None
        self._left = 0
        self._closing = False

    def begin(self, *, ended: bool) -> None:
        """Hand the request's head over."""
        protocol = self._protocol
        if protocol is None:
            return
        protocol.connection_made(self)
        if not self._closing:
            protocol.data_received(self._request.block)
        if ended:
            self.request_ended = True

    def body(self, data: bytes, length: int) -> None:
        """Bytes of the request's body.

        :param length: what they have taken of the window.
        """
        if self._reading_paused:
            self._held_back.append((data, length))
            return
        self._deliver(data)
        self._connection.consumed(self.id, length)

    def body_end(self) -> None:
        """The request is complete."""
        self.request_ended = True
        if not self._held_back:
            self._deliver_end()

    def lost(self) -> None:
        """The browser has given the stream up, or the connection is gone."""
        self._closing = True
        self.queue.clear()
        self._held_back.clear()
        self._detach()

    def take(self, most: int) -> bytes:
        """Up to so many bytes to send now."""
        first = self.queue[0]
        taken, rest = first[:most], first[most:]
        if rest:
            self.queue[0] = rest
        else:
            self.queue.popleft()
        self._queued -= len(taken)
        if self._writing_paused and self._queued <= _LOW_WATER:
            self._writing_paused = False
            if self._protocol is not None:
                self._protocol.resume_writing()
        return bytes(taken)

    # What the client connection asks of its transport

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """See `asyncio.BaseTransport`."""
        found = self._extra(name)
        return default if found is None else found

    def is_closing(self) -> bool:
        """See `asyncio.BaseTransport`."""
        return self._closing

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """See `asyncio.BaseTransport`."""
        self._protocol = cast("asyncio.Protocol", protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """See `asyncio.BaseTransport`."""
        return self._protocol or asyncio.Protocol()

    def can_write_eof(self) -> bool:
        """See `asyncio.WriteTransport`: the end of an answer ends the stream anyway."""
        return False

    def get_write_buffer_size(self) -> int:
        """See `asyncio.WriteTransport`."""
        return self._queued

    def pause_reading(self) -> None:
        """See `asyncio.ReadTransport`."""
        self._reading_paused = True

    def resume_reading(self) -> None:
        """See `asyncio.ReadTransport`."""
        self._reading_paused = False
        while self._held_back and not self._reading_paused:
            data, length = self._held_back.pop(0)
            self._deliver(data)
            self._connection.consumed(self.id, length)
        if self.request_ended and not self._held_back:
            self._deliver_end()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """See `asyncio.WriteTransport`: bytes of an answer of HTTP/1.1."""
        if self._closing or self.ended:
            return
        received = bytes(data)
        if self._parser is None:
            self._head += received
            received = self._take_head()
        if self._parser is not None and received:
            self._take_body(received)

    def close(self) -> None:
        """See `asyncio.BaseTransport`."""
        if self._closing:
            return
        self._closing = True
        if self._left == UNTIL_CLOSE:
            self.ended = True
            self._connection.has_data(self)
        elif not self.ended:
            self._connection.reset(self)
        self._loop.call_soon(self._detach)

    def abort(self) -> None:
        """See `asyncio.WriteTransport`."""
        self.queue.clear()
        # Complete, but not sent, is no answer either.
        self.ended = False
        self._left = 0
        self._closing = True
        self._connection.reset(self)
        self._loop.call_soon(self._detach)

    # Inside

    def _deliver(self, data: bytes) -> None:
        if self._protocol is not None and not self._closing:
            self._protocol.data_received(chunk([data]) if self._request.is_chunked else data)

    def _deliver_end(self) -> None:
        if self._request.is_chunked and self._protocol is not None and not self._closing:
            # Once: whatever comes behind would be another request.
            protocol, self._request = self._protocol, StreamRequest(self._request.method, b"", is_chunked=False)
            protocol.data_received(LAST_CHUNK)

    def _take_head(self) -> bytes:
        """Send the head once it is complete; returns the bytes behind it."""
        while (end := self._head.find(b"\r\n\r\n") + 4) >= 4:
            block, rest = self._head[:end], self._head[end:]
            parser = ResponseParser()
            head = parser.parse(block, to_head_request=self._request.method == b"HEAD")
            headers = response_headers(head.status, block)
            if head.interim:
                self._connection.headers(self.id, headers, ended=False)
                self._head = rest
                continue
            self._head = b""
            self._parser = parser
            self._left = head.body
            self.ended = head.body == 0
            self._connection.headers(self.id, headers, ended=self.ended)
            if self.ended:
                self._complete()
            return rest
        return b""

    def _take_body(self, data: bytes) -> None:
        if self.ended or self._parser is None:
            return
        if self._left == CHUNKED:
            payload: list[bytes] = []
            self.ended = self._parser.follow_chunks(data, payload)
            data = b"".join(payload)
        elif self._left != UNTIL_CLOSE:
            self._left -= len(data)
            self.ended = self._left == 0
        if data:
            self.queue.append(memoryview(data))
            self._queued += len(data)
        self._connection.has_data(self)
        if self.ended:
            self._complete()
        elif self._queued > _HIGH_WATER and not self._writing_paused and self._protocol is not None:
            self._writing_paused = True
            self._protocol.pause_writing()

    def _complete(self) -> None:
        """The answer is all here: the client connection has done its work, whatever is still to be sent."""
        self._loop.call_soon(self._detach)

    def _detach(self) -> None:
        protocol, self._protocol = self._protocol, None
        self._closing = True
        if protocol is not None:
            protocol.connection_lost(None)
            self._connection.over(self)

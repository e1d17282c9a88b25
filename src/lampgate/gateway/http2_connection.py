"""A browser's connection that speaks HTTP/2 (RFC 9113): many requests at once, each judged like one of HTTP/1.1.

The library `h2` does the framing, header compression and the protocol's state. Here are flow control, fairness, and
what a client may not do too often. WebSockets stay on HTTP/1.1: extended CONNECT (RFC 8441) is not offered, so
browsers open a connection of their own for them. Trailers of requests are dropped, as on HTTP/1.1.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    PingReceived,
    PriorityUpdated,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

from lampgate.gateway.client_connection import ClientConnection
from lampgate.gateway.data_path import DataPath
from lampgate.gateway.http2_budget import Budget
from lampgate.gateway.http2_stream import Http2Stream
from lampgate.wire.http2_heads import MalformedStreamError, request_of

#: Requests at a time on one connection.
MOST_STREAMS = 100
#: Bytes of request bodies that may be under way on a connection: as many as sixteen stalled uploads can hold.
_CONNECTION_WINDOW = 1024 * 1024
#: Streams that come to nothing: given up by the client, or malformed. Closing a tab gives up all of them.
_RESETS = (300.0, 20.0)
#: Frames that carry nothing: pings, settings, priorities, empty data.
_EMPTY_FRAMES = (1000.0, 100.0)


class Http2Connection(asyncio.Protocol):
    """The downstream side of the data path for HTTP/2.

    :param peer: the client's address as a proxy in front has told it; None: whoever is connected.
    """

    def __init__(self, path: DataPath, peer: str | None = None) -> None:
        self._path = path
        self._loop = path.loop
        self._transport: asyncio.Transport
        self._told_peer = peer
        self._peer = ""
        config = H2Configuration(
            client_side=False,
            header_encoding=None,
            # What is sent has been judged already, and is in lower case.
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self._h2 = H2Connection(config)
        self._streams: dict[int, Http2Stream] = {}
        #: Streams that have something to send, in the order of their turns.
        self._ready: OrderedDict[int, Http2Stream] = OrderedDict()
        self._resets = Budget(*_RESETS)
        self._empty_frames = Budget(*_EMPTY_FRAMES)
        self._deadline = 0.0
        self._writable = True
        self._flushing = False
        self._draining = False
        self._last_stream = 0
        self._lost = False

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._peer = self._told_peer or (peer[0] if isinstance(peer, tuple) else "")
        limits = self._path.limits
        self._deadline = self._loop.time() + limits.head_timeout
        if not self._path.connection_opened(self, self._peer):
            self._transport.close()
            return
        self._h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: MOST_STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: limits.head_bytes,
                SettingCodes.ENABLE_PUSH: 0,
            },
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_CONNECTION_WINDOW - self._h2.inbound_flow_control_window)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it was lost, it is
        """See `asyncio.Protocol`."""
        self._lost = True
        self._path.connection_closed(self, self._peer)
        for stream in tuple(self._streams.values()):
            stream.lost()
        self._streams.clear()
        self._ready.clear()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._transport.is_closing():
            return
        try:
            for event in self._h2.receive_data(data):
                self._handle(event)
        except ProtocolError:
            # h2 has queued what the client is told (RFC 9113 section 5.4.1).
            self._path.metrics.bad_requests["http2"] += 1
            self._end()
        else:
            self._pump()

    def eof_received(self) -> bool:
        """See `asyncio.Protocol`."""
        return False

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`. Who does not read is not read from, or its pings would pile up as answers."""
        self._writable = False
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self._writable = True
        self._transport.resume_reading()
        self._pump()

    # What the server asks

    def sweep(self, now: float) -> None:
        """Called once a second: a connection without requests ends after a while."""
        if not self._streams and self._deadline and now >= self._deadline:
            self._go_away()
            self._transport.close()

    def drain(self) -> None:
        """The process is stopping: no new requests, and the end behind the last answer."""
        if not self._draining:
            self._draining = True
            self._go_away()
        self._close_when_done()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    # What the streams ask

    def headers(self, stream_id: int, headers: list[tuple[bytes, bytes]], *, ended: bool) -> None:
        """See `Multiplexed.headers`."""
        try:
            self._h2.send_headers(stream_id, headers, end_stream=ended)
        except (StreamClosedError, ProtocolError):
            # The browser has given it up in the meantime.
            return
        self._flush_soon()

    def has_data(self, stream: Http2Stream) -> None:
        """See `Multiplexed.has_data`."""
        self._ready[stream.id] = stream
        self._flush_soon()

    def consumed(self, stream_id: int, length: int) -> None:
        """See `Multiplexed.consumed`."""
        if length and not self._lost:
            self._h2.acknowledge_received_data(length, stream_id)
            self._flush_soon()

    def reset(self, stream: Http2Stream) -> None:
        """See `Multiplexed.reset`."""
        self._reset(stream.id, ErrorCodes.INTERNAL_ERROR)
        self._forget(stream.id)

    def over(self, stream: Http2Stream) -> None:
        """See `Multiplexed.over`."""
        if stream.id not in self._ready:
            self._finish(stream)

    # Inside

    def _handle(self, event: Event) -> None:
        match event:
            case RequestReceived():
                self._begin(event)
            case DataReceived():
                self._body(event)
            case StreamEnded(stream_id=stream_id):
                if (stream := self._streams.get(_number(stream_id))) is not None and not stream.request_ended:
                    stream.body_end()
            case StreamReset(stream_id=stream_id):
                stream = self._streams.get(_number(stream_id))
                if stream is not None:
                    self._forget(stream.id)
                    stream.lost()
                self._spend(self._resets)
            case PingReceived() | RemoteSettingsChanged() | PriorityUpdated() | TrailersReceived():
                self._spend(self._empty_frames)
            case ConnectionTerminated():
                self._draining = True
                self._close_when_done()
            case WindowUpdated():
                pass

    def _begin(self, event: RequestReceived) -> None:
        stream_id = _number(event.stream_id)
        if self._draining:
            # Behind the last one that was promised: the browser sends it again elsewhere.
            self._reset(stream_id, ErrorCodes.REFUSED_STREAM)
            return
        self._last_stream = stream_id
        ended = event.stream_ended is not None
        headers = [(bytes(name), bytes(value)) for name, value in event.headers or ()]
        try:
            request = request_of(headers, ended=ended)
        except MalformedStreamError:
            self._path.metrics.bad_requests["http2"] += 1
            self._reset(stream_id, ErrorCodes.PROTOCOL_ERROR)
            self._spend(self._resets)
            return
        stream = Http2Stream(
            self,
            stream_id,
            request,
            lambda: ClientConnection(self._path, self._peer),
            self._transport.get_extra_info,
            self._loop,
        )
        self._streams[stream_id] = stream
        stream.begin(ended=ended)

    def _body(self, event: DataReceived) -> None:
        length = event.flow_controlled_length or 0
        data = event.data or b""
        stream = self._streams.get(_number(event.stream_id))
        if not data and event.stream_ended is None:
            self._spend(self._empty_frames)
        if stream is None or not data:
            self.consumed(_number(event.stream_id), length)
        else:
            stream.body(data, length)

    def _pump(self) -> None:
        """Send what the windows allow, a frame of each stream in turn."""
        sent = True
        while sent:
            sent = False
            for stream_id, stream in tuple(self._ready.items()):
                sent = self._send_frame(stream_id, stream) or sent
                self._flush()
        self._flush()

    def _send_frame(self, stream_id: int, stream: Http2Stream) -> bool:
        """Send one frame of a stream, if there is room for one."""
        if not self._writable or self._lost:
            return False
        try:
            room = min(self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size)
            if stream.queue and room <= 0:
                return False
            data = stream.take(room) if stream.queue else b""
            is_last = stream.ended and not stream.queue
            if data or is_last:
                self._h2.send_data(stream_id, data, end_stream=is_last)
        except (StreamClosedError, ProtocolError):
            self._forget(stream_id)
            stream.lost()
            return True
        if not stream.queue:
            self._ready.pop(stream_id, None)
        else:
            self._ready.move_to_end(stream_id)
        if is_last:
            self._finish(stream)
        return True

    def _finish(self, stream: Http2Stream) -> None:
        """The answer is sent. A request that is still being sent is of no use any more (RFC 9113 section 8.1)."""
        if self._streams.get(stream.id) is stream and stream.ended:
            self._forget(stream.id)
            if not stream.request_ended:
                self._reset(stream.id, ErrorCodes.NO_ERROR)

    def _forget(self, stream_id: int) -> None:
        self._ready.pop(stream_id, None)
        self._streams.pop(stream_id, None)
        if not self._streams:
            self._deadline = self._loop.time() + self._path.limits.idle_timeout
            self._close_when_done()

    def _reset(self, stream_id: int, code: ErrorCodes) -> None:
        try:
            self._h2.reset_stream(stream_id, code)
        except (StreamClosedError, ProtocolError):
            return
        self._flush_soon()

    def _spend(self, budget: Budget) -> None:
        """Something has happened that may not happen too often.

        :raises ProtocolError: it has.
        """
        if not budget.spend(self._loop.time()):
            self._path.metrics.limits["http2_flood"] += 1
            self._h2.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
            raise ProtocolError("too many frames that lead to nothing")

    def _go_away(self) -> None:
        """Say that no more requests are taken, and that those under way are answered."""
        # Not h2's: after that it would let nothing more be sent.
        self._flush()
        if not self._transport.is_closing():
            self._transport.write(GoAwayFrame(0, last_stream_id=self._last_stream).serialize())

    def _close_when_done(self) -> None:
        if self._draining and not self._streams and not self._lost:
            self._flush()
            self._transport.close()

    def _end(self) -> None:
        self._flush()
        self._transport.close()
        for stream in tuple(self._streams.values()):
            self._forget(stream.id)
            stream.lost()

    def _flush_soon(self) -> None:
        """What happens in one turn of the loop goes out together."""
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush_now)

    def _flush_now(self) -> None:
        self._flushing = False
        if not self._lost:
            self._pump()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)


def _number(stream_id: int | None) -> int:
    """h2's events leave it open in their types; each has one."""
    return stream_id or 0

"""A client of HTTP/2 that a test drives by hand: the library h2 on the other side of a real TLS connection."""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from dataclasses import dataclass, field
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from hyperframe.frame import Frame, GoAwayFrame

PATIENCE = 5.0


@dataclass
class StreamAnswer:
    """What has come of a stream so far."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    interim: list[int] = field(default_factory=list)
    ended: bool = False
    reset: int | None = None


class Http2Client:
    """One connection. Data is acknowledged as it comes, unless `greedy` is off."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, validate: bool = True) -> None:
        self.h2 = H2Connection(
            H2Configuration(
                client_side=True,
                header_encoding="latin-1",
                validate_outbound_headers=validate,
                normalize_outbound_headers=validate,
            )
        )
        self.answers: defaultdict[int, StreamAnswer] = defaultdict(StreamAnswer)
        self.greedy = True
        self.gone: int | None = None
        self.last_stream: int | None = None
        self.closed = False
        self._reader = reader
        self.writer = writer
        self.h2.initiate_connection()
        self.flush()
        self._reading = asyncio.create_task(self._read())
        self._news = asyncio.Event()

    @classmethod
    async def connect(
        cls, port: int, context: ssl.SSLContext, name: str = "dash.example", *, validate: bool = True
    ) -> Http2Client:
        context.set_alpn_protocols(["h2", "http/1.1"])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
        chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        assert chosen == "h2", chosen
        return cls(reader, writer, validate=validate)

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    def sends(
        self, *headers: tuple[str, str], method: str = "GET", path: str = "/x", cookie: str = "", ended: bool = True
    ) -> int:
        """A request's head; returns its stream."""
        stream = self.h2.get_next_available_stream_id()
        pseudo = [(":method", method), (":path", path), (":scheme", "https"), (":authority", "dash.example")]
        cookies = [("cookie", part) for part in cookie.split("; ")] if cookie else []
        self.h2.send_headers(stream, [*pseudo, *cookies, *headers], end_stream=ended)
        self.flush()
        return stream

    def sends_raw(self, headers: list[tuple[str, str]], *, ended: bool = True) -> int:
        """A head of which nothing is put right."""
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, headers, end_stream=ended)
        self.flush()
        return stream

    def data(self, stream: int, data: bytes, *, ended: bool = False) -> None:
        self.h2.send_data(stream, data, end_stream=ended)
        self.flush()

    async def uploads(self, stream: int, data: bytes) -> None:
        """A body of any length, as the windows allow it."""
        while data:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(data))
            if room:
                self.data(stream, data[:room])
                data = data[room:]
            else:
                await self.news()
        self.data(stream, b"", ended=True)

    def resets(self, stream: int) -> None:
        self.h2.reset_stream(stream, ErrorCodes.CANCEL)
        self.flush()

    async def news(self) -> None:
        """Wait until something has come."""
        self._news.clear()
        await asyncio.wait_for(self._news.wait(), PATIENCE)

    async def answer(self, stream: int) -> StreamAnswer:
        """The whole answer, or what has become of it."""
        answer = self.answers[stream]
        while not answer.ended and answer.reset is None and not self.closed:
            await self.news()
        return answer

    async def end(self) -> None:
        """Wait until the gateway has closed the connection."""
        while not self.closed:
            await self.news()

    async def aclose(self) -> None:
        self.writer.close()
        self._reading.cancel()
        await asyncio.wait([self._reading])

    async def _read(self) -> None:
        try:
            while True:
                header = await self._reader.readexactly(9)
                frame, length = Frame.parse_frame_header(memoryview(header))
                body = await self._reader.readexactly(length)
                if isinstance(frame, GoAwayFrame):
                    # h2 would take nothing more, although what is under way is still answered.
                    frame.parse_body(memoryview(body))
                    self.gone, self.last_stream = frame.error_code, frame.last_stream_id
                else:
                    for event in self.h2.receive_data(header + body):
                        self._note(event)
                    self.flush()
                self._news.set()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.closed = True
            self._news.set()

    def _note(self, event: object) -> None:
        match event:
            case InformationalResponseReceived():
                self.answers[event.stream_id].interim.append(int(_text(event.headers)[":status"]))
            case ResponseReceived():
                fields = _text(event.headers)
                self.answers[event.stream_id].status = int(fields.pop(":status"))
                self.answers[event.stream_id].headers = fields
            case DataReceived():
                self.answers[event.stream_id].body += event.data
                if self.greedy:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case StreamEnded():
                self.answers[event.stream_id].ended = True
            case StreamReset():
                self.answers[event.stream_id].reset = int(event.error_code)


def _text(headers: object) -> dict[str, str]:
    # With header_encoding they are texts, which h2's types do not know.
    return dict(cast("list[tuple[str, str]]", headers))

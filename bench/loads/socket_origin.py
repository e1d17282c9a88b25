"""`python -m bench.loads.socket_origin PORT`: accepts every WebSocket, and streams a log. Cheap, and nothing else.

``GET /stream`` answers with 64 MiB of log lines in chunks, as fast as they are taken. Every WebSocket is accepted; a
close frame is answered with one, and then the connection ends.
"""

from __future__ import annotations

import asyncio
import sys
from base64 import b64encode
from hashlib import sha1
from typing import cast

import uvloop

STREAM_BYTES = 64 * 1024 * 1024
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LINE = b"2026-11-23T12:00:00.000000000Z stdout F a line of a log that somebody follows all day\n"
_CHUNK = (_LINE * 200)[:16384]
_FRAMED = b"%x\r\n%s\r\n" % (len(_CHUNK), _CHUNK)


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = b""
        self._is_websocket = False
        self._left = 0
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._is_websocket:
            # A client's close frame is masked: 0x88, 0x80 + length, mask. Pings are not sent to an origin.
            if data[0] == 0x88:
                self._transport.write(b"\x88\x02\x03\xe8")
                self._transport.close()
            return
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if b"sec-websocket-key" in fields:
            key = next(
                line.split(b": ", 1)[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-k")
            )
            accept = b64encode(sha1(key + _MAGIC).digest())  # noqa: S324 - RFC 6455 wants it
            self._is_websocket = True
            self._transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
        elif head.startswith(b"GET /stream"):
            self._transport.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            self._left = STREAM_BYTES
            self._stream()
        else:
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def _stream(self) -> None:
        while self._left > 0 and not self._paused:
            self._transport.write(_FRAMED)
            self._left -= len(_CHUNK)
            if self._left <= 0:
                self._transport.write(b"0\r\n\r\n")

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._stream()


async def main(port: int) -> None:
    """Serve until ended."""
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))

"""WebSockets as a proxy sees them (RFC 6455): the handshake's shape, and where frames begin and end.

Payloads are never looked at. The boundaries are followed only so that the gateway can end a conversation in order:
a close frame may not be put into the middle of somebody else's frame.
"""

from __future__ import annotations

import re
import struct

from lampgate.wire.head import RequestHead
from lampgate.wire.request_parser import BadRequestError

#: RFC 6455 section 4.2.1 item 5: base64 of 16 bytes.
_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")

#: Registered close codes (section 7.4.1) and the gateway's own, from the range for applications.
CLOSE_GOING_AWAY = 1001
CLOSE_SERVICE_RESTART = 1012
CLOSE_SESSION_ENDED = 4401


def check_handshake(head: RequestHead) -> None:
    """Refuse an upgrade request that is not a WebSocket handshake of RFC 6455.

    :raises BadRequestError: 400; 426 for another version of the protocol.
    """
    if head.method != "GET" or head.version != "1.1":
        raise BadRequestError("A WebSocket handshake is a GET request with HTTP/1.1")
    if head.first(b"sec-websocket-version") != b"13":
        raise BadRequestError("Only version 13 of the WebSocket protocol is spoken here", 426)
    if not _KEY.fullmatch(head.first(b"sec-websocket-key")):
        raise BadRequestError("The WebSocket handshake has no valid key")


#: An empty ping (section 5.5.2). The browser's pong goes on to the upstream, where an unsolicited pong means nothing
#: (section 5.5.3).
PING_FRAME = b"\x89\x00"


def close_frame(code: int, reason: str, *, mask: bytes = b"") -> bytes:
    """A close frame (section 5.5.1).

    :param mask: four bytes for a frame towards a server (section 5.3); empty towards a browser.
    """
    payload = struct.pack("!H", code) + reason.encode("utf-8")[:123]
    if not mask:
        return bytes((0x88, len(payload))) + payload
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return bytes((0x88, 0x80 | len(payload))) + mask + masked


class FrameFollower:
    """Follows one direction of a WebSocket from frame to frame (section 5.2).

    `at_boundary` says whether the bytes seen so far end with a complete frame.
    """

    __slots__ = ("_header", "_remaining", "closed")

    def __init__(self) -> None:
        self._header = b""
        self._remaining = 0
        #: A close frame has passed: nothing may follow it in this direction.
        self.closed = False

    @property
    def at_boundary(self) -> bool:
        """Whether a frame of the gateway's own may follow here."""
        return not self._remaining and not self._header

    def follow(self, data: bytes) -> int:
        """Take note of ``data`` that is being forwarded.

        :returns: the offset behind the first frame that ends in ``data``: a frame of the gateway's own may be put
            there. -1 where no frame ends in it.
        """
        end = len(data)
        position = self._remaining
        if position > end:
            self._remaining -= end
            return -1
        first = position if position else -1
        self._remaining = 0
        while position < end:
            header = self._header + data[position : position + 14 - len(self._header)]
            length = _frame_header_length(header)
            if length is None or len(header) < length:
                self._header = header
                return first
            position += length - len(self._header) + _payload_length(header)
            self._header = b""
            if header[0] & 0x0F == 0x8:
                self.closed = True
            if first < 0 and position <= end:
                first = position
        self._remaining = position - end
        return first


def _frame_header_length(header: bytes) -> int | None:
    if len(header) < 2:
        return None
    short = header[1] & 0x7F
    extended = 2 if short == 126 else 8 if short == 127 else 0
    return 2 + extended + (4 if header[1] & 0x80 else 0)


def _payload_length(header: bytes) -> int:
    short = header[1] & 0x7F
    if short == 126:
        return int.from_bytes(header[2:4], "big")
    if short == 127:
        return int.from_bytes(header[2:10], "big")
    return short

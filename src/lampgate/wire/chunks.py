"""Following a chunked body to its end (RFC 9112 section 7.1), for requests and responses alike.

llhttp reads the chunks; this is what its callbacks have in common on both sides.
"""

from __future__ import annotations

from typing import Any

import httptools


class ChunkFollower:
    """Base of the two parsers: knows where a chunked body ends.

    The llhttp object that parsed the head goes on to parse the chunks, so a subclass sets ``_parser``.
    """

    __slots__ = ("_begun", "_complete", "_parser", "_payload", "_tail")

    _parser: Any

    def __init__(self) -> None:
        self._begun = 0
        self._complete = False
        self._payload: list[bytes] | None = None
        #: The last bytes of what came before, in which the body's end may begin.
        self._tail = b""

    def follow_to_end(self, data: bytes, payload: list[bytes]) -> int:
        """Follow the body through ``data``, behind which there may be something else.

        :param payload: the body's bytes without the framing are appended to it.
        :returns: the offset behind the body's end; -1 where it goes on behind ``data``.
        :raises ChunkError: bad framing.
        """
        # llhttp does not say where a message ends, but it always does behind an empty line: so it is fed up to each.
        text = self._tail + data
        start = 0
        position = text.find(_EMPTY_LINE)
        while position >= 0:
            end = position + len(_EMPTY_LINE) - len(self._tail)
            if self.follow_chunks(data[start:end], payload):
                self._tail = b""
                return end
            start = end
            position = text.find(_EMPTY_LINE, position + 1)
        if start < len(data):
            self.follow_chunks(data[start:], payload)
        self._tail = text[1 - len(_EMPTY_LINE) :]
        return -1

    def follow_chunks(self, data: bytes, payload: list[bytes] | None = None) -> bool:
        """Follow the body through ``data``.

        :param payload: where given, the body's bytes without the framing are appended to it.
        :returns: whether the body is complete with these bytes.
        :raises ChunkError: bad framing, or bytes behind the end of the body.
        """
        self._payload = payload
        self._begun = 0
        self._complete = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise ChunkError(str(error)) from None
        if self._begun:
            raise ChunkError("bytes behind the end of the body")
        return self._complete

    def on_message_begin(self) -> None:
        """Called by llhttp."""
        self._begun += 1

    def on_body(self, body: bytes) -> None:
        """Called by llhttp with the payload of chunks."""
        if self._payload is not None:
            self._payload.append(body)

    def on_message_complete(self) -> None:
        """Called by llhttp at the end of a message."""
        self._complete = True


class ChunkError(Exception):
    """The chunked framing is broken; whose fault it is, the caller knows."""


def chunk(payload: list[bytes]) -> bytes:
    """``payload`` as one chunk; empty for no bytes (an empty chunk would be the end)."""
    length = sum(map(len, payload))
    return b"%x\r\n%b\r\n" % (length, b"".join(payload)) if length else b""


LAST_CHUNK = b"0\r\n\r\n"
_EMPTY_LINE = b"\r\n\r\n"

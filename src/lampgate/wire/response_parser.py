"""From the bytes of an upstream's response head to a `ResponseHead`, or a refusal.

llhttp parses; see `lampgate.wire.request_parser` for the division of labour. A malformed response is the upstream's
fault and becomes a 502; nothing of it is forwarded.
"""

from __future__ import annotations

from typing import ClassVar

import httptools

from lampgate.errors import LampgateError
from lampgate.wire.chunks import ChunkFollower
from lampgate.wire.head import CHUNKED, UNTIL_CLOSE, Header, ResponseHead, fold


class BadResponseError(LampgateError):
    """The upstream's bytes are not a response that can be forwarded."""

    code: ClassVar[str] = "upstream.malformed-response"


class ResponseParser(ChunkFollower):
    """Parses one response: first its head, then, if its body is chunked, the chunks up to their end.

    A body of known length is counted by the caller and not given to llhttp, which would copy it.
    """

    __slots__ = ("_headers", "_reason")

    def __init__(self) -> None:
        super().__init__()
        self._headers: list[Header] = []
        self._reason = b""
        self._parser = httptools.HttpResponseParser(self)

    def parse(self, block: bytes, *, to_head_request: bool) -> ResponseHead:
        """The head in ``block``, which ends with the first empty line.

        :param to_head_request: the request's method was HEAD, so no body follows whatever the head says.
        :raises BadResponseError: malformed, or not HTTP/1.x.
        """
        self._headers = []
        self._reason = b""
        try:
            self._parser.feed_data(block)
        except httptools.HttpParserUpgrade:
            pass
        except httptools.HttpParserError as error:
            raise BadResponseError(f"The upstream's response head is malformed: {error}") from None
        status = self._parser.get_status_code()
        if self._parser.get_http_version() not in ("1.1", "1.0"):
            raise BadResponseError("The upstream does not speak HTTP/1.1")
        head = ResponseHead(status, self._reason, self._headers, keep_alive=self._parser.should_keep_alive())
        head.body = 0 if to_head_request or status < 200 or status in (204, 304) else _body(self._headers)
        if head.body == UNTIL_CLOSE:
            head.keep_alive = False
        return head

    def on_status(self, reason: bytes) -> None:
        """Called by llhttp with the reason phrase."""
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by llhttp for each header line, and for each trailer line."""
        self._headers.append((fold(name), name, value.strip(b" \t")))


def _body(headers: list[Header]) -> int:
    length = UNTIL_CLOSE
    for folded, _name, value in headers:
        if folded == b"transfer-encoding":
            if value.lower() != b"chunked":
                raise BadResponseError("The upstream uses a transfer coding other than chunked")
            return CHUNKED
        if folded == b"content-length":
            if not value.isdigit() or len(value) > 18:
                raise BadResponseError("The upstream's Content-Length is not a number")
            length = int(value)
    return length

"""From the bytes of an upstream's response head to a `ResponseHead`, or a refusal.

llhttp judges the head as a whole; see `lampgate.wire.request_parser` for the division of labour. A head that it
found good consists of lines that end in CRLF, without folded ones, so the few lines that mean something to a proxy
can be found in it by their names, and everything else is forwarded without being taken apart (a callback for each
header would cost as much as all the rest). A malformed response is the upstream's fault and becomes a 502; nothing
of it is forwarded.
"""

from __future__ import annotations

import re
from typing import ClassVar

import httptools

from lampgate.errors import LampgateError
from lampgate.wire.chunks import ChunkFollower
from lampgate.wire.head import CHUNKED, UNTIL_CLOSE, ResponseHead, SpecialLine

#: Framing, hop-by-hop headers (RFC 9110 section 7.6.1) and cookies, in a head in lower case. llhttp lets no white
#: space stand before a colon, so the name ends there.
_SPECIAL = re.compile(
    rb"\r\n(con(?:nection|tent-length)|http2-settings|keep-alive|proxy-(?:authenticate|authorization"
    rb"|connection)|set-cookie|t(?:e|railer|ransfer-encoding)|upgrade):([^\r]*)"
)


class BadResponseError(LampgateError):
    """The upstream's bytes are not a response that can be forwarded."""

    code: ClassVar[str] = "upstream.malformed-response"


class ResponseParser(ChunkFollower):
    """Parses one response: first its head, then, if its body is chunked, the chunks up to their end.

    A body of known length is counted by the caller and not given to llhttp, which would copy it.
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        self._parser = httptools.HttpResponseParser(self)

    def parse(self, block: bytes, *, to_head_request: bool) -> ResponseHead:
        """The head in ``block``, which ends with the first empty line.

        :param to_head_request: the request's method was HEAD, so no body follows whatever the head says.
        :raises BadResponseError: malformed, or not HTTP/1.x.
        """
        parser = self._parser
        try:
            parser.feed_data(block)
        except httptools.HttpParserUpgrade:
            pass
        except httptools.HttpParserError as error:
            raise BadResponseError(f"The upstream's response head is malformed: {error}") from None
        if not block.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")):
            raise BadResponseError("The upstream does not speak HTTP/1.1")
        status = parser.get_status_code()
        # Not llhttp's word for it: it has forgotten by the time that a message without a body is complete.
        head = ResponseHead(status, block, keep_alive=block.startswith(b"HTTP/1.1 "))
        body = UNTIL_CLOSE
        for match in _SPECIAL.finditer(block.lower()):
            name = match[1]
            start, end = match.span()
            value = block[match.start(2) : end].strip(b" \t")
            head.special.append(SpecialLine(start, end, name, value))
            if name == b"content-length":
                body = _length(value)
                head.told_length = value
            elif name == b"transfer-encoding":
                if value.lower() != b"chunked":
                    raise BadResponseError("The upstream uses a transfer coding other than chunked")
                body = CHUNKED
            elif name == b"connection":
                options = {option.strip() for option in value.lower().split(b",")}
                head.keep_alive = b"close" not in options and (head.keep_alive or b"keep-alive" in options)
        head.body = 0 if to_head_request or status < 200 or status in (204, 304) else body
        if head.body == UNTIL_CLOSE:
            head.keep_alive = False
        return head

    def skip(self, body: bytes) -> None:
        """Let a short body pass that came whole with its head, so that this parser can read the next head.

        Making a new one costs more than copying a few kilobytes.
        """
        self._parser.feed_data(body)


def _length(value: bytes) -> int:
    # llhttp has refused everything but digits and overflow; this keeps it true if that ever changes.
    if not value.isdigit() or len(value) > 18:
        raise BadResponseError("The upstream's Content-Length is not a number")
    return int(value)

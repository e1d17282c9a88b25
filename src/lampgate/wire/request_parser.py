"""From the bytes of a request head to a `RequestHead`, or a refusal.

llhttp (through httptools) does the parsing and is strict: bare LF, NUL, folded lines, white space before a colon,
both ``Content-Length`` and ``Transfer-Encoding``, and lengths that are not plain digits end in an error there. This
module adds what llhttp leaves to its user: one ``Host``, no repeated singletons, HTTP/1.0 and 1.1 only, ``chunked``
as the only transfer coding, no CONNECT.

It is given exactly one head, up to and including the empty line. What follows a head belongs to the caller, so that
pipelined bytes are never looked at before their turn.
"""

from __future__ import annotations

from typing import ClassVar

import httptools

from lampgate.errors import LampgateError
from lampgate.wire.chunks import ChunkFollower
from lampgate.wire.head import CHUNKED, Header, RequestHead, fold

#: More header lines than any browser or dashboard sends; a limit on work, not on size.
MOST_HEADERS = 128

#: Headers that mean something only once. Two of them are two opinions about one request.
_SINGLETONS = frozenset(
    (
        b"authorization",
        b"content-length",
        b"content-type",
        b"expect",
        b"host",
        b"origin",
        b"sec-fetch-dest",
        b"sec-fetch-mode",
        b"sec-fetch-site",
        b"sec-websocket-key",
        b"sec-websocket-version",
        b"transfer-encoding",
        b"upgrade",
    )
)


class BadRequestError(LampgateError):
    """The client's bytes are not a request lampgate will act on. The connection is closed after the answer."""

    code: ClassVar[str] = "request.malformed"

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


class RequestParser(ChunkFollower):
    """Parses the heads of one connection, one after the other.

    The llhttp object is used again for as long as requests carry no body; making one costs more than a parse.
    """

    __slots__ = ("_fresh", "_head", "_headers", "_section", "_settled")

    def __init__(self) -> None:
        super().__init__()
        self._fresh = True
        self._section = b""
        self._settled: RequestHead | None = None
        self._headers: list[Header] = []
        self._head = RequestHead("", b"", "")
        self._parser = httptools.HttpRequestParser(self)

    def parse(self, block: bytes) -> RequestHead:
        """The head in ``block``, which ends with the first empty line.

        :raises BadRequestError: with the status to answer with.
        """
        line_end = block.find(b"\r\n")
        settled = self._settled
        if settled is not None and block[line_end:] == self._section:
            repeated = self._parse_repeated(block[:line_end], settled)
            if repeated is not None:
                return repeated
        head = self._parse_whole(block)
        # What the header lines say is settled where it hangs on nothing else, and no body follows.
        plain = head.version == "1.1" and not head.body and not head.upgrade and head.keep_alive
        self._settled = head if plain and self._fresh else None
        self._section = block[line_end:] if self._settled is not None else b""
        return head

    def _parse_repeated(self, request_line: bytes, settled: RequestHead) -> RequestHead | None:
        """The head of a request whose header lines are, to the byte, those of the one before.

        A browser's polls on one connection differ in their request lines only. llhttp judges the request line with a
        stand-in for the rest, which it has judged already. None where the whole has to be looked at after all.
        """
        parser = self._parser
        # The stand-in's header must not end up among the settled ones.
        self._headers = []
        try:
            parser.feed_data(request_line + b"\r\nHost: x\r\n\r\n")
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fresh = False
            return None
        if parser.get_http_version() != settled.version:
            self._fresh = False
            return None
        method = parser.get_method()
        _judge_line(request_line, method, self._head.target, settled.version)
        return RequestHead(
            method.decode("ascii"),
            self._head.target,
            settled.version,
            settled.headers,
            host=settled.host,
            cookie=settled.cookie,
        )

    def _parse_whole(self, block: bytes) -> RequestHead:
        self._headers = []
        if not self._fresh:
            self._parser = httptools.HttpRequestParser(self)
        parser = self._parser
        upgrading = False
        try:
            parser.feed_data(block)
        except httptools.HttpParserUpgrade:
            upgrading = True
        except httptools.HttpParserError as error:
            raise BadRequestError(f"The request head is malformed: {error}") from None
        head = self._head
        head.headers = self._headers
        method = parser.get_method()
        head.method = method.decode("ascii")
        head.version = parser.get_http_version()
        _judge(head)
        _judge_line(block[: block.find(b"\r\n")], method, head.target, head.version)
        if upgrading and head.body:
            raise BadRequestError("A request to switch protocols cannot have a body")
        self._fresh = not head.body and not upgrading
        return head

    def on_url(self, url: bytes) -> None:
        """Called by llhttp, once a request, first."""
        self._head = RequestHead("", url, "")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by llhttp for each header line."""
        self._headers.append((fold(name), name, value.strip(b" \t")))


def _judge_line(line: bytes, method: bytes, target: bytes, version: str) -> None:
    """Refuse what llhttp is lenient about in a request line: more than one space, protocols related to HTTP."""
    if line != b"%b %b HTTP/%b" % (method, target, version.encode("ascii")):
        raise BadRequestError("The request line is malformed")


def _judge(head: RequestHead) -> None:
    """Fill in what the headers say about the request, and refuse what they must not say."""
    if head.version != "1.1" and head.version != "1.0":
        raise BadRequestError("Only HTTP/1.1 and HTTP/1.0 are spoken here", 505)
    if head.method == "CONNECT":
        raise BadRequestError("CONNECT is for forward proxies", 405)
    if len(head.headers) > MOST_HEADERS:
        raise BadRequestError("The request has too many headers", 431)
    seen: set[bytes] = set()
    upgrade = b""
    connection = b""
    for folded, name, value in head.headers:
        if folded in _SINGLETONS:
            if b"_" in name:
                # Dropped like every such name, but this one is up to something.
                raise BadRequestError(f"A header imitates {folded.decode('ascii')}")
            if folded in seen:
                raise BadRequestError(f"The header {folded.decode('ascii')} comes twice")
            seen.add(folded)
            if folded == b"host":
                head.host = value
            elif folded == b"content-length":
                head.body = _length(value)
            elif folded == b"transfer-encoding":
                if value.lower() != b"chunked" or head.version == "1.0":
                    raise BadRequestError("The only transfer coding for requests is chunked, with HTTP/1.1", 501)
                head.body = CHUNKED
            elif folded == b"upgrade":
                upgrade = value.lower()
            elif folded == b"expect" and value.lower() != b"100-continue":
                raise BadRequestError("The only expectation that can be met is 100-continue", 417)
        elif folded == b"cookie":
            head.cookie = head.cookie + b"; " + value if head.cookie else value
        elif folded == b"connection":
            connection = connection + b"," + value.lower() if connection else value.lower()
    if not head.host and (head.version == "1.1" or b"host" in seen):
        raise BadRequestError("The request has no Host")
    # Not llhttp's word for it: it has forgotten by the time that a message without a body is complete.
    options = {option.strip() for option in connection.split(b",")} if connection else ()
    head.keep_alive = b"close" not in options and (head.version == "1.1" or b"keep-alive" in options)
    if upgrade and b"upgrade" in options:
        head.upgrade = upgrade


def _length(value: bytes) -> int:
    # llhttp has refused everything but digits and overflow; this keeps it true if that ever changes.
    if not value.isdigit() or len(value) > 18:
        raise BadRequestError("The Content-Length is not a number")
    return int(value)

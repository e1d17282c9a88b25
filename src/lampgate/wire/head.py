"""Heads of HTTP/1.1 messages as data (RFC 9112), and how long the body behind a head is.

Header names are kept twice: as written, to be forwarded, and *folded* (lower case, ``_`` read as ``-``), to be
compared. Upstreams that turn names into variables cannot tell ``X_Forwarded_User`` from ``X-Forwarded-User``, so
no rule here may either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

#: ``RequestHead.body`` and ``ResponseHead.body`` are a length in bytes, or one of these.
CHUNKED = -1
UNTIL_CLOSE = -2


#: One header field line: the folded name, the name as written, the value without the white space around it. A plain
#: tuple: a request has a dozen, and each is made and taken apart once (a named tuple costs four times as much).
Header = tuple[bytes, bytes, bytes]

#: Names seen so far and their folded form. Browsers and dashboards use a few dozen between them.
_folded: dict[bytes, bytes] = {}
_MOST_REMEMBERED = 1024


def fold(name: bytes) -> bytes:
    """A header's name for comparison: in lower case, with ``_`` as ``-``."""
    folded = _folded.get(name)
    if folded is None:
        folded = name.lower().replace(b"_", b"-")
        if len(_folded) < _MOST_REMEMBERED:
            _folded[name] = folded
    return folded


@dataclass(slots=True)
class RequestHead:
    """A request that has passed `lampgate.wire.request_parser`.

    :ivar target: as received; what is forwarded.
    :ivar version: ``1.1`` or ``1.0``.
    :ivar body: length in bytes, or `CHUNKED`.
    :ivar host: the ``Host`` header's value; empty only with HTTP/1.0.
    :ivar cookie: the ``Cookie`` header's value; several lines are joined as one.
    :ivar keep_alive: whether the client wants the connection to stay open.
    :ivar upgrade: the protocol asked for in lower case; empty without a valid upgrade request.
    """

    method: str
    target: bytes
    version: str
    headers: list[Header] = field(default_factory=list)
    body: int = 0
    host: bytes = b""
    cookie: bytes = b""
    keep_alive: bool = True
    upgrade: bytes = b""

    def first(self, folded: bytes) -> bytes:
        """The value of the first header of that (folded) name; empty without one."""
        for header in self.headers:
            if header[0] == folded:
                return header[2]
        return b""


class SpecialLine(NamedTuple):
    """A header line of a response that means something to a proxy.

    :ivar start: where it begins in the head's block, at the CRLF before it.
    :ivar end: where it ends, before the CRLF behind it.
    :ivar name: in lower case.
    """

    start: int
    end: int
    name: bytes
    value: bytes


@dataclass(slots=True)
class ResponseHead:
    """An upstream's response head. It is forwarded as received, but for a few lines.

    :ivar block: its bytes, up to and including the empty line.
    :ivar special: the lines that may not be forwarded as they are, in order.
    :ivar body: length in bytes, `CHUNKED` or `UNTIL_CLOSE`; what the upstream will really send, so 0 for HEAD.
    :ivar told_length: the ``Content-Length`` as it was written; empty without one.
    :ivar keep_alive: whether the upstream leaves the connection open.
    """

    status: int
    block: bytes
    special: list[SpecialLine] = field(default_factory=list)
    body: int = 0
    told_length: bytes = b""
    keep_alive: bool = True

    @property
    def interim(self) -> bool:
        """A 1xx that is followed by the real response; 101 is final."""
        return 100 <= self.status < 200 and self.status != 101

"""Heads of HTTP/2 as heads of HTTP/1.1, and back (RFC 9113 sections 8.2 and 8.3). Pure.

A stream is judged by the same rules as a connection, so its request becomes the bytes that an HTTP/1.1 client would
have sent. Whatever could change its meaning on the way (a line break in a value, a path with a space in it) is
malformed and never gets as far.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: RFC 9110 section 5.6.2, in lower case as RFC 9113 section 8.2.1 wants it.
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
#: RFC 9113 section 8.2.1; a tab is good, other control characters are not.
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PATH = re.compile(rb"(?:/[\x21-\x7e]*|\*)")
_AUTHORITY = re.compile(rb"[\x21-\x7e]+")
#: RFC 9113 section 8.2.2: they say something about a connection, and a stream is none.
_OF_A_CONNECTION = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"http2-settings")
)


class MalformedStreamError(Exception):
    """The stream's header section is no request. ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """A stream's request.

    :ivar block: the head of HTTP/1.1 that says the same, with its closing empty line.
    :ivar is_chunked: the body that follows has to be framed in chunks: its length is not known.
    """

    method: bytes
    block: bytes
    is_chunked: bool


def request_of(headers: Iterable[tuple[bytes, bytes]], *, ended: bool) -> StreamRequest:
    """The request of a stream.

    :param headers: as received, pseudo-headers first.
    :param ended: no body follows.
    :raises MalformedStreamError: it is none.
    """
    pseudo: dict[bytes, bytes] = {}
    lines: list[bytes] = []
    cookies: list[bytes] = []
    host = b""
    has_length = False
    for name, value in headers:
        if not _VALUE.fullmatch(value):
            raise MalformedStreamError("a header's value has a control character in it")
        if name.startswith(b":"):
            if lines or cookies or host or name in pseudo:
                raise MalformedStreamError("a pseudo-header comes twice, or behind a header")
            pseudo[name] = value
            continue
        if not _NAME.fullmatch(name):
            raise MalformedStreamError("a header's name is not one")
        if name in _OF_A_CONNECTION or (name == b"te" and value.strip().lower() != b"trailers"):
            raise MalformedStreamError("a header is about a connection")
        if name == b"host":
            if host:
                raise MalformedStreamError("there are two hosts")
            host = value
        elif name == b"cookie":
            # RFC 9113 section 8.2.3: they may come in pieces, to compress better.
            cookies.append(value)
        else:
            if name == b"content-length":
                if ended and value != b"0":
                    raise MalformedStreamError("a body is told of that does not follow")
                has_length = True
            lines.append(b"%b: %b\r\n" % (name, value))
    method, path = pseudo.pop(b":method", b""), pseudo.pop(b":path", b"")
    scheme, authority = pseudo.pop(b":scheme", b""), pseudo.pop(b":authority", b"")
    if pseudo:
        raise MalformedStreamError("there is a pseudo-header that is not known")
    if not _METHOD.fullmatch(method) or method == b"CONNECT" or not _PATH.fullmatch(path):
        raise MalformedStreamError("its method or path cannot be served")
    if scheme not in (b"https", b"http"):
        raise MalformedStreamError("its scheme is not http")
    if authority and (not _AUTHORITY.fullmatch(authority) or (host and host.lower() != authority.lower())):
        raise MalformedStreamError("its authority is malformed, or not that of its host")
    is_chunked = not ended and not has_length
    head = [b"%b %b HTTP/1.1\r\n" % (method, path)]
    if authority or host:
        head.append(b"Host: %b\r\n" % (authority or host))
    head += lines
    if cookies:
        head.append(b"Cookie: %b\r\n" % b"; ".join(cookies))
    if is_chunked:
        head.append(b"Transfer-Encoding: chunked\r\n")
    head.append(b"\r\n")
    return StreamRequest(method, b"".join(head), is_chunked)


def response_headers(status: int, block: bytes) -> list[tuple[bytes, bytes]]:
    """A response's head as a stream's header section.

    :param block: the head of HTTP/1.1, up to and including the empty line; its lines are in order.
    """
    headers = [(b":status", b"%d" % status)]
    for line in block[:-4].split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        name = name.lower()
        if name not in _OF_A_CONNECTION:
            headers.append((name, value.strip(b" \t")))
    return headers

"""The canonical path: the one form of a request target that decisions look at (RFC 9112 section 3.2, RFC 3986).

The bytes forwarded are the bytes received; this is only what rules are matched with. Upstreams decode and clean
paths in different ways, so a target on which two of them could disagree is refused instead of interpreted: dot
segments, encoded separators, anything that is still encoded after one decoding.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from lampgate.wire.request_parser import BadRequestError

#: A request target longer than this is answered with 414. An exec URL with a long command is about 4 KB.
LONGEST_TARGET = 16 * 1024

#: Paths that are their own canonical form: unreserved characters, no dot at the start of a segment, no ``//``.
_PLAIN = re.compile(rb"(?:/[A-Za-z0-9_~:@!$&'()*+,=-][A-Za-z0-9_~.:@!$&'()*+,=-]*)*/?")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")
_SLASHES = re.compile(r"/{2,}")
#: Decoded, these would end the path, start another segment, or be read as one or the other by somebody.
_AMBIGUOUS_DECODED = re.compile(rb"[\x00-\x1f\x7f/\\#?]")
_AMBIGUOUS_RAW = re.compile(rb"[\x00-\x20\x7f-\xff\\#]")
#: ``..;`` is a dot segment to servers that cut path parameters off.
_DOT_SEGMENT = re.compile(rb"\.{1,2}(?:;.*)?")


class Target(NamedTuple):
    """A request target, judged.

    :ivar path: canonical: decoded once, runs of slashes merged. ``*`` for ``OPTIONS *``.
    :ivar query: the raw query without ``?``.
    :ivar origin_form: path and query as received, to be forwarded.
    """

    path: str
    query: bytes
    origin_form: bytes


def judge_target(method: str, target: bytes, host: bytes) -> Target:
    """Read a request target.

    :param host: the ``Host`` header, which an absolute-form target has to agree with.
    :raises BadRequestError: 414 or 400.
    """
    if len(target) > LONGEST_TARGET:
        raise BadRequestError("The request target is too long", 414)
    if not target.startswith(b"/"):
        if target == b"*" and method == "OPTIONS":
            return Target("*", b"", target)
        target = _origin_form(target, host)
    raw_path, _, query = target.partition(b"?")
    if _PLAIN.fullmatch(raw_path):
        return Target(raw_path.decode("ascii"), query, target)
    return Target(_canonical(raw_path), query, target)


def _origin_form(target: bytes, host: bytes) -> bytes:
    scheme, separator, rest = target.partition(b"://")
    if not separator or scheme.lower() not in (b"http", b"https"):
        raise BadRequestError("The request target is not a path")
    authority = re.split(rb"[/?]", rest, maxsplit=1)[0]
    if authority.lower() != host.lower():
        raise BadRequestError("The request target and the Host header name different hosts")
    following = rest[len(authority) :]
    return following if following.startswith(b"/") else b"/" + following


def _canonical(raw_path: bytes) -> str:
    if _AMBIGUOUS_RAW.search(raw_path) or _BAD_ESCAPE.search(raw_path):
        raise BadRequestError("The path has characters that must be percent-encoded")
    segments = []
    for raw_segment in raw_path.split(b"/"):
        segment = unquote_to_bytes(raw_segment)
        if _AMBIGUOUS_DECODED.search(segment) or _ESCAPE.search(segment) or _DOT_SEGMENT.fullmatch(segment):
            raise BadRequestError("The path can be read in more than one way")
        segments.append(segment)
    try:
        path = b"/".join(segments).decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequestError("The path is not UTF-8") from None
    return _SLASHES.sub("/", path)

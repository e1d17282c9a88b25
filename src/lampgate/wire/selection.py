"""Which part of a file a request gets, if any: conditions and ranges (RFC 9110 sections 13 and 14). Pure.

One range is served; of several the whole is sent instead, as section 14.2 allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime

from lampgate.wire.head import RequestHead

_ETAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one version of a file from the next.

    :ivar etag: strong, in its quotes.
    :ivar modified: whole seconds since the epoch.
    """

    etag: str
    modified: int

    @property
    def last_modified(self) -> str:
        """The ``Last-Modified`` header's value."""
        return formatdate(self.modified, usegmt=True)


@dataclass(frozen=True, slots=True)
class Selection:
    """What to answer.

    :ivar status: 200, 206, 304, 412 or 416.
    :ivar start: of the bytes to send.
    :ivar end: behind the last of them.
    """

    status: int
    start: int = 0
    end: int = 0


def select(head: RequestHead, validators: Validators, size: int) -> Selection:
    """Evaluate the conditions of a GET or HEAD in the order of RFC 9110 section 13.2.2."""
    if_match = _value(head, b"if-match")
    if if_match:
        if not _lists(if_match, validators.etag, weak=False):
            return Selection(412)
    elif (since := _date(_value(head, b"if-unmodified-since"))) is not None and validators.modified > since:
        return Selection(412)
    if_none_match = _value(head, b"if-none-match")
    if if_none_match:
        if _lists(if_none_match, validators.etag, weak=True):
            return Selection(304)
    elif (since := _date(_value(head, b"if-modified-since"))) is not None and validators.modified <= since:
        return Selection(304)
    whole = Selection(200, 0, size)
    if head.method != "GET" or not _range_applies(_value(head, b"if-range"), validators):
        return whole
    match = _RANGE.fullmatch(_value(head, b"range"))
    return whole if match is None else _part(match[1], match[2], size) or whole


def _part(first: str, last: str, size: int) -> Selection | None:
    """The bytes of one range; None where it is not valid, so that it counts as not given."""
    if not first:
        if not last:
            return None
        start, end = max(0, size - int(last)), size
    else:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    return Selection(206, start, end) if start < end else Selection(416)


def _range_applies(if_range: str, validators: Validators) -> bool:
    if not if_range:
        return True
    if if_range.startswith(('"', "W/")):
        return if_range == validators.etag
    return if_range == validators.last_modified


def _lists(header: str, etag: str, *, weak: bool) -> bool:
    if header.strip() == "*":
        return True
    return any(match[2] == etag and (weak or not match[1]) for match in _ETAG.finditer(header))


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _value(head: RequestHead, name: bytes) -> str:
    """A header's value; the lines of one that is a list are one list."""
    return b", ".join(value for folded, _, value in head.headers if folded == name).decode("latin-1")

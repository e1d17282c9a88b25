"""Conditions and ranges, by the examples and the order of RFC 9110 sections 13 and 14."""

from __future__ import annotations

from typing import Any

import pytest

from lampgate.wire.head import RequestHead
from lampgate.wire.selection import Selection, Validators, select

#: Sun, 06 Nov 1994 08:49:37 GMT
VALIDATORS = Validators('"v2"', 784111777)
THEN = "Sun, 06 Nov 1994 08:49:37 GMT"
BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"
WHOLE = Selection(200, 0, 100)


def selected(method: str = "GET", size: int = 100, **headers: str) -> Selection:
    lines = [(name.replace("_", "-").encode(), name.encode(), value.encode()) for name, value in headers.items()]
    return select(RequestHead(method, b"/", "1.1", lines), VALIDATORS, size)


def test_the_date_is_told_as_http_tells_dates() -> None:
    assert VALIDATORS.last_modified == THEN


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"if_none_match": '"v2"'}, 304), ({"if_none_match": 'W/"v2"'}, 304), ({"if_none_match": '"a", "v2"'}, 304),
        ({"if_none_match": "*"}, 304), ({"if_none_match": '"v1"'}, 200), ({"if_none_match": "v2"}, 200),
        ({"if_modified_since": THEN}, 304), ({"if_modified_since": BEFORE}, 200), ({"if_modified_since": "?"}, 200),
        # The entity tag counts, where there is one.
        ({"if_none_match": '"v1"', "if_modified_since": THEN}, 200),
        ({"if_match": '"v2"'}, 200), ({"if_match": '"v1"'}, 412), ({"if_match": 'W/"v2"'}, 412),
        ({"if_match": "*"}, 200),
        ({"if_unmodified_since": BEFORE}, 412), ({"if_unmodified_since": THEN}, 200),
        ({"if_match": '"v2"', "if_unmodified_since": BEFORE}, 200),
        ({"if_match": '"v2"', "if_none_match": '"v2"'}, 304),
    ],
)  # fmt: skip
def test_conditions(headers: dict[str, Any], status: int) -> None:
    assert selected(**headers).status == status


@pytest.mark.parametrize(
    ("value", "selection"),
    [
        ("bytes=0-9", Selection(206, 0, 10)), ("bytes=90-", Selection(206, 90, 100)),
        ("bytes=-1", Selection(206, 99, 100)), ("bytes=-500", Selection(206, 0, 100)),
        ("bytes=50-999", Selection(206, 50, 100)), ("Bytes=0-0", Selection(206, 0, 1)),
        ("bytes=100-", Selection(416)), ("bytes=-0", Selection(416)),
        ("bytes=5-4", WHOLE), ("bytes=-", WHOLE), ("bytes=a-b", WHOLE), ("bytes=0-1,5-6", WHOLE),
        ("lines=0-1", WHOLE),
        ("bytes=" + "9" * 19 + "-", WHOLE), ("bytes=" + "9" * 5000 + "-", WHOLE), ("bytes=²-3", WHOLE),
    ],
)  # fmt: skip
def test_ranges(value: str, selection: Selection) -> None:
    assert selected(range=value) == selection


def test_ranges_are_for_get() -> None:
    assert selected("HEAD", range="bytes=0-9") == WHOLE


def test_no_part_of_nothing() -> None:
    assert selected(size=0, range="bytes=0-") == Selection(416)
    assert selected(size=0) == Selection(200, 0, 0)


@pytest.mark.parametrize(
    ("if_range", "status"),
    [('"v2"', 206), ('"v1"', 200), ('W/"v2"', 200), (THEN, 206), (BEFORE, 200), ("?", 200)],
)
def test_a_part_of_that_version_only(if_range: str, status: int) -> None:
    assert selected(range="bytes=0-9", if_range=if_range).status == status


def test_lines_of_a_list_are_one_list() -> None:
    lines = [(b"if-none-match", b"If-None-Match", value) for value in (b'"a"', b'"v2"')]
    assert select(RequestHead("GET", b"/", "1.1", lines), VALIDATORS, 100).status == 304

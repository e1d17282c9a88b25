"""From an upstream's response head to its framing and the fate of its connection; the rest is forwarded as it is."""

from __future__ import annotations

import pytest

from lampgate.wire.head import CHUNKED, UNTIL_CLOSE, ResponseHead
from lampgate.wire.response_parser import BadResponseError, ResponseParser


def parsed(*lines: str, status_line: str = "HTTP/1.1 200 OK", to_head_request: bool = False) -> ResponseHead:
    block = "\r\n".join([status_line, *lines, "", ""]).encode("latin-1")
    return ResponseParser().parse(block, to_head_request=to_head_request)


@pytest.mark.parametrize(
    ("status_line", "lines", "body"),
    [
        ("HTTP/1.1 200 OK", ["Content-Length: 5"], 5),
        ("HTTP/1.1 200 OK", ["Content-Length: 0"], 0),
        ("HTTP/1.1 200 OK", ["Transfer-Encoding: chunked"], CHUNKED),
        ("HTTP/1.1 200 OK", [], UNTIL_CLOSE),
        ("HTTP/1.0 200 OK", [], UNTIL_CLOSE),
        ("HTTP/1.1 204 No Content", [], 0),
        ("HTTP/1.1 304 Not Modified", ["Content-Length: 5"], 0),
        ("HTTP/1.1 103 Early Hints", ["Link: </a>"], 0),
    ],
)
def test_how_long_the_body_is(status_line: str, lines: list[str], body: int) -> None:
    assert parsed(*lines, status_line=status_line).body == body


def test_an_answer_to_head_has_no_body() -> None:
    head = parsed("Content-Length: 5", to_head_request=True)
    assert (head.body, head.told_length) == (0, b"5")


@pytest.mark.parametrize(
    ("version", "lines", "stays_open"),
    [
        ("1.1", ["Content-Length: 0"], True),
        ("1.1", ["Content-Length: 0", "Connection: close"], False),
        ("1.1", ["Content-Length: 5", "Connection: close"], False),
        ("1.1", ["Content-Length: 5", "connection: x-hop, CLOSE"], False),
        ("1.1", ["Transfer-Encoding: chunked", "Connection: close"], False),
        ("1.1", ["Content-Length: 0", "Connection: keep-alive", "Connection: close"], False),
        ("1.1", ["Content-Length: 0", "Connection: close-by"], True),
        ("1.1", [], False),
        ("1.0", ["Content-Length: 0"], False),
        ("1.0", ["Content-Length: 0", "Connection: keep-alive"], True),
    ],
)
def test_what_becomes_of_the_connection(version: str, lines: list[str], stays_open: bool) -> None:
    assert parsed(*lines, status_line=f"HTTP/{version} 200 OK").keep_alive is stays_open


@pytest.mark.parametrize(
    ("status_line", "lines"),
    [
        ("HTTP/1.1 200 OK", ["Content-Length: 5", "Content-Length: 6"]),
        ("HTTP/1.1 200 OK", ["Content-Length: +5"]),
        ("HTTP/1.1 200 OK", ["Transfer-Encoding: gzip, chunked"]),
        ("HTTP/1.1 200 OK", ["Transfer-Encoding: chunked", "Content-Length: 5"]),
        ("HTTP/1.1 200 OK", ["X : y"]),
        ("HTTP/2.0 200 OK", []),
        ("HTTP/1.1 2000 OK", []),
        ("ICY 200 OK", []),
        ("HTTP/1.1 200 OK", ["a: b\r\n folded"]),
        ("HTTP/1.1 200 OK", ["a: b\x00"]),
    ],
)
def test_what_cannot_be_forwarded(status_line: str, lines: list[str]) -> None:
    with pytest.raises(BadResponseError):
        parsed(*lines, status_line=status_line)

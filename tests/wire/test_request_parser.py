"""Heads that are accepted, and every kind that is not (invariant 8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampgate.wire.chunks import ChunkError
from lampgate.wire.head import CHUNKED
from lampgate.wire.request_parser import MOST_HEADERS, BadRequestError, RequestParser


def head(*lines: str, request_line: str = "GET / HTTP/1.1") -> bytes:
    return "\r\n".join([request_line, *lines, "", ""]).encode("latin-1")


class TestAccepted:
    def test_a_plain_request(self) -> None:
        parsed = RequestParser().parse(head("Host: dash.example", "Accept: */*", request_line="GET /a?b=c HTTP/1.1"))
        assert (parsed.method, parsed.target, parsed.version) == ("GET", b"/a?b=c", "1.1")
        assert parsed.host == b"dash.example"
        assert parsed.body == 0
        assert parsed.keep_alive
        assert parsed.upgrade == b""

    def test_a_body_of_known_length(self) -> None:
        parsed = RequestParser().parse(head("Host: a", "Content-Length: 12", request_line="POST / HTTP/1.1"))
        assert parsed.body == 12

    def test_a_chunked_body(self) -> None:
        parser = RequestParser()
        parsed = parser.parse(head("Host: a", "Transfer-Encoding: chunked", request_line="POST / HTTP/1.1"))
        assert parsed.body == CHUNKED
        payload: list[bytes] = []
        assert not parser.follow_chunks(b"3;ext=1\r\nab", payload)
        assert parser.follow_chunks(b"c\r\n0\r\nTrailer: x\r\n\r\n", payload)
        assert b"".join(payload) == b"abc"

    def test_several_cookie_lines_become_one(self) -> None:
        assert RequestParser().parse(head("Host: a", "Cookie: a=1", "Cookie: b=2")).cookie == b"a=1; b=2"

    def test_names_are_folded_and_kept(self) -> None:
        (_, header) = RequestParser().parse(head("Host: a", "X_Forwarded-User: x")).headers
        assert header == (b"x-forwarded-user", b"X_Forwarded-User", b"x")

    @pytest.mark.parametrize(
        ("lines", "upgrade"),
        [
            (("Connection: Upgrade", "Upgrade: websocket"), b"websocket"),
            (("Connection: keep-alive, Upgrade", "Upgrade: WebSocket"), b"websocket"),
            (("Upgrade: websocket",), b""),
            (("Connection: Upgrade",), b""),
        ],
        ids=["plain", "firefox", "not-in-connection", "no-protocol"],
    )
    def test_upgrades(self, lines: tuple[str, ...], upgrade: bytes) -> None:
        assert RequestParser().parse(head("Host: a", *lines)).upgrade == upgrade

    def test_one_parser_reads_many_heads(self) -> None:
        parser = RequestParser()
        for number in range(5):
            assert parser.parse(head("Host: a", request_line=f"GET /{number} HTTP/1.1")).target == b"/%d" % number
            with_body = parser.parse(head("Host: a", "Content-Length: 4", request_line="PUT / HTTP/1.1"))
            assert with_body.body == 4
            switching = parser.parse(head("Host: a", "Connection: Upgrade", "Upgrade: websocket"))
            assert switching.upgrade == b"websocket"

    def test_repeated_header_lines_are_settled_once(self) -> None:
        parser = RequestParser()
        lines = ("Host: dash", "Cookie: a=1", "Accept: */*")
        first = parser.parse(head(*lines, request_line="GET /1 HTTP/1.1"))
        expected = list(first.headers)
        for number in range(2, 5):
            again = parser.parse(head(*lines, request_line=f"DELETE /{number} HTTP/1.1"))
            assert again.headers is first.headers
            assert again.headers == expected
            assert (again.method, again.target) == ("DELETE", b"/%d" % number)
            assert (again.host, again.cookie, again.keep_alive, again.body) == (b"dash", b"a=1", True, 0)
        other = parser.parse(head(*lines[:2], "Accept: text/html", request_line="GET /5 HTTP/1.1"))
        assert other.headers is not first.headers

    @pytest.mark.parametrize(
        "request_line",
        [
            "GET / HTTP/1.0",
            "GET / HTTP/2.0",
            "CONNECT a:1 HTTP/1.1",
            "get / HTTP/1.1",
            "GET /\x01 HTTP/1.1",
            "GET /",
            "",
        ],
    )
    def test_a_request_line_is_judged_though_its_headers_are_settled(self, request_line: str) -> None:
        parser, fresh = RequestParser(), RequestParser()
        parser.parse(head("Host: dash"))
        block = head("Host: dash", request_line=request_line)
        try:
            expected = fresh.parse(block)
        except BadRequestError as refusal:
            with pytest.raises(BadRequestError) as raised:
                parser.parse(block)
            assert raised.value.status == refusal.status  # noqa: PT017 - two parsers are compared
        else:
            assert parser.parse(block) == expected

    @pytest.mark.parametrize(
        ("version", "lines", "stays_open"),
        [
            ("1.1", [], True),
            ("1.1", ["Connection: keep-alive"], True),
            ("1.1", ["Connection: close"], False),
            ("1.1", ["Connection: Close"], False),
            ("1.1", ["Connection: x-hop,\tclose"], False),
            ("1.1", ["Connection: keep-alive", "Connection: close"], False),
            ("1.1", ["Connection: close-by"], True),
            ("1.1", ["Connection: close", "Content-Length: 3"], False),
            ("1.1", ["Connection: close", "Transfer-Encoding: chunked"], False),
            ("1.0", [], False),
            ("1.0", ["Connection: keep-alive"], True),
            ("1.0", ["Connection: keep-alive, close"], False),
        ],
    )
    def test_what_becomes_of_the_connection(self, version: str, lines: list[str], stays_open: bool) -> None:
        block = head("Host: a", *lines, request_line=f"POST / HTTP/{version}")
        assert RequestParser().parse(block).keep_alive is stays_open

    def test_http_1_0_without_a_host_closes(self) -> None:
        parsed = RequestParser().parse(head(request_line="GET / HTTP/1.0"))
        assert (parsed.host, parsed.keep_alive) == (b"", False)


REFUSED: list[tuple[str, bytes, int]] = [
    ("bare-lf", b"GET / HTTP/1.1\nHost: a\n\r\n\r\n", 400),
    ("bare-lf-in-header", b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400),
    ("bare-cr", b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400),
    ("nul", head("Host: a\0b"), 400),
    ("obs-fold", b"GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n", 400),
    ("space-before-colon", head("Host : a"), 400),
    ("leading-space-first-header", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    ("empty-name", head("Host: a", ": x"), 400),
    ("bad-name", head("Host: a", "X(Y): x"), 400),
    ("del-in-value", head("Host: a", "X: \x7f"), 400),
    ("length-and-chunked", head("Host: a", "Content-Length: 3", "Transfer-Encoding: chunked"), 400),
    ("chunked-and-length", head("Host: a", "Transfer-Encoding: chunked", "Content-Length: 3"), 400),
    ("two-lengths", head("Host: a", "Content-Length: 3", "Content-Length: 4"), 400),
    ("two-equal-lengths", head("Host: a", "Content-Length: 3", "Content-Length: 3"), 400),
    ("length-list", head("Host: a", "Content-Length: 3, 3"), 400),
    ("length-plus", head("Host: a", "Content-Length: +3"), 400),
    ("length-minus", head("Host: a", "Content-Length: -3"), 400),
    ("length-underscore", head("Host: a", "Content-Length: 1_0"), 400),
    ("length-hex", head("Host: a", "Content-Length: 0x3"), 400),
    ("length-empty", head("Host: a", "Content-Length: "), 400),
    ("length-overflow", head("Host: a", "Content-Length: 99999999999999999999"), 400),
    ("gzip-coding", head("Host: a", "Transfer-Encoding: gzip"), 400),
    ("gzip-then-chunked", head("Host: a", "Transfer-Encoding: gzip, chunked"), 501),
    ("chunked-twice", head("Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 400),
    ("chunked-identity", head("Host: a", "Transfer-Encoding: chunked, identity"), 400),
    ("xchunked", head("Host: a", "Transfer-Encoding: xchunked"), 400),
    ("chunked-http-1.0", head("Host: a", "Transfer-Encoding: chunked", request_line="POST / HTTP/1.0"), 501),
    ("no-host", head("Accept: */*"), 400),
    ("empty-host", head("Host: "), 400),
    ("two-hosts", head("Host: a", "Host: b"), 400),
    ("two-equal-hosts", head("Host: a", "Host: a"), 400),
    ("two-origins", head("Host: a", "Origin: https://a", "Origin: https://b"), 400),
    ("two-authorizations", head("Host: a", "Authorization: x", "authorization: y"), 400),
    ("two-singletons-folded", head("Host: a", "Content-Type: x", "Content_Type: y"), 400),
    ("imitated-framing", head("Host: a", "Transfer_Encoding: chunked"), 400),
    ("http-0.9", b"GET /\r\n\r\n", 505),
    ("http-1.2", head("Host: a", request_line="GET / HTTP/1.2"), 400),
    ("http-2", head("Host: a", request_line="GET / HTTP/2.0"), 505),
    ("connect", head("Host: a", request_line="CONNECT a:443 HTTP/1.1"), 405),
    ("unknown-method", head("Host: a", request_line="FROB / HTTP/1.1"), 400),
    ("lower-case-method", head("Host: a", request_line="get / HTTP/1.1"), 400),
    ("control-in-target", head("Host: a", request_line="GET /\x01 HTTP/1.1"), 400),
    ("tab-in-target", head("Host: a", request_line="GET /\t HTTP/1.1"), 400),
    ("non-ascii-target", head("Host: a", request_line="GET /\xe9 HTTP/1.1"), 400),
    ("expectation", head("Host: a", "Expect: 200-maybe"), 417),
    ("upgrade-with-body", head("Host: a", "Connection: Upgrade", "Upgrade: websocket", "Content-Length: 3"), 400),
    ("too-many-headers", head("Host: a", *(f"X-{n}: x" for n in range(MOST_HEADERS))), 431),
]


@pytest.mark.parametrize(("block", "status"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_refused(block: bytes, status: int) -> None:
    with pytest.raises(BadRequestError) as refusal:
        RequestParser().parse(block)
    assert refusal.value.status == status


@pytest.mark.parametrize(
    "body",
    [b"0x3\r\nabc\r\n", b"3\nabc\n", b"3\r\nabcd\r\n", b"3 \r\nabc\r\n", b"-1\r\n", b"+3\r\nabc\r\n", b"\r\n",
     b"g\r\n", b"1_0\r\n", b"3\r\nabc0\r\n\r\n"],
)  # fmt: skip
def test_bad_chunks_are_refused(body: bytes) -> None:
    parser = RequestParser()
    parser.parse(head("Host: a", "Transfer-Encoding: chunked", request_line="POST / HTTP/1.1"))
    with pytest.raises(ChunkError):
        parser.follow_chunks(body)


def test_bytes_behind_a_chunked_body_are_refused() -> None:
    parser = RequestParser()
    parser.parse(head("Host: a", "Transfer-Encoding: chunked", request_line="POST / HTTP/1.1"))
    with pytest.raises(ChunkError):
        parser.follow_chunks(b"0\r\n\r\nGET / HTTP/1.1\r\n")


@given(st.binary(max_size=200))
def test_no_bytes_end_in_anything_but_a_head_or_a_refusal(noise: bytes) -> None:
    for block in (noise + b"\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n" + noise + b"\r\n\r\n"):
        try:
            parsed = RequestParser().parse(block)
        except BadRequestError:
            continue
        assert parsed.host or parsed.version == "1.0"
        assert parsed.body >= CHUNKED

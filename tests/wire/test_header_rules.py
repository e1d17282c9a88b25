"""Exactly one Authorization reaches the upstream, and it is ours (invariant 2); our cookies never do (3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampgate.wire.head import RequestHead, ResponseHead
from lampgate.wire.header_rules import (
    RequestHeaders,
    field_lines,
    forwarded_for,
    request_head,
    response_head,
    upstream_cookie,
)
from lampgate.wire.request_parser import RequestParser
from lampgate.wire.response_parser import ResponseParser

INJECTED = b"Authorization: Bearer ours\r\n"


def request(*lines: str) -> RequestHead:
    return RequestParser().parse("\r\n".join(["GET / HTTP/1.1", "Host: dash", *lines, "", ""]).encode("latin-1"))


def sent(head: RequestHead, *, cookie: bytes = b"") -> list[bytes]:
    lines = RequestHeaders([b"x-team"]).lines(head, host=b"up", cookie=cookie, injected=INJECTED)
    block = request_head(head, b"/", lines)
    assert block.endswith(b"\r\n\r\n")
    return block[:-4].split(b"\r\n")


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer theirs", "authorization: x", "AUTHORIZATION: x", "X-Forwarded-User: root",
        "X_Forwarded_User: x", "x-forwarded_user: root", "X-Team: admin", "X_Team: admin", "Impersonate-User: root",
        "Impersonate-Extra-Scopes: x", "impersonate_group: system:masters", "X-Remote-User: root",
        "X-Remote-Extra-Foo: x", "X-Auth-Request-Access-Token: x", "Forwarded: for=1.2.3.4", "X-Real-IP: 1.2.3.4",
        "X-Forwarded-For: 1.2.3.4", "X-Original-URL: /admin", "Any_Thing: x", "TE: trailers", "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic x", "Upgrade: h2c", "HTTP2-Settings: x",
    ],
)  # fmt: skip
def test_client_copies_do_not_pass(line: str) -> None:
    assert sent(request(line, "Accept: */*")) == [
        b"GET / HTTP/1.1",
        b"Host: up",
        b"Accept: */*",
        b"Authorization: Bearer ours",
    ]


@pytest.mark.parametrize("connection", ["Authorization", "close, Authorization", "keep-alive,authorization ,x-b"])
def test_connection_cannot_remove_what_we_inject(connection: str) -> None:
    lines = sent(request(f"Connection: {connection}", "X-B: 1"))
    assert lines.count(b"Authorization: Bearer ours") == 1


def test_headers_named_by_connection_do_not_pass() -> None:
    assert b"X-Hop: 1" not in sent(request("Connection: X-Hop", "X-Hop: 1"))
    assert b"X-Hop: 1" not in sent(request("Connection: close, x-hop", "X-Hop: 1"))


def test_everything_else_passes_as_written() -> None:
    lines = ["ACCEPT: text/html", "x-Custom:   spaced  ", "Origin: https://dash", "Content-Type: application/json"]
    assert sent(request(*lines))[2:-1] == [
        b"ACCEPT: text/html",
        b"x-Custom: spaced",
        b"Origin: https://dash",
        b"Content-Type: application/json",
    ]


def test_an_upgrade_is_written_anew() -> None:
    head = request("Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13")
    lines = sent(head)
    assert lines[1:3] == [b"Connection: Upgrade", b"Upgrade: websocket"]
    assert lines[-1] == b"Authorization: Bearer ours"


def test_a_length_is_written_anew() -> None:
    block = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
    assert b"Content-Length: 0" in sent(RequestParser().parse(block))


def test_cookies() -> None:
    cookie = b"theme=dark; __Host-lampgate=s; headlamp-auth-main.0=t; lampgate-signin-x=y"
    assert upstream_cookie(cookie, (b"lampgate", b"__Host-lampgate", b"headlamp-auth-")) == b"theme=dark"
    assert b"Cookie: theme=dark" in sent(request("Cookie: x"), cookie=b"theme=dark")


_NAME = st.sampled_from(
    [
        "Authorization",
        "authorization",
        "Connection",
        "X-Forwarded-For",
        "Impersonate-User",
        "Cookie",
        "X-A",
        "X_A",
        "TE",
    ]
)
_VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=30)


@given(st.lists(st.tuples(_NAME, _VALUE), max_size=12))
def test_exactly_one_authorization_whatever_is_sent(fields: list[tuple[str, str]]) -> None:
    singles = {name.lower(): (name, value) for name, value in fields if name.lower() == "authorization"}
    others = [(name, value) for name, value in fields if name.lower() != "authorization"]
    head = request(*(f"{name}: {value}" for name, value in [*singles.values(), *others]))
    lines = [line.lower() for line in sent(head)]
    assert [line for line in lines if line.startswith(b"authorization:")] == [b"authorization: bearer ours"]
    assert not [line for line in lines if line.startswith((b"impersonate", b"x_a", b"te:", b"connection"))]


class TestForwardedFor:
    def test_an_unlisted_peer_tells_nothing(self) -> None:
        assert forwarded_for(request("X-Forwarded-For: 9.9.9.9"), "10.0.0.1", trusted=False) == "10.0.0.1"

    def test_a_listed_peer_is_believed(self) -> None:
        assert forwarded_for(request("X-Forwarded-For: 9.9.9.9"), "10.0.0.1", trusted=True) == "9.9.9.9, 10.0.0.1"


class TestResponse:
    @staticmethod
    def head(*lines: str, status: str = "200 OK") -> ResponseHead:
        block = "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")
        return ResponseParser().parse(block, to_head_request=False)

    def sent(self, *lines: str, keep_alive: bool = True) -> list[bytes]:
        block = response_head(
            self.head(*lines),
            framing=b"Content-Length: 2\r\n",
            keep_alive=keep_alive,
            dropped_cookies=(b"headlamp-auth-", b"lampgate"),
        )
        return block[:-4].split(b"\r\n")

    def test_hop_by_hop_headers_stay_behind(self) -> None:
        assert self.sent("Connection: keep-alive, X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5", "ETag: x") == [
            b"HTTP/1.1 200 OK",
            b"ETag: x",
            b"Content-Length: 2",
        ]

    def test_cookies_that_would_override_us_stay_behind(self) -> None:
        lines = self.sent(
            "Set-Cookie: headlamp-auth-main.0=x; Path=/", "Set-Cookie: theme=dark", "Set-Cookie: lampgate=x"
        )
        assert [line for line in lines if line.startswith(b"Set-Cookie")] == [b"Set-Cookie: theme=dark"]

    def test_closing_is_said(self) -> None:
        assert b"Connection: close" in self.sent(keep_alive=False)


def test_field_lines_cannot_be_split() -> None:
    assert field_lines([("A", "b")]) == b"A: b\r\n"
    with pytest.raises(ValueError, match="line break"):
        field_lines([("A", "b\r\nSet-Cookie: x=y")])

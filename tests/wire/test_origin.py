from __future__ import annotations

import pytest

from lampgate.wire.origin import is_loopback, origin_of
from lampgate.wire.request_parser import BadRequestError


@pytest.mark.parametrize(
    ("scheme", "authority", "origin"),
    [
        ("https", "Dash.Example.com", "https://dash.example.com"),
        ("https", "dash.example.com:443", "https://dash.example.com"),
        ("http", "localhost:8080", "http://localhost:8080"),
        ("http", "localhost:80", "http://localhost"),
        ("https", "[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https", "dash:08443", "https://dash:8443"),
    ],
)
def test_origin(scheme: str, authority: str, origin: str) -> None:
    assert str(origin_of(scheme, authority)) == origin


@pytest.mark.parametrize(
    "authority",
    ["", "a b", "a/b", "a@b", "a:b", "a:1:2", "a\r\nb", "[::1", "-a", "a..", "é", "a:123456", "x" * 300, "a?b"],
)
def test_refused(authority: str) -> None:
    with pytest.raises(BadRequestError):
        origin_of("https", authority)


@pytest.mark.parametrize(
    ("authority", "loopback"),
    [("localhost", True), ("LOCALHOST:1", True), ("x.localhost", True), ("127.0.0.1:80", True), ("127.9.9.9", True),
     ("[::1]:1", True), ("10.0.0.1", False), ("localhost.example.com", False),
     ("127.0.0.1.example", False), ("", False),
    ],
)  # fmt: skip
def test_loopback(authority: str, loopback: bool) -> None:
    assert is_loopback(authority) is loopback

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampgate.wire.cookies import CookieAttributes, delete_cookies, parse, set_cookie, without


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1;b=2", {"a": "1", "b": "2"}),
        ("a=x=y; b=", {"a": "x=y", "b": ""}),
        ('a="q"', {"a": '"q"'}),
        ("a=1; a=1", {"a": "1"}),
        ("a=1; a=2; b=3", {"b": "3"}),
        ("a=1; a=2; a=1", {}),
        ("; ;nothing; =x; a=1", {"a": "1"}),
        ("", {}),
    ],
)
def test_parse(header: str, cookies: dict[str, str]) -> None:
    assert parse(header) == cookies


@pytest.mark.parametrize(
    ("header", "left"),
    [
        (b"lampgate=x; theme=dark", b"theme=dark"),
        (b"theme=dark; lampgate=x", b"theme=dark"),
        (b"a=1; lampgate-1=x; b=2", b"a=1; b=2"),
        (b"lampgate=x", b""),
        (b"a=lampgate=x", b"a=lampgate=x"),
        (b"", b""),
    ],
)
def test_without(header: bytes, left: bytes) -> None:
    assert without(header, (b"lampgate",)) == left


@given(st.binary(max_size=80))
def test_without_never_lets_a_prefix_through(noise: bytes) -> None:
    left = without(noise + b"; lampgate=secret", (b"lampgate",))
    assert b"lampgate=secret" not in left


class TestSetCookie:
    def test_attributes(self) -> None:
        secure = CookieAttributes(secure=True)
        assert (
            set_cookie(secure.prefixed("lampgate"), "v", secure, 60)
            == "__Host-lampgate=v; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax"
        )

    def test_no_prefix_where_a_browser_would_refuse_it(self) -> None:
        assert CookieAttributes(secure=False).prefixed("lampgate") == "lampgate"
        assert CookieAttributes(secure=True, domain="example.com").prefixed("lampgate") == "lampgate"

    def test_a_prefix_is_not_put_twice(self) -> None:
        assert CookieAttributes(secure=True).prefixed("__Host-x") == "__Host-x"

    @pytest.mark.parametrize("value", ["a;b", "a b", "a\r\nSet-Cookie: x=y", 'a"b', "a,b", "é"])
    def test_values_that_would_break_out(self, value: str) -> None:
        with pytest.raises(ValueError, match="cookie"):
            set_cookie("a", value, CookieAttributes(secure=True), None)

    def test_deleting(self) -> None:
        (header,) = delete_cookies(["a"], CookieAttributes(secure=False))
        assert header == "a=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"

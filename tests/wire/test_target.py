"""Decisions look at the canonical path; what can be read in two ways is refused (invariant 4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampgate.wire.request_parser import BadRequestError
from lampgate.wire.target import LONGEST_TARGET, judge_target


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", ""),
        ("/a/b", "/a/b", ""),
        ("/a/b/", "/a/b/", ""),
        ("/a?b=/../c%2f", "/a", "b=/../c%2f"),
        ("/a?", "/a", ""),
        ("//a///b", "/a/b", ""),
        ("/%61dmin", "/admin", ""),
        ("/%65xternalproxy", "/externalproxy", ""),
        ("/api/v1/services/http%3Aprom%3A9090/proxy/", "/api/v1/services/http:prom:9090/proxy/", ""),
        ("/sch%C3%B6n", "/schön", ""),
        ("/.well-known/x", "/.well-known/x", ""),
        ("/a.b/..c", "/a.b/..c", ""),
        ("/100%25", "/100%", ""),
        ("/a%20b", "/a b", ""),
    ],
)  # fmt: skip
def test_canonical(target: str, path: str, query: str) -> None:
    judged = judge_target("GET", target.encode(), b"a")
    assert (judged.path, judged.query) == (path, query.encode())
    assert judged.origin_form == target.encode(), "the bytes forwarded are the bytes judged"


@pytest.mark.parametrize(
    "target",
    [
        "/..", "/../", "/a/../b", "/a/..", "/.", "/./a", "/a/./b", "/%2e%2e/a", "/.%2e/a", "/%2e/a", "/..;/a",
        "/..;x=1/a", "/.;/a", "/%2e%2e%3b/a", "/a%2fb", "/a%2Fb", "/%2f", "/a%5cb", "/a\\b", "/a%00",
        "/a%0a", "/a%0d%0a",
        "/a%7f", "/a%23b", "/a#b", "/a%3fb", "/%252e%252e/", "/a%252fb", "/%25%32%66", "/a%",
        "/a%2", "/a%zz", "/a%u0041",
        "/\xff", "/%ff", "/%c0%af", "/a b", "a", "*", "", "http:/a", "ftp://a/", "//evil.example/../x",
    ],
)  # fmt: skip
def test_refused(target: str) -> None:
    with pytest.raises(BadRequestError):
        judge_target("GET", target.encode("latin-1"), b"a")


class TestAbsoluteForm:
    def test_is_reduced_to_origin_form(self) -> None:
        assert judge_target("GET", b"http://dash.example/a?b", b"Dash.example").origin_form == b"/a?b"

    def test_without_a_path(self) -> None:
        assert judge_target("GET", b"http://dash.example?b", b"dash.example").origin_form == b"/?b"

    def test_has_to_agree_with_the_host(self) -> None:
        with pytest.raises(BadRequestError, match="different hosts"):
            judge_target("GET", b"http://other.example/a", b"dash.example")


def test_asterisk_is_for_options_only() -> None:
    assert judge_target("OPTIONS", b"*", b"a").path == "*"


def test_too_long() -> None:
    with pytest.raises(BadRequestError) as refusal:
        judge_target("GET", b"/" + b"a" * LONGEST_TARGET, b"a")
    assert refusal.value.status == 414


@given(st.binary(max_size=60))
def test_a_canonical_path_has_nothing_left_to_interpret(noise: bytes) -> None:
    try:
        path = judge_target("GET", b"/" + noise, b"a").path
    except BadRequestError:
        return
    segments = path.split("/")
    assert path.startswith("/")
    assert not {".", ".."} & set(segments)
    assert "" not in segments[1:-1]
    assert not any(character in path for character in "\\#?\0\r\n")

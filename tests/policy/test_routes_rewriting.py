"""Routes with an expression: which is taken, and what the upstream is asked for instead."""

from __future__ import annotations

import pytest

from lampgate.config.settings import UpstreamSettings
from lampgate.policy.rewriting import Rewriting
from lampgate.policy.routes import Routes
from lampgate.wire.target import judge_target

ROUTES = Routes(
    [
        UpstreamSettings(id="root", path="/", url="http://up"),
        UpstreamSettings(id="long", path="/a/very/long/path/", url="http://up"),
        UpstreamSettings(id="exact", path="/a/exact", url="http://up"),
        UpstreamSettings(id="short pattern", path="^/a/v", rewrite_target="/s", url="http://up"),
        UpstreamSettings(id="long pattern", path="^/a/very/l", rewrite_target="/l", url="http://up"),
    ]
)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/a/very/long/path/x", "long pattern"), ("/a/very", "short pattern"), ("/a/exact", "exact"),
        ("/a/exact/x", "root"), ("/x/a/very", "root"), ("*", None),
    ],
)  # fmt: skip
def test_expressions_go_first_and_the_longest_of_them(path: str, route: str | None) -> None:
    upstream = ROUTES.find(path)
    assert (upstream.id if upstream else None) == route


def rewritten(path: str, target: str, asked: str) -> str:
    upstream = UpstreamSettings(id="a", path=path, rewrite_target=target, url="http://up")
    return Rewriting(upstream).rewrite(judge_target("GET", asked.encode(), b"h")).decode("ascii")


@pytest.mark.parametrize(
    ("path", "target", "asked", "result"),
    [
        ("^/foo/(.*)$", "/bar/$1", "/foo/x/y", "/bar/x/y"),
        ("^/foo/(.*)$", "/bar/$1", "/foo/x?a=1&b", "/bar/x?a=1&b"),
        # What is not matched stays, and every match is replaced.
        ("/foo", "/bar", "/x/foo/foo/y", "/x/bar/bar/y"),
        ("^/a/(?P<id>[^/]+)/(.*)$", "/$2/${id}", "/a/7/b/c", "/b/c/7"),
        # Matched decoded, sent encoded.
        ("^/foo/(.*)$", "/$1", "/foo/a%20b%25/%C3%A9;c=d+e", "/a%20b%25/%C3%A9;c=d+e"),
        ("^/a b/(.*)$", "/c d/$1", "/a%20b/x", "/c%20d/x"),
        # Parameters of the replacement come behind those of the request.
        ("^/item/([^/]+)$", "/item?id=$1", "/item/7", "/item?id=7"),
        ("^/item/([^/]+)$", "/item?id=$1&x=%20", "/item/7?a=b", "/item?a=b&id=7&x=%20"),
        ("^/item/([^/]+)$", "/item?id=$1", "/item/7?", "/item?id=7"),
        # Not two parameters, no fragment, no blank.
        ("^/item/([^/]+)$", "/item?id=$1", "/item/7&admin=1;x%20+", "/item?id=7%26admin%3D1%3Bx%20%2B"),
        # Empty matches as Go counts them.
        ("x*", "-", "/axb", "-/-a-b-"),
        ("|a", "-", "/ab", "-/-a-b-"),
    ],
)
def test_rewriting(path: str, target: str, asked: str, result: str) -> None:
    assert rewritten(path, target, asked) == result


@pytest.mark.parametrize("asked", ["/foo/%E2%80%A8x", "/foo/x%C2%85y"])
def test_nothing_of_a_client_becomes_a_line_break(asked: str) -> None:
    result = rewritten("^/foo/(.*)$", "/b/$1?q=$1", asked)
    assert result.isascii()
    assert result.isprintable()
    assert " " not in result

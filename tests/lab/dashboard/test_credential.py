from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from lampgate.lab.dashboard.credential import (
    bearer_token,
    cookie_token,
    expired,
    groups,
    unverified_claims,
    username,
)
from tests.lab.dashboard.fake_api import token


def request_with(*authorization: str) -> HTTPConnection:
    headers = [(b"authorization", value.encode()) for value in authorization]
    return HTTPConnection({"type": "http", "headers": headers})


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        ({}, ""),
        ({"headlamp-auth-main.0": "abc"}, "abc"),
        ({"headlamp-auth-main.1": "def", "headlamp-auth-main.0": "abc"}, "abcdef"),
        ({"headlamp-auth-main.1": "def"}, ""),
        ({"headlamp-auth-other.0": "abc"}, ""),
    ],
    ids=["none", "one part", "two parts", "first part missing", "another cluster"],
)
def test_the_cookie_is_put_together_from_its_parts(cookies: dict[str, str], expected: str) -> None:
    assert cookie_token(cookies, "main") == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), ""),
        (("Bearer abc",), "abc"),
        (("bearer   abc ",), "abc"),
        (("abc",), "abc"),
        (("Bearer abc", "Bearer def"), "abc"),
        (("Bearer abc, Bearer def",), ""),
    ],
    ids=["none", "usual", "scheme in lower case", "no scheme", "first of two", "comma"],
)
def test_the_bearer_token_is_read_as_headlamp_reads_it(values: tuple[str, ...], expected: str) -> None:
    assert bearer_token(request_with(*values)) == expected


@pytest.mark.parametrize("text", ["", "opaque", "a.b", "a..c", "a.!!!.c", "a.W10.c", "a.e30.c.d.e"])
def test_what_is_no_jwt_has_no_claims(text: str) -> None:
    assert unverified_claims(text) is None


def test_claims_are_read_without_checking_the_signature() -> None:
    claims = unverified_claims(token("ada@contoso.example"))
    assert claims is not None
    assert claims["upn"] == "ada@contoso.example"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"name": "Ada", "upn": "ada@x", "preferred_username": "ada.p"}, "ada.p"),
        ({"name": "Ada", "upn": "ada@x", "preferred_username": ""}, "ada@x"),
        ({"name": "Ada", "username": "a"}, "a"),
        ({"name": "Ada"}, "Ada"),
        ({"name": 7}, ""),
    ],
)
def test_the_name_is_the_first_of_headlamps_claims(claims: dict[str, object], expected: str) -> None:
    assert username(claims) == expected


def test_groups_come_from_either_claim() -> None:
    assert groups({"groups": ["a", 7]}) == ["a", "7"]
    assert groups({"realm_access": {"roles": ["r"]}}) == ["r"]
    assert groups({"realm_access": "odd"}) == []


@pytest.mark.parametrize(
    ("exp", "now", "expected"), [(100, 99, False), (100, 101, True), (None, 0, True), ("9", 0, True)]
)
def test_expiry(exp: object, now: float, expected: bool) -> None:
    assert expired({"exp": exp}, now) is expected

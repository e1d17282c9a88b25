"""Claims become a subject."""

from __future__ import annotations

from typing import Any

import pytest

from lampgate.config.settings import ProviderSettings, PublicClient
from lampgate.identity.subject import subject_of
from lampgate.session.record import Subject

BASE = {"iss": "https://op.example", "sub": "s"}


def subject(claims: dict[str, Any], **settings: Any) -> Subject:
    values: dict[str, Any] = {
        "issuer_url": "https://op.example",
        "client_id": "c",
        "client_authentication": PublicClient(),
    }
    return subject_of(BASE | claims, ProviderSettings(**values, **settings), entra=True)


@pytest.mark.parametrize(
    ("claims", "groups"),
    [
        ({}, ()),
        ({"groups": ["a", "b", "a"]}, ("a", "b")),
        ({"groups": "a"}, ("a",)),
        ({"groups": ["a", 7, None, {"x": 1}, "", True]}, ("a", "7")),
        ({"groups": {"a": "b"}}, ()),
        ({"groups": ["a\r\nb", "c"]}, ("c",)),
    ],
)
def test_groups(claims: dict[str, Any], groups: tuple[str, ...]) -> None:
    assert subject(claims).groups == groups


def test_dotted_paths_and_exact_names() -> None:
    claims = {"realm": {"roles": ["x"]}, "realm.roles": ["y"], "mail": {"work": "a@b.example"}}
    assert subject(claims, groups_claim="realm.roles").groups == ("y",)
    assert subject(claims, email_claim="mail.work").email == "a@b.example"
    assert subject(claims, groups_claim="realm.none.deeper").groups == ()


@pytest.mark.parametrize(
    ("claims", "settings", "email"),
    [
        ({"email": "a@b.example"}, {}, "a@b.example"),
        ({"email": "a@b.example", "email_verified": True}, {}, "a@b.example"),
        ({"email": "a@b.example", "email_verified": False}, {}, ""),
        ({"email": "a@b.example", "email_verified": "false"}, {}, ""),
        ({"email": "a@b.example", "email_verified": False}, {"allow_unverified_email": True}, "a@b.example"),
        ({"upn": "u@b.example", "email_verified": False}, {"email_claim": "upn"}, "u@b.example"),
        ({"email": "a@b\u200b.example"}, {}, ""),
        ({"email": ["a@b.example"]}, {}, ""),
    ],
)
def test_email(claims: dict[str, Any], settings: dict[str, Any], email: str) -> None:
    assert subject(claims, **settings).email == email

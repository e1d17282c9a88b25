"""Claims become a subject."""

from __future__ import annotations

from typing import Any

import pytest

from lampgate.config.settings import (
    AllowSettings,
    ClaimRule,
    HeaderInjection,
    InjectedValue,
    ProviderSettings,
    PublicClient,
    Settings,
    UpstreamSettings,
)
from lampgate.identity.subject import SubjectNeeds, subject_needs, subject_of
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


@pytest.mark.parametrize(
    ("claims", "kept"),
    [
        ({"level": 3, "other": "x"}, {"level": ("3",)}),
        ({"level": ["a", "b"], "flags": {"admin": True}}, {"level": ("a", "b"), "flags.admin": ("true",)}),
        ({"flags": {"admin": False}}, {"flags.admin": ("false",)}),
        ({"level": "a\nb"}, {}),
        ({"level": {"a": 1}}, {}),
        ({}, {}),
    ],
)
def test_only_claims_that_are_asked_for_are_kept(claims: dict[str, Any], kept: dict[str, tuple[str, ...]]) -> None:
    settings = ProviderSettings(issuer_url="https://op", client_id="c", client_authentication=PublicClient())
    assert subject_of(BASE | claims, settings, entra=False, keep=("level", "flags.admin")).claims == kept


def test_roles() -> None:
    assert subject({"roles": ["Dashboard.User"]}).roles == ("Dashboard.User",)
    assert subject({"realm": {"roles": ["a"]}}, roles_claim="realm.roles").roles == ("a",)
    assert subject({}).roles == ()


def needs(allow: AllowSettings, *injected: str) -> SubjectNeeds:
    provider = ProviderSettings(issuer_url="https://op", client_id="c", client_authentication=PublicClient())
    header = HeaderInjection(name="X", values=tuple(InjectedValue(claim=claim) for claim in (*injected, "email")))
    upstreams = (UpstreamSettings(id="main", url="http://headlamp:80"),)
    return subject_needs(Settings(provider=provider, allow=allow, inject=(header,), upstreams=upstreams))


def test_what_rules_and_headers_want_to_know() -> None:
    assert needs(AllowSettings()) == SubjectNeeds(groups=frozenset())
    assert not needs(AllowSettings()).any_groups
    by_group = needs(AllowSettings(groups=("a", "b")))
    assert by_group.groups == frozenset({"a", "b"})
    assert by_group.any_groups
    assert needs(AllowSettings(groups=("a",)), "groups").groups is None
    rules = AllowSettings(claims=(ClaimRule(claim="level", values=("1",)), ClaimRule(claim="x.y", values=("z",))))
    assert needs(rules, "claim:x.y", "claim:team").claims == ("level", "x.y", "team")

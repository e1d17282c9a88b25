"""Who may pass: rules about people, tenants, groups, roles and claims, and what cannot be told."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from lampgate.config.settings import AllowSettings, ClaimRule
from lampgate.policy import address_file
from lampgate.policy.allow import CANNOT_TELL, refusal
from lampgate.session.record import Subject

TENANT = "0f3c9a52-6f0e-4c57-9d43-6a1f2b7c8d10"
OID = "b2d8f1ef-2c30-4a7b-9f42-1e806caf3b02"


def person(**changes: Any) -> Subject:
    values: dict[str, Any] = {
        "issuer": "https://op.example",
        "sub": "subject",
        "tid": TENANT,
        "oid": OID,
        "email": "rita@contoso.example",
        "preferred_username": "boss@contoso.example",
        "groups": ("readers",),
        "roles": ("Dashboard.User",),
        "claims": {"department": ("ops", "sre")},
    }
    return Subject(**values | changes)


def everybody(**rules: Any) -> AllowSettings:
    return AllowSettings(email_domains=("*",), **rules)


@pytest.mark.parametrize(
    ("allow", "subject", "code"),
    [
        # Single people.
        (AllowSettings(users=("Rita@Contoso.example",)), person(), None),
        (AllowSettings(users=(OID.upper(),)), person(), None),
        (AllowSettings(users=("wes@contoso.example",)), person(), "allow.user"),
        (AllowSettings(users=("boss@contoso.example",)), person(), "allow.user"),
        (AllowSettings(users=("subject",)), person(), "allow.user"),
        (AllowSettings(users=("",)), person(email="", oid=""), "allow.user"),
        (AllowSettings(users=(OID,), email_domains=("other.example",)), person(), None),
        (AllowSettings(users=("x",), email_domains=("contoso.example",)), person(), None),
        (AllowSettings(users=("x",), email_domains=("other.example",)), person(), "allow.user"),
        (AllowSettings(users=("x",), email_domains=("other.example",)), person(email=""), "allow.no-email"),
        # Being named is not enough where there are other rules.
        (AllowSettings(users=(OID,), groups=("admins",)), person(), "allow.groups"),
        # Tenants.
        (everybody(tenants=(TENANT,)), person(), None),
        (everybody(tenants=(TENANT,)), person(tid=TENANT.upper()), None),
        (everybody(tenants=(TENANT,)), person(tid="4c1b0a52-6f0e-4c57-9d43-6a1f2b7c8d10"), "allow.tenant"),
        (everybody(tenants=(TENANT,)), person(tid=""), "allow.tenant"),
        (everybody(tenants=()), person(), "allow.tenant"),
        # Groups and roles.
        (everybody(groups=("readers", "x"), roles=("Dashboard.User",)), person(), None),
        (everybody(groups=("readers",), roles=("Dashboard.Admin",)), person(), "allow.roles"),
        (everybody(roles=("dashboard.user",)), person(), "allow.roles"),
        (everybody(roles=("Dashboard.User",)), person(roles=()), "allow.roles"),
        # Claims.
        (everybody(claims=(ClaimRule(claim="department", values=("sre", "dev")),)), person(), None),
        (everybody(claims=(ClaimRule(claim="department", values=("dev",)),)), person(), "allow.claim"),
        (everybody(claims=(ClaimRule(claim="level", values=("1",)),)), person(), "allow.claim"),
        (
            everybody(claims=(ClaimRule(claim="department", values=("ops",)), ClaimRule(claim="x", values=("y",)))),
            person(),
            "allow.claim",
        ),
        # What cannot be told.
        (everybody(groups=("admins",)), person(groups=(), groups_complete=False), "allow.groups-unknown"),
        (everybody(groups=("readers",)), person(groups_complete=False), None),
        (everybody(), person(groups=(), groups_complete=False), None),
        (
            everybody(groups=("admins",), roles=("Dashboard.Admin",)),
            person(groups=(), groups_complete=False),
            "allow.roles",
        ),
        (
            everybody(groups=("admins",), tenants=("4c1b0a52-6f0e-4c57-9d43-6a1f2b7c8d10",)),
            person(groups=(), groups_complete=False),
            "allow.tenant",
        ),
    ],
)
def test_rules(allow: AllowSettings, subject: Subject, code: str | None) -> None:
    problem = refusal(allow, subject)
    assert (problem.code if problem else None) == code
    if problem is not None:
        unknown = code is not None and code.endswith("-unknown")
        assert problem.status == (CANNOT_TELL if unknown else 403)
        assert ("Retry-After" in dict(problem.headers)) is unknown
        assert problem.remedy


@pytest.mark.parametrize(
    ("text", "admitted"),
    [
        ("rita@contoso.example\n", True),
        ("wes@contoso.example\r\nRITA@contoso.example\r\n", True),
        ("\ufeff  rita@contoso.example , Rita Reader, ops\n", True),
        ('"rita@contoso.example"\n', True),
        ("#rita@contoso.example\n", False),
        ("rita@contoso.example.evil.example\n", False),
        ("contoso.example\n*\n", False),
        ("", False),
    ],
)
def test_a_file_of_addresses(tmp_path: Path, text: str, *, admitted: bool) -> None:
    file = tmp_path / "emails"
    file.write_text(text, "utf-8")
    problem = refusal(AllowSettings(emails_file=file), person())
    assert (problem is None) is admitted
    if problem is not None:
        assert problem.code == "allow.user"
    assert refusal(AllowSettings(emails_file=file), person(email="")) is not None


def test_a_changed_file_counts_from_then_on(tmp_path: Path) -> None:
    file, fresh = tmp_path / "emails", tmp_path / "fresh"
    allow = AllowSettings(emails_file=file)
    file.write_text("wes@contoso.example")
    assert refusal(allow, person()) is not None
    # As a mounted ConfigMap does it: the name leads to another file.
    fresh.write_text("rita@contoso.exampl")
    fresh.write_text("rita@contoso.example")
    fresh.replace(file)
    assert refusal(allow, person()) is None


def test_a_file_that_goes_away_still_holds(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "emails"
    allow = AllowSettings(emails_file=file)
    file.write_text("rita@contoso.example")
    assert refusal(allow, person()) is None
    file.unlink()
    with caplog.at_level(logging.ERROR, "lampgate.policy"):
        assert refusal(allow, person()) is None
        assert refusal(allow, person(email="wes@contoso.example")) is not None
    (line,) = caplog.messages
    assert str(file) in line
    file.write_text("wes@contoso.example")
    assert refusal(allow, person()) is not None


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff"])
def test_a_file_that_was_never_readable_admits_and_refuses_nobody(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "emails"
    if content is not None:
        file.write_bytes(content)
    allow = AllowSettings(emails_file=file, email_domains=("other.example",))
    problem = refusal(allow, person())
    assert problem is not None
    assert (problem.status, problem.code) == (CANNOT_TELL, "allow.emails-unknown")
    assert refusal(allow, person(email="x@other.example")) is None
    assert address_file.addresses(file) is None

"""Allow rules: who of those the provider has signed in may pass."""

from __future__ import annotations

import pytest

from lampgate.config.settings import AllowSettings
from lampgate.policy.allow import is_in_domain, refusal
from lampgate.session.record import Subject


@pytest.mark.parametrize(
    ("email", "rule", "admitted"),
    [
        ("a@company.example", "company.example", True),
        ("A@Company.Example", "company.example", True),
        ("a@company.example", "COMPANY.example", True),
        ("a@company.example", "*", True),
        ("", "*", True),
        ("", "company.example", False),
        ("a@evilcompany.example", "company.example", False),
        ("a@company.example.evil.example", "company.example", False),
        ("a@evil.example@company.example", "company.example", False),
        ("a@company.example@evil.example", "company.example", False),
        ("@company.example", "company.example", False),
        ("company.example", "company.example", False),
        ("a@", "", False),
        ("a@sub.company.example", "company.example", False),
        ("a@sub.company.example", ".company.example", True),
        ("a@sub.company.example", "*.company.example", True),
        ("a@deep.sub.company.example", "*.company.example", True),
        ("a@company.example", ".company.example", False),
        ("a@evilcompany.example", ".company.example", False),
        ("a@evil.example@x.company.example", ".company.example", False),
        ("a@.company.example", ".company.example", False),
        ("a@company.example", ".", False),
        ("a@company.example.", "company.example", False),
        ("a@company.example ", "company.example", False),
    ],
)
def test_domains(email: str, rule: str, admitted: bool) -> None:
    assert is_in_domain(email, rule) is admitted


def person(email: str = "rita@contoso.example", groups: tuple[str, ...] = ("readers",)) -> Subject:
    return Subject("https://op.example", "s", name="Rita Reader", email=email, groups=groups)


@pytest.mark.parametrize(
    ("allow", "subject", "code"),
    [
        (AllowSettings(), person(), "allow.email-domain"),
        (AllowSettings(email_domains=("*",)), person(), None),
        (AllowSettings(email_domains=("*",)), person(email=""), None),
        (AllowSettings(email_domains=("contoso.example",)), person(), None),
        (AllowSettings(email_domains=("other.example", "contoso.example")), person(), None),
        (AllowSettings(email_domains=("other.example",)), person(), "allow.email-domain"),
        (AllowSettings(email_domains=("contoso.example",)), person(email=""), "allow.no-email"),
        (AllowSettings(email_domains=("*",), groups=("readers", "x")), person(), None),
        (AllowSettings(email_domains=("*",), groups=("reader",)), person(), "allow.groups"),
        (AllowSettings(email_domains=("*",), groups=()), person(), "allow.groups"),
        (AllowSettings(email_domains=("*",), groups=("readers",)), person(groups=()), "allow.groups"),
        (AllowSettings(groups=("readers",)), person(), "allow.email-domain"),
    ],
)
def test_rules(allow: AllowSettings, subject: Subject, code: str | None) -> None:
    problem = refusal(allow, subject)
    assert (problem.code if problem else None) == code
    if problem is not None:
        assert problem.status == 403
        assert "Rita Reader" in problem.sentence

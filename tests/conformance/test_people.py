"""Who may pass: e-mail rules, groups, and what a proxy in front asks for (oauth2-proxy's validators)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from starlette.datastructures import QueryParams

from lampgate.policy.allow import refusal
from lampgate.portal.constraints import are_met
from tests.conformance.stage import session, settings_of

FOO = ["foo.bar.com"]


@pytest.mark.parametrize(
    ("domains", "listed", "email", "passes"),
    [
        # Nobody is named.
        (["none.example"], [], "foo.bar@example.com", False),
        # Everybody is.
        (["*"], [], "foo.bar@example.com", True),
        (["*"], [], "anything", True),
        (["*"], [], "", True),
        (["*", "example.com"], [], "rita@other.com", True),
        # By the list.
        (FOO, ["xyzzy@example.com", "plugh@example.com"], "xyzzy@example.com", True),
        (FOO, ["xyzzy@example.com", "plugh@example.com"], "PLUGH@example.com", True),
        (FOO, ["Xyzzy@Example.Com"], "xyzzy@example.com", True),
        (FOO, ["xyzzy@example.com"], "foo.bar@example.com", False),
        (FOO, ["xyzzy@example.com"], "xyzzy@example.com.evil.example", False),
        (FOO, ["example.com"], "xyzzy@example.com", False),
        (FOO, ["xyzzy@example.com"], "", False),
        # By the list or the domain.
        (["example.com"], ["xyzzy@other.com"], "xyzzy@other.com", True),
        (["example.com"], ["xyzzy@other.com"], "rita@example.com", True),
        (["example.com"], ["xyzzy@other.com"], "rita@other.com", False),
        # By the domain, exactly.
        (["example.com"], [], "foo.bar@example.com", True),
        (["example.com"], [], "FOO@EXAMPLE.COM", True),
        (["Example.COM"], [], "foo@example.com", True),
        (["example.com"], [], "foo@example.org", False),
        (["example.com"], [], "foo@sub.example.com", False),
        (["example.com"], [], "foo@evilexample.com", False),
        (["example.com"], [], "foo@example.com.evil.example", False),
        (["example.com"], [], "foo@example.com.", False),
        (["example.com"], [], "example.com", False),
        (["example.com"], [], "@example.com", False),
        (["example.com"], [], "foo@", False),
        (["example.com"], [], "", False),
        (["0.example.com", "1.example.com"], [], "foo@1.example.com", True),
        (["0.example.com", "1.example.com"], [], "foo@2.example.com", False),
        # By the domains below one.
        ([".example.com"], [], "foo@bar.example.com", True),
        ([".example.com"], [], "foo@a.b.example.com", True),
        ([".example.com"], [], "foo@example.com", False),
        ([".example.com"], [], "foo@evilexample.com", False),
        ([".example.com"], [], "foo@bar.example.com.evil", False),
        (["*.example.com"], [], "foo@bar.example.com", True),
        (["*.example.com"], [], "foo@example.com", False),
        (["*.example.com"], [], "foo@evilexample.com", False),
        (["*.example.com"], [], "foo@BAR.example.com", True),
        # With more than one @ it is of no domain (CVE-2026-40574).
        (["company.com"], [], "a@evil.com@company.com", False),
        ([".company.com"], [], "a@evil.com@x.company.com", False),
        (["company.com"], [], "a@company.com@evil.com", False),
    ],
)
def test_email_rules(tmp_path: Path, domains: list[str], listed: list[str], email: str, *, passes: bool) -> None:
    flags = [f"--email-domain={domain}" for domain in domains]
    if listed:
        file = tmp_path / "emails"
        file.write_text("\n".join(listed))
        flags.append(f"--authenticated-emails-file={file}")
    problem = refusal(settings_of(*flags).allow, session(email=email).subject)
    assert (problem is None) is passes


@pytest.mark.parametrize(
    ("allowed", "groups", "passes"),
    [
        ([], [], True),
        ([], ["a", "b"], True),
        (["a"], ["a"], True),
        (["a"], ["a", "b"], True),
        (["a", "b"], ["b"], True),
        (["a", "c"], ["b", "c"], True),
        (["a"], ["b"], False),
        (["a"], [], False),
        (["a", "b"], ["c", "d"], False),
        (["a"], ["A"], False),
        (["a"], ["aa"], False),
        (["a,b"], ["b"], True),
        ([""], [], True),
    ],
)
def test_groups(allowed: Sequence[str], groups: Sequence[str], *, passes: bool) -> None:
    allow = settings_of(*(f"--allowed-group={group}" for group in allowed)).allow
    assert (refusal(allow, session(groups=tuple(groups)).subject) is None) is passes


@pytest.mark.parametrize(
    ("query", "passes"),
    [
        ("", True),
        ("allowed_groups=a", True),
        ("allowed_groups=a,b", True),
        ("allowed_groups=c&allowed_groups=b", True),
        ("allowed_groups=c", False),
        ("allowed_groups=c,d", False),
        ("allowed_groups=", True),
        ("allowed_groups=,", True),
        ("allowed_groups=,a", True),
        ("allowed_groups=%61", True),
        ("allowed_groups=A", False),
        ("other=x", True),
        ("allowed_emails=rita@bar.example.com", True),
        ("allowed_emails=x@y.z,rita@bar.example.com", True),
        ("allowed_emails=x@y.z", False),
        ("allowed_emails=", True),
        ("allowed_email_domains=bar.example.com", True),
        ("allowed_email_domains=example.com", False),
        ("allowed_email_domains=.example.com", True),
        ("allowed_email_domains=*.example.com", True),
        ("allowed_email_domains=.bar.example.com", False),
        ("allowed_email_domains=x.com,bar.example.com", True),
        ("allowed_email_domains=*", False),
        ("allowed_email_domains=", True),
        ("allowed_groups=a&allowed_emails=x@y.z", False),
        ("allowed_groups=a&allowed_email_domains=.example.com", True),
        ("allowed_groups=c&allowed_emails=rita@bar.example.com", False),
    ],
)
def test_what_a_proxy_in_front_asks_for(query: str, *, passes: bool) -> None:
    subject = session(groups=("a", "b"), email="rita@bar.example.com").subject
    assert are_met(QueryParams(query), subject) is passes


@pytest.mark.parametrize("email", ["a@evil.com@bar.example.com", "", "bar.example.com", "@bar.example.com"])
def test_addresses_of_no_domain(email: str) -> None:
    assert not are_met(QueryParams("allowed_email_domains=bar.example.com"), session(email=email).subject)

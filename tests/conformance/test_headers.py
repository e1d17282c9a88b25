"""Which headers the older flags make, and what a client's copies come to (oauth2-proxy's §2.8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from lampgate.policy.decision import Policy
from lampgate.policy.injection import injected_headers
from lampgate.wire.request_parser import RequestParser
from tests.conformance.stage import session, settings_of

PERSON: dict[str, Any] = {
    "email": "rita@company.com",
    "preferred_username": "rita.r",
    "groups": ("a", "b"),
    "sub": "s-1",
}
USER = {
    "X-Forwarded-Groups": "a,b",
    "X-Forwarded-User": "s-1",
    "X-Forwarded-Email": "rita@company.com",
    "X-Forwarded-Preferred-Username": "rita.r",
}
NO_USER = ("--pass-user-headers=false", "--pass-basic-auth=false")
BASIC = "Basic cy0xOnB3"
BASIC_EMAIL = "Basic cml0YUBjb21wYW55LmNvbTpwdw=="


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], USER),
        (["--pass-user-headers=false"], USER),
        (["--pass-basic-auth=false"], USER),
        (NO_USER, {}),
        (["--pass-access-token=true"], USER | {"X-Forwarded-Access-Token": "T"}),
        ([*NO_USER, "--pass-access-token=true"], {"X-Forwarded-Access-Token": "T"}),
        (["--pass-authorization-header=true"], USER | {"Authorization": "Bearer ID"}),
        ([*NO_USER, "--pass-authorization-header=true"], {"Authorization": "Bearer ID"}),
        (["--basic-auth-password=pw"], USER | {"Authorization": BASIC}),
        (["--basic-auth-password=pw", "--pass-basic-auth=false"], USER),
        (
            ["--prefer-email-to-user=true"],
            {name: value for name, value in USER.items() if name != "X-Forwarded-Email"}
            | {"X-Forwarded-User": "rita@company.com"},
        ),
        (
            ["--prefer-email-to-user=true", "--basic-auth-password=pw"],
            {name: value for name, value in USER.items() if name != "X-Forwarded-Email"}
            | {"X-Forwarded-User": "rita@company.com", "Authorization": BASIC_EMAIL},
        ),
        (["--set-xauthrequest=true", "--set-basic-auth=true", "--set-authorization-header=false"], USER),
    ],
)
def test_to_the_upstream(flags: Sequence[str], expected: dict[str, str]) -> None:
    signed_in = session(id_token="ID", **PERSON)
    assert dict(injected_headers(settings_of(*flags).inject, signed_in)) == expected


ABOUT = {
    "X-Auth-Request-User": "s-1",
    "X-Auth-Request-Email": "rita@company.com",
    "X-Auth-Request-Preferred-Username": "rita.r",
    "X-Auth-Request-Groups": "a,b",
}


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], {}),
        (["--set-xauthrequest=true"], ABOUT),
        (["--set-xauthrequest=true", "--pass-access-token=true"], ABOUT | {"X-Auth-Request-Access-Token": "T"}),
        (["--pass-access-token=true"], {}),
        (["--set-authorization-header=true"], {"Authorization": "Bearer ID"}),
        (["--set-basic-auth=true", "--basic-auth-password=pw"], {"Authorization": BASIC}),
        # A name with no password is no proof of anything; oauth2-proxy sends it nevertheless.
        (["--set-basic-auth=true"], {}),
        (
            ["--set-basic-auth=true", "--basic-auth-password=pw", "--prefer-email-to-user=true"],
            {"Authorization": BASIC_EMAIL},
        ),
        (
            ["--set-xauthrequest=true", "--set-basic-auth=true", "--basic-auth-password=pw"],
            ABOUT | {"Authorization": BASIC},
        ),
    ],
)
def test_on_answers(flags: Sequence[str], expected: dict[str, str]) -> None:
    signed_in = session(id_token="ID", **PERSON)
    assert dict(injected_headers(settings_of(*flags).inject_response, signed_in)) == expected


@pytest.mark.parametrize(
    "name",
    [
        "X-Forwarded-User", "x-forwarded-user", "X_Forwarded_User", "X-FORWARDED_user", "X-Forwarded-Email",
        "X_Forwarded_Email", "X-Forwarded-Groups", "X-Forwarded-Preferred-Username", "X-Forwarded-Access-Token",
        "Authorization", "Proxy-Authorization", "X-Auth-Request-User", "X-Auth-Request-Access-Token",
        "Impersonate-User", "Impersonate-Group", "Impersonate-Extra-Scopes", "Impersonate_User", "X-Remote-User",
        "X-Remote-Group", "X-Remote-Extra-A",
    ],
)  # fmt: skip
@pytest.mark.parametrize("flags", [(), NO_USER, ("--skip-auth-strip-headers=false",)])
def test_a_clients_copies_never_arrive(name: str, flags: tuple[str, ...]) -> None:
    """oauth2-proxy drops only what it injects (and until 7.13 only in one spelling: CVE-2025-64484)."""
    settings = settings_of(*flags)
    block = f"GET / HTTP/1.1\r\nHost: a\r\n{name}: root\r\nX-Own: kept\r\n\r\n"
    head = RequestParser().parse(block.encode())
    rules = Policy(settings).request_headers(settings.upstreams[0])
    kept = rules.lines(head, host=b"up", cookie=b"", injected=b"")
    assert b"root" not in kept
    assert b"X-Own: kept" in kept

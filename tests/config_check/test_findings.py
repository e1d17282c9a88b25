"""Each trap is found where it is, and not found where it is not."""

from __future__ import annotations

import pytest

from lampgate.config.check.examination import UnreadableFileError, examine
from lampgate.config.check.finding import Finding
from lampgate.config.check.registry import RULES
from tests.config.configurations import ALPHA, COOKIE_SECRET, FILLED_IN, LEGACY, TENANT, Loader
from tests.config_native.native_files import SMALLEST

AKS = "6dae42f8-4368-4678-94ff-3960e28e3630/user.read"
#: Nothing is wrong with it, but that oauth2-proxy's own file holds its secrets.
GOOD = (
    LEGACY.replace('"openid offline_access"', f'"{AKS} openid offline_access"')
    .replace('client_secret = "not-so-secret"', 'client_secret_file = "/run/secrets/client"')
    .replace(f'cookie_secret = "{COOKIE_SECRET}"', 'cookie_secret_file = "/run/secrets/cookie"')
    + 'cookie_refresh = "15m"\ninsecure_oidc_skip_nonce = false\ncode_challenge_method = "S256"\n'
    "pass_authorization_header = false\n"
)
ALPHA_GOOD = ALPHA.replace("scope: openid", f"scope: {AKS} openid").replace("not-so-secret", "${SECRET}").replace(
    "    oidcConfig:\n", "    code_challenge_method: S256\n    oidcConfig:\n      insecureSkipNonce: false\n"
)  # fmt: skip
NATIVE = f"{SMALLEST}session: {{cookie: {{secret: env:COOKIE}}}}\n"


def found(loader: Loader, *texts: str) -> list[Finding]:
    paths = []
    for number, text in enumerate(texts):
        path = loader.folder / f"{number}.conf"
        path.write_text(text, "utf-8")
        paths.append(path)
    return examine(paths, {})


def codes(loader: Loader, *texts: str) -> set[str]:
    return {finding.rule.code for finding in found(loader, *texts)}


TRAPS = [
    ("check.no-offline-access", GOOD.replace(" offline_access", ""), GOOD),
    ("check.graph-scope-first", GOOD.replace(AKS, f"User.Read {AKS}"), GOOD.replace(AKS, f"{AKS} User.Read")),
    ("check.no-cluster-scope", GOOD.replace(AKS, "User.Read"), GOOD),
    ("check.id-token-injected", ALPHA_GOOD.replace("access_token", "id_token"), ALPHA_GOOD),
    ("check.id-token-injected", f"{GOOD}".replace("header = false", "header = true"), GOOD),
    ("check.no-authorization", ALPHA_GOOD.replace("name: Authorization", "name: X-Token"), ALPHA_GOOD),
    ("check.no-bearer-prefix", ALPHA_GOOD.replace('"Bearer "', '"Bearer"'), ALPHA_GOOD),
    ("check.no-token-refresh", GOOD.replace('cookie_refresh = "15m"\n', ""), GOOD),
    ("check.late-token-refresh", GOOD.replace('"15m"', '"2h"'), GOOD),
    ("config.public-secret", LEGACY.replace(COOKIE_SECRET, "X" * 16), LEGACY),
    ("check.short-cookie-secret", LEGACY.replace(COOKIE_SECRET, "aB3.kL9!xY7?qW2="), f"{NATIVE}"),
    ("config.invalid-value", LEGACY.replace(COOKIE_SECRET, "short"), LEGACY),
    ("check.secret-in-plain-text", ALPHA, ALPHA_GOOD),
    ("check.secret-in-plain-text", f"{SMALLEST}client_secret: abcdef\n", f"{SMALLEST}client_secret: env:SECRET\n"),
    ("check.everybody-admitted", GOOD.replace(TENANT, "common"), GOOD),
    ("check.trusted-proxies-open", f"{GOOD}reverse_proxy = true\n",
     f'{GOOD}reverse_proxy = true\ntrusted_proxy_ips = ["10.0.0.0/8"]\n'),
    ("check.trusted-proxies-open", f'{GOOD}reverse_proxy = true\ntrusted_proxy_ips = ["0.0.0.0/0"]\n', GOOD),
    ("check.nonce-off", GOOD.replace("insecure_oidc_skip_nonce = false", "insecure_oidc_skip_nonce = true"), GOOD),
    ("check.nonce-off", ALPHA_GOOD.replace("insecureSkipNonce: false", "insecureSkipNonce: true"), ALPHA_GOOD),
    ("check.pkce-off", GOOD.replace('code_challenge_method = "S256"\n', ""), GOOD),
    ("check.pkce-off", ALPHA_GOOD.replace("    code_challenge_method: S256\n", ""), ALPHA_GOOD),
    ("check.issuer-not-verified", f"{GOOD}insecure_oidc_skip_issuer_verification = true\n", GOOD),
    ("check.unverified-email", GOOD.replace('["*"]', '["a.com"]') + "insecure_oidc_allow_unverified_email = true\n",
     f"{GOOD}insecure_oidc_allow_unverified_email = true\n"),
    ("check.cookie-not-secure", f"{GOOD}cookie_secure = false\n", f"{GOOD}cookie_secure = true\n"),
    ("check.cookie-not-httponly", f"{GOOD}cookie_httponly = false\n", GOOD),
    ("check.cookie-domain", f'{GOOD}cookie_domains = ["company.com"]\n', GOOD),
    ("check.cookie-samesite-none", f'{GOOD}cookie_samesite = "none"\n', f'{GOOD}cookie_samesite = "lax"\n'),
    ("check.whitelist-domain-wide", f'{GOOD}whitelist_domains = [".company.com"]\n',
     f'{GOOD}whitelist_domains = ["a.company.com"]\n'),
    ("check.skip-auth-wide", f'{GOOD}skip_auth_routes = ["/health"]\n',
     f'{GOOD}skip_auth_routes = ["GET=^/health$"]\n'),
    ("check.skip-auth-wide", f'{GOOD}skip_auth_regex = ["^/.*$"]\n', f'{GOOD}skip_auth_regex = ["^/static/a$"]\n'),
    ("check.skip-auth", f'{GOOD}skip_auth_routes = ["GET=^/health$"]\n', GOOD),
    ("check.trusted-ip", f'{GOOD}trusted_ips = ["10.0.0.0/8"]\n', GOOD),
    ("check.skip-auth-preflight", f"{GOOD}skip_auth_preflight = true\n", GOOD),
    ("check.container-port", GOOD.replace(":80", ":4466"), GOOD.replace("headlamp:80", "localhost:4466")),
    ("check.container-port", NATIVE.replace(":80", ":4466"), NATIVE),
    ("check.upstream-not-verified", f"{GOOD}ssl_upstream_insecure_skip_verify = true\n", GOOD),
    ("config.placeholder-left", NATIVE.replace(TENANT, "..your-tenant.."), NATIVE),
]  # fmt: skip


@pytest.mark.parametrize(("code", "bad", "good"), TRAPS, ids=[f"{n}-{code}" for n, (code, *_) in enumerate(TRAPS)])
def test_a_trap_is_found(loader: Loader, code: str, bad: str, good: str) -> None:
    assert bad != good
    assert code in codes(loader, bad)
    assert code not in codes(loader, good)


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("check.headlamp-oidc", "clientID: abc"),
        ("check.headlamp-service-account", "x: 1}\n  unsafeUseServiceAccountToken: true #"),
    ],
)  # fmt: skip
def test_headlamps_own_values_are_looked_at(loader: Loader, code: str, line: str) -> None:
    values = "config:\n  inCluster: true\n  oidc: {" + line + "}\n"
    assert code in codes(loader, FILLED_IN, values)
    assert code not in codes(loader, FILLED_IN, 'config:\n  inCluster: true\n  oidc: {clientID: ""}\n')


def test_every_check_has_a_trap() -> None:
    tested = {code for code, *_ in TRAPS} | {"check.headlamp-oidc", "check.headlamp-service-account"}
    assert {code for code in RULES if code.startswith("check.")} <= tested


def test_the_smallest_native_file_has_nothing_to_find(loader: Loader) -> None:
    assert found(loader, NATIVE) == []


def test_findings_know_their_place(loader: Loader) -> None:
    (finding,) = [each for each in found(loader, FILLED_IN) if each.rule.code == "check.no-offline-access"]
    assert finding.place is not None
    assert (finding.place.line, finding.place.key) == (24, "alphaConfig.configData.providers[0].scope")


def test_secrets_may_stand_in_secrets(loader: Loader) -> None:
    secret = "apiVersion: v1\nkind: Secret\nstringData:\n  alpha.yaml: |\n"
    indented = "".join(f"    {line}\n" for line in ALPHA.splitlines())
    assert "check.secret-in-plain-text" not in codes(loader, secret + indented)


def test_what_only_the_pod_has_is_no_finding(loader: Loader) -> None:
    assert not [
        each for each in found(loader, GOOD) if each.rule.code in ("config.unreadable", "config.missing-setting")
    ]


def test_a_file_that_cannot_be_opened(loader: Loader) -> None:
    with pytest.raises(UnreadableFileError):
        examine([loader.folder / "nothing"], {})

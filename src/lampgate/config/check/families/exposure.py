"""What gets past the gate or is believed without proof: skipped authentication, forwarded headers, redirects."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lampgate.config.check.finding import Family, Finding, Rule, Severity
from lampgate.config.check.subject import Subject
from lampgate.config.re2 import PatternError, compile_re2

PROXIES_OPEN = Rule(
    "check.trusted-proxies-open", Severity.WARNING, "X-Forwarded headers are believed whoever sends them",
    "oauth2-proxy believes every peer's while reverse-proxy is on and no proxies are listed: a client chooses its "
    "own address, host and path, and with them gets past rules (CVE-2026-40575). lampgate then believes nobody's",
    "List the ingress's addresses in trusted-proxy-ip, e.g. the network of its pods",
)  # fmt: skip
SKIP_WIDE = Rule(
    "check.skip-auth-wide", Severity.ERROR, "A rule that skips authentication fits paths it should not",
    "Regular expressions that are not anchored with ^ and $ fit anywhere in the path: whoever puts the text into a "
    "path, or into what oauth2-proxy takes for one, gets in without a session",
    "Remove the rule; lampgate lets no request pass without a session",
)  # fmt: skip
SKIP_AUTH = Rule(
    "check.skip-auth", Severity.WARNING, "Some paths are served without signing in",
    "What is behind them is open to everybody who can reach the gateway, and such rules have often matched more than "
    "they seemed to (CVE-2025-54576, CVE-2026-41059)",
    "Remove the rule; lampgate lets no request pass without a session",
)  # fmt: skip
TRUSTED_IP = Rule(
    "check.trusted-ip", Severity.ERROR, "Requests from some addresses need no sign-in",
    "oauth2-proxy takes the address from a header that the client may have sent, whoever forwarded it",
    "Remove trusted-ip",
)  # fmt: skip
PREFLIGHT = Rule(
    "check.skip-auth-preflight", Severity.WARNING, "OPTIONS requests pass without signing in",
    "They reach the dashboard and the API behind it from anybody",
    "Remove skip-auth-preflight",
)  # fmt: skip
WHITELIST = Rule(
    "check.whitelist-domain-wide", Severity.WARNING, "People may be redirected to every host of a domain",
    "A link to your sign-in can then lead to any server below that domain, one that somebody else controls perhaps",
    "Name the hosts in full, without a dot or * in front",
)  # fmt: skip

#: Nothing that is meant to be open lies here.
_PROBES = ("/", "/clusters/main/api/v1/secrets", "/x/other")
_METHOD = re.compile(r"[A-Z]+!?=")


def proxies(subject: Subject) -> Iterator[Finding]:
    """Whose word counts about the client."""
    place = subject.is_on("reverse-proxy")
    listed = subject.texts("trusted-proxy-ip")
    if place is not None and (listed is None or not any(listed[0])):
        yield Finding(PROXIES_OPEN, place)
    elif listed is not None and any(text.strip().endswith("/0") for text in listed[0]):
        yield Finding(PROXIES_OPEN, listed[1])


def skipped(subject: Subject) -> Iterator[Finding]:
    """What is served without a session."""
    for flag in ("skip-auth-route", "skip-auth-regex"):
        rules = subject.texts(flag)
        for text in rules[0] if rules is not None else ():
            pattern = _METHOD.sub("", text, count=1) if flag == "skip-auth-route" else text
            yield Finding(SKIP_WIDE if _is_wide(pattern) else SKIP_AUTH, rules[1] if rules is not None else None)
    place = subject.is_on("skip-auth-preflight")
    if place is not None:
        yield Finding(PREFLIGHT, place)
    trusted = subject.texts("trusted-ip")
    if trusted is not None and any(trusted[0]):
        yield Finding(TRUSTED_IP, trusted[1])


def _is_wide(pattern: str) -> bool:
    """Whether a rule fits more than one path or folder that it names from its beginning to its end."""
    if not pattern.startswith("^") or not pattern.endswith("$") or "|" in pattern:
        return True
    try:
        compiled = compile_re2(pattern)
    except PatternError:
        return True
    return any(re.search(compiled.pattern, probe) for probe in _PROBES)


def redirects(subject: Subject) -> Iterator[Finding]:
    """Where people may be sent after signing in."""
    domains = subject.texts("whitelist-domain")
    if domains is not None and any(domain.strip().startswith((".", "*")) for domain in domains[0]):
        yield Finding(WHITELIST, domains[1])


FAMILY = Family(
    "Exposure",
    (PROXIES_OPEN, SKIP_WIDE, SKIP_AUTH, TRUSTED_IP, PREFLIGHT, WHITELIST),
    (proxies, skipped, redirects),
)

"""The dashboard behind the gateway: how it is reached, and what its own settings do beside the gateway's."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from lampgate.config.check.finding import Family, Finding, Rule, Severity
from lampgate.config.check.subject import Subject
from lampgate.config.nodes import Entry, Mapping, Scalar, is_null

CONTAINER_PORT = Rule(
    "check.container-port", Severity.WARNING, "The upstream's port is Headlamp's container port, 4466",
    "The Service of Headlamp's chart listens on 80 and passes on to 4466 by itself; at the Service, 4466 times out",
    "Use the Service's port, e.g. http://headlamp:80",
)  # fmt: skip
NOT_VERIFIED = Rule(
    "check.upstream-not-verified", Severity.WARNING, "Any certificate of the upstream is accepted",
    "Whoever is on the way to the upstream can take its place and gets every person's token",
    "Trust the upstream's own authority instead (tls.ca_files)",
)  # fmt: skip
HEADLAMP_OIDC = Rule(
    "check.headlamp-oidc", Severity.WARNING, "Headlamp's own OIDC values are set as well",
    "Headlamp then shows a sign-in of its own, and its tokens and cookies compete with the gateway's token",
    "Leave config.oidc empty in Headlamp's values",
)  # fmt: skip
HEADLAMP_SERVICE_ACCOUNT = Rule(
    "check.headlamp-service-account", Severity.ERROR, "Headlamp acts with the rights of its service account",
    "Whoever gets to the dashboard without a token of their own has the rights of the service account",
    "Set config.unsafeUseServiceAccountToken to false",
)  # fmt: skip


def upstreams(subject: Subject) -> Iterator[Finding]:
    """How the dashboard is reached."""
    for upstream in subject.gateway.upstreams if subject.gateway is not None else ():
        if upstream.url is not None and _is_container_port(upstream.url.value):
            yield Finding(CONTAINER_PORT, upstream.url.place)
        skip = upstream.insecure_skip_verify
        if skip is not None and skip.value:
            yield Finding(NOT_VERIFIED, skip.place)


def _is_container_port(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.port == 4466 and parts.hostname not in ("localhost", "127.0.0.1", "::1")
    except ValueError:
        return False


def headlamp(subject: Subject) -> Iterator[Finding]:
    """What Headlamp's own values do."""
    for values in subject.headlamp:
        config = _below(values.get("config"))
        if config is None:
            continue
        oidc = config.get("oidc")
        section = _below(oidc)
        if oidc is not None and section is not None and any(_is_set(entry) for entry in section):
            yield Finding(HEADLAMP_OIDC, oidc.place)
        unsafe = config.get("unsafeUseServiceAccountToken")
        if unsafe is not None and isinstance(unsafe.value, Scalar) and unsafe.value.value is True:
            yield Finding(HEADLAMP_SERVICE_ACCOUNT, unsafe.place)


def _below(entry: Entry | None) -> Mapping | None:
    return entry.value if entry is not None and isinstance(entry.value, Mapping) else None


def _is_set(entry: Entry) -> bool:
    """Whether an OIDC value names something: the chart has empty ones, and switches."""
    if entry.key not in ("clientID", "clientSecret", "issuerURL", "externalSecret") or is_null(entry.value):
        return False
    return bool(entry.value.text) if isinstance(entry.value, Scalar) else entry.key != "externalSecret"


FAMILY = Family(
    "Dashboard", (CONTAINER_PORT, NOT_VERIFIED, HEADLAMP_OIDC, HEADLAMP_SERVICE_ACCOUNT), (upstreams, headlamp)
)

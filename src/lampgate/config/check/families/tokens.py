"""Tokens: which one reaches the dashboard, for which resource it is, and how long it lasts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lampgate.config.check.finding import Family, Finding, Rule, Severity
from lampgate.config.check.subject import Subject

_AKS_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630"
_OIDC_SCOPES = frozenset({"openid", "profile", "email", "address", "phone", "offline_access"})
_GRAPH = re.compile(r"https://graph\.microsoft\.com/.*|00000003-0000-0000-c000-000000000000/.*|[^/]+", re.IGNORECASE)
#: Entra's access tokens live for 60 to 90 minutes.
_TOKEN_LIFETIME = 3600.0

_SCOPE = f"{_AKS_SERVER}/user.read openid email profile offline_access"

NO_OFFLINE_ACCESS = Rule(
    "check.no-offline-access", Severity.WARNING, "offline_access is not among the scopes",
    "The provider issues no refresh token, so sessions end with their access token, with Entra after 60 to 90 "
    "minutes, whatever the cookie's lifetime says",
    "Add offline_access to the scopes",
)  # fmt: skip
GRAPH_FIRST = Rule(
    "check.graph-scope-first", Severity.ERROR, "A scope of Microsoft Graph stands before the cluster's",
    "An access token is for one resource, and Entra issues it for the first one that is named. User.Read without a "
    "resource is Graph's, so the token is for Graph and the Kubernetes API answers 401",
    f"Put the cluster's scope first, or leave Graph's out: {_SCOPE}",
)  # fmt: skip
NO_CLUSTER_SCOPE = Rule(
    "check.no-cluster-scope", Severity.WARNING, "No scope is for the AKS API",
    "The access token is then for Microsoft Graph or for the application itself, and an AKS cluster refuses it",
    f"Ask for {_SCOPE}",
)  # fmt: skip
ID_TOKEN = Rule(
    "check.id-token-injected", Severity.ERROR, "The ID token is sent to the dashboard as Authorization",
    "An ID token is for the application that people sign in to: an AKS API refuses it with 401, though the sign-in "
    "itself works",
    'Inject the claim access_token with the prefix "Bearer "',
)  # fmt: skip
NO_AUTHORIZATION = Rule(
    "check.no-authorization", Severity.WARNING, "No access token is sent to the dashboard as Authorization",
    "The dashboard would ask people for a token of their own, or act with the rights of its service account",
    'Inject the header Authorization with the claim access_token and the prefix "Bearer "',
)  # fmt: skip
NO_PREFIX = Rule(
    "check.no-bearer-prefix", Severity.ERROR, "A token is sent as Authorization without “Bearer ” in front",
    "The Kubernetes API takes no token without the scheme Bearer (RFC 6750 section 2.1)",
    'Give the value the prefix "Bearer ", with the space',
)  # fmt: skip
NO_REFRESH = Rule(
    "check.no-token-refresh", Severity.WARNING, "Tokens are never refreshed (cookie-refresh is not set)",
    "oauth2-proxy then sends the first access token until the cookie ends; the API answers 401 after about an hour. "
    "lampgate renews tokens by itself wherever there is a refresh token",
    "Set cookie-refresh to less than the token's lifetime, e.g. 15m",
)  # fmt: skip
LATE_REFRESH = Rule(
    "check.late-token-refresh", Severity.WARNING, "Tokens are refreshed later than they may expire",
    "Entra's access tokens live for 60 to 90 minutes; between their end and the refresh the API answers 401",
    "Set cookie-refresh to less than an hour, e.g. 15m",
)  # fmt: skip


def scopes(subject: Subject) -> Iterator[Finding]:
    """Which tokens the scopes ask for."""
    if subject.provider is None:
        return
    asked = subject.scopes
    if "offline_access" not in asked:
        yield Finding(NO_OFFLINE_ACCESS, subject.scope_place)
    if not subject.is_entra:
        return
    resources = [scope for scope in asked if scope not in _OIDC_SCOPES]
    cluster = next((number for number, scope in enumerate(resources) if not _GRAPH.fullmatch(scope)), None)
    if cluster is None:
        yield Finding(NO_CLUSTER_SCOPE, subject.scope_place)
    elif cluster > 0:
        yield Finding(GRAPH_FIRST, subject.scope_place)


def injection(subject: Subject) -> Iterator[Finding]:
    """What the dashboard gets."""
    if subject.gateway is None:
        return
    headers = [
        header for header in subject.gateway.headers if header.name and header.name.value.lower() == "authorization"
    ]
    values = [(value, value.claim) for header in headers for value in header.values if value.claim is not None]
    for value, claim in values:
        if claim.value == "id_token":
            yield Finding(ID_TOKEN, claim.place)
        if claim.value in ("access_token", "id_token"):
            prefix = value.prefix.value if value.prefix is not None else ""
            if prefix.lower() != "bearer ":
                yield Finding(NO_PREFIX, claim.place)
    if not any(claim.value in ("access_token", "id_token") for _, claim in values):
        yield Finding(NO_AUTHORIZATION, subject.place)


def refresh(subject: Subject) -> Iterator[Finding]:
    """Whether oauth2-proxy keeps tokens fresh."""
    if not subject.is_oauth2_proxy:
        return
    written = subject.seconds("cookie-refresh")
    if written is None or written[0] == 0:
        yield Finding(NO_REFRESH, written[1] if written is not None else subject.place)
    elif written[0] >= _TOKEN_LIFETIME:
        yield Finding(LATE_REFRESH, written[1])


FAMILY = Family(
    "Tokens",
    (
        NO_OFFLINE_ACCESS,
        GRAPH_FIRST,
        NO_CLUSTER_SCOPE,
        ID_TOKEN,
        NO_AUTHORIZATION,
        NO_PREFIX,
        NO_REFRESH,
        LATE_REFRESH,
    ),
    (scopes, injection, refresh),
)

"""Judges the scopes that are asked for, and says what will come of them. Pure.

Entra writes scopes as ``resource/permission``; one without a resource is Microsoft Graph's. An access token is for
one resource, so lampgate asks for those of the first one, and the others are left for later.
"""

from __future__ import annotations

import re

from lampgate.config.errors import InvalidValueError
from lampgate.config.findings import Findings
from lampgate.config.oauth2_proxy.written import Written
from lampgate.config.settings import Place

#: OpenID Connect Core sections 5.4 and 11.
_OIDC_SCOPES = frozenset({"openid", "profile", "email", "address", "phone", "offline_access"})
#: RFC 6749 section 3.3.
_SCOPE = re.compile(r"[!#-\[\]-~]+")
_RESOURCE_ID = re.compile(r"(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|https?://.+|api://.+)/", re.IGNORECASE)
_GRAPH = "Microsoft Graph"
_GRAPH_RESOURCES = frozenset({"https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"})


def read_scopes(written: Written[str] | None, place: Place, *, entra: bool, findings: Findings) -> tuple[str, ...]:
    """The scopes, in the order they were written; empty where none were.

    :param place: where a missing scope would stand.
    :param entra: whether the provider is known to be Entra.
    """
    scopes = tuple(dict.fromkeys(written.value.split())) if written is not None else ()
    if written is not None:
        place = written.place
        if not all(_SCOPE.fullmatch(scope) for scope in scopes):
            findings.error(
                InvalidValueError,
                "A scope holds a character that scopes cannot have",
                place=place,
                remedy="Separate the scopes by spaces, without commas or quotes",
            )
        elif scopes and "openid" not in scopes:
            findings.error(
                InvalidValueError,
                "The scope openid is missing; without it the provider does not say who signed in",
                place=place,
                remedy="Add openid to the scope",
            )
    if "offline_access" not in scopes and not entra:
        findings.note(
            "config.no-offline-access",
            "offline_access is not among the scopes, so the provider issues no refresh token, and each session ends "
            "with its access token (with Entra after 60 to 90 minutes)",
            place,
        )
    if entra or any(_RESOURCE_ID.match(scope) for scope in scopes):
        _note_other_resources(scopes, place, findings)
    return scopes


def _note_other_resources(scopes: tuple[str, ...], place: Place, findings: Findings) -> None:
    by_resource: dict[str, list[str]] = {}
    for scope in scopes:
        if scope not in _OIDC_SCOPES:
            by_resource.setdefault(_resource(scope), []).append(scope)
    if len(by_resource) < 2:
        return
    first, *others = by_resource
    left = ", ".join(scope for resource in others for scope in by_resource[resource])
    findings.note(
        "config.several-resources",
        f"An access token is for one resource, and the scopes name {len(by_resource)}. lampgate asks for a token for "
        f"the first one, {first}; for later remains: {left}",
        place,
    )


def _resource(scope: str) -> str:
    resource, separator, _ = scope.rpartition("/")
    return _GRAPH if not separator or resource.lower().rstrip("/") in _GRAPH_RESOURCES else resource

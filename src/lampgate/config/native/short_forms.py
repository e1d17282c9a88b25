"""The keys above the model: ``lampgate``, ``tenant``, ``client_id``, ``client_secret`` and ``upstream``.

``tenant`` is a preset for a dashboard of an AKS cluster behind Microsoft Entra ID: the issuer is the tenant's, the
access token is for the cluster's API, the client proves who it is with AKS workload identity, everybody of the tenant
may sign in, and the token is injected as ``Authorization``. Each of these holds only where the file does not say
something else in full.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from lampgate.config.errors import InvalidValueError, MissingSettingError, PlaceholderLeftError
from lampgate.config.native.placing import Path
from lampgate.config.native.reading import Reading
from lampgate.config.native.shapes import Kind, Leaf, Shape
from lampgate.config.nodes import Mapping as MappingNode
from lampgate.config.nodes import Scalar
from lampgate.config.oauth2_proxy.placeholders import find_placeholder

#: The form of the file that this version reads.
VERSION = 1
VERSION_KEY = "lampgate"

#: "Azure Kubernetes Service AAD Server", the application AKS accepts access tokens for; the same in every tenant.
AKS_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630"
AKS_SCOPES = (f"{AKS_SERVER}/user.read", "openid", "email", "profile", "offline_access")
_ISSUER = "https://login.microsoftonline.com/{}/v2.0"
#: A tenant's id, or a domain of it.
TENANT_PATTERN = r"^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$"
_TENANT_REMEDY = "Put your Directory (tenant) ID there, which the app registration's overview in Entra shows"

SHORT_FORMS: Mapping[str, Shape] = {
    "tenant": Leaf(Kind.TEXT),
    "client_id": Leaf(Kind.TEXT),
    "client_secret": Leaf(Kind.SECRET),
    "upstream": Leaf(Kind.TEXT),
}
#: What each short form stands for.
_LONG: Mapping[str, Path] = {
    "tenant": ("provider", "issuer_url"),
    "client_id": ("provider", "client_id"),
    "client_secret": ("provider", "client_authentication"),
    "upstream": ("upstreams",),
}


def check_version(document: MappingNode, reading: Reading) -> None:
    """Report a file of another form than this version reads."""
    entry = document.get(VERSION_KEY)
    if entry is None:
        reading.findings.error(
            MissingSettingError,
            "The file does not say which form it has",
            place=document.place,
            remedy=f"Let it begin with the line {VERSION_KEY}: {VERSION}",
        )
    elif not isinstance(entry.value, Scalar) or entry.value.value != VERSION or entry.value.value is True:
        reading.findings.error(
            InvalidValueError,
            f"This version of lampgate reads form {VERSION} of its file",
            place=entry.place,
            remedy=f"Write {VERSION_KEY}: {VERSION}",
        )


def provider_preset(tenant: str) -> dict[str, object]:
    """What a tenant alone makes known about the provider."""
    return {
        "kind": "entra",
        "display_name": "Microsoft Entra ID",
        "issuer_url": _ISSUER.format(tenant),
        "scopes": AKS_SCOPES,
        "client_authentication": {"kind": "federated-token"},
    }


def preset(tenant: str) -> dict[str, object]:
    """What a tenant alone makes known about all settings."""
    return {
        "provider": provider_preset(tenant),
        "allow": {"email_domains": ["*"]},
        "inject": [{"name": "Authorization", "values": [{"claim": "access_token", "prefix": "Bearer "}]}],
    }


def tenant_of(issuer_url: str) -> str | None:
    """The tenant that stands for this issuer; None where none does."""
    match = re.fullmatch(_ISSUER.replace(".", r"\.").format("([^/]+)"), issuer_url)
    return match[1] if match is not None and re.fullmatch(TENANT_PATTERN, match[1]) else None


def expand(values: dict[str, object], document: MappingNode, reading: Reading) -> dict[str, object]:
    """The values with the short forms written out.

    :param values: of all keys, short ones included, as far as they could be read.
    """
    settings = {key: value for key, value in values.items() if key not in SHORT_FORMS}
    short = {key: value for key, value in values.items() if key in SHORT_FORMS}
    for key in SHORT_FORMS:
        if document.get(key) is not None:
            _take_over(key, reading)
        if (key,) in reading.broken:
            reading.broken.add(_LONG[key])
    tenant = _tenant(short.get("tenant"), reading) if document.get("tenant") is not None else None
    written = settings.get("provider", {})
    provider = dict(written) if isinstance(written, dict) else {}
    if tenant is not None:
        base = preset(tenant)
        for key in ("allow", "inject"):
            below = base[key]
            over = settings.get(key, below)
            settings[key] = {**below, **over} if isinstance(below, dict) and isinstance(over, dict) else over
        provider = {**provider_preset(tenant), **provider}
    if "client_id" in short:
        provider.setdefault("client_id", short["client_id"])
    elif tenant is not None and "client_id" not in provider:
        _report_missing_client_id(document, reading)
    if "client_secret" in short and "client_authentication" not in (written if isinstance(written, dict) else {}):
        provider["client_authentication"] = _client_secret(short["client_secret"], reading)
    if provider or document.get("provider") is not None:
        settings["provider"] = provider
    if "upstream" in short and document.get("upstreams") is None:
        settings["upstreams"] = [{"id": "main", "url": short["upstream"]}]
        for path in (("upstreams",), ("upstreams", 0), ("upstreams", 0, "url")):
            reading.places.setdefault(path, reading.places["upstream",])
    return settings


def _report_missing_client_id(document: MappingNode, reading: Reading) -> None:
    if ("provider", "client_id") not in reading.broken:
        reading.findings.error(
            MissingSettingError,
            "client_id is missing",
            place=replace(document.place, key="client_id"),
            remedy="Put the Application (client) ID there, which the app registration's overview in Entra shows",
        )
    reading.broken.add(("provider", "client_id"))


def _take_over(key: str, reading: Reading) -> None:
    """Let the short form stand for what it is short for; both of them at once are an error."""
    path = _LONG[key]
    place = reading.places[key,]
    if path in reading.places:
        reading.findings.error(
            InvalidValueError,
            f"{key} and {'.'.join(map(str, path))} are both given, and one stands for the other",
            place=place,
            remedy="Keep one of them",
        )
        return
    reading.places[path] = place
    reading.places.setdefault(path[:1], replace(place, key=str(path[0])))


def _tenant(value: object, reading: Reading) -> str:
    """The tenant; where it is wrong, something to go on with: the rest of the preset holds for every tenant."""
    place = reading.places["tenant",]
    if not isinstance(value, str):
        return "unknown"
    if find_placeholder(value) is not None:
        reading.findings.error(
            PlaceholderLeftError, "The tenant is still a placeholder", place=place, remedy=_TENANT_REMEDY
        )
        return "unknown"
    if not re.fullmatch(TENANT_PATTERN, value):
        reading.findings.error(
            InvalidValueError, "The tenant is neither an id nor a domain", place=place, remedy=_TENANT_REMEDY
        )
        return "unknown"
    return value


def _client_secret(value: object, reading: Reading) -> dict[str, object]:
    """A file is read again at each use, so that the secret can be rotated; anything else is the secret itself."""
    reference = reading.references.get(("client_secret",), "")
    if reference.startswith("file:"):
        return {"kind": "secret-file", "path": reference.removeprefix("file:").removeprefix("//")}
    return {"kind": "secret", "secret": value}

"""The OpenID provider and lampgate's registration with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from lampgate.config.entra_authority import ENTRA_HOSTS, is_tenant_id, is_tenantless, tenant_of
from lampgate.config.errors import (
    InvalidValueError,
    MissingSettingError,
    PlaceholderLeftError,
    UnsupportedSettingError,
)
from lampgate.config.oauth2_proxy.conversion.client_authentication import client_authentication
from lampgate.config.oauth2_proxy.conversion.draft import Draft, given
from lampgate.config.oauth2_proxy.conversion.provider_addresses import (
    backend_logout_url,
    endpoints,
    signing_algorithms,
)
from lampgate.config.oauth2_proxy.conversion.scopes import read_scopes
from lampgate.config.oauth2_proxy.conversion.urls import Url, UrlError, parse_url
from lampgate.config.oauth2_proxy.placeholders import find_placeholder, is_example_host
from lampgate.config.oauth2_proxy.standing import nearest
from lampgate.config.oauth2_proxy.written import Written, WrittenParameter, WrittenProvider
from lampgate.config.settings import RESERVED_PARAMETERS, ProviderSettings

_KINDS: dict[str, Literal["oidc", "entra"]] = {"oidc": "oidc", "entra-id": "entra"}
_OTHER_KINDS = (
    "adfs", "azure", "bitbucket", "cidaas", "digitalocean", "facebook", "github", "gitlab", "google", "keycloak",
    "keycloak-oidc", "linkedin", "login.gov", "nextcloud", "sourcehut",
)  # fmt: skip

_CLIENT_ID = re.compile(r"[!-~]+(?: [!-~]+)*")
_CLIENT_ID_REMEDY = "Put the Application (client) ID there, which the app registration's overview in Entra shows"
_ISSUER_REMEDY = (
    "Put your Directory (tenant) ID there, so that it reads https://login.microsoftonline.com/<tenant id>/v2.0"
)


def provider_settings(written: WrittenProvider, draft: Draft) -> ProviderSettings | None:
    """The settings; None where something in them is missing or wrong."""
    kind = _kind(written, draft)
    client_id = _client_id(written, draft)
    issuer = _issuer(written, draft)
    authentication = client_authentication(written, draft)
    _check_code_challenge(written.code_challenge_method, draft)
    is_entra = kind == "entra" or (issuer is not None and issuer.host in ENTRA_HOSTS)
    if written.issuer_url is not None and is_entra and not _names_tenants(written, written.issuer_url, draft):
        issuer = None
    scopes = _scopes(written, draft, entra=is_entra)
    for path, value in (
        ("id", written.id),
        ("kind", written.kind),
        ("display_name", written.display_name),
        ("issuer_url", written.issuer_url),
        ("client_id", written.client_id),
        ("scopes", written.scope),
        ("audience_claims", written.audience_claims),
        ("extra_audiences", written.extra_audiences),
        ("email_claim", written.email_claim),
        ("groups_claim", written.groups_claim),
        ("allow_unverified_email", written.allow_unverified_email),
        ("ca_files", written.ca_files),
        ("system_authorities", written.system_authorities),
    ):
        draft.keep(f"provider.{path}", value)
    ca_files = _ca_files(written.ca_files, draft)
    further = {
        "endpoints": endpoints(written.endpoints, draft),
        "signing_algorithms": signing_algorithms(written.signing_algorithms, draft),
        "backend_logout_url": backend_logout_url(written.backend_logout_url, draft),
    }
    if kind is None or client_id is None or issuer is None or authentication is None or written.issuer_url is None:
        return None
    optional = given(
        id=written.id,
        display_name=written.display_name,
        audience_claims=written.audience_claims,
        extra_audiences=written.extra_audiences,
        email_claim=written.email_claim,
        groups_claim=written.groups_claim,
        allow_unverified_email=written.allow_unverified_email,
        system_authorities=written.system_authorities,
    )
    return ProviderSettings.model_validate(
        {
            **optional,
            **further,
            **({"scopes": scopes} if scopes else {}),
            "kind": kind,
            "client_id": client_id,
            "issuer_url": written.issuer_url.value.strip(),
            "client_authentication": authentication,
            "ca_files": ca_files,
            "login_parameters": _login_parameters(written.login_parameters, draft),
        }
    )


def _login_parameters(written: Sequence[WrittenParameter], draft: Draft) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for each in written:
        draft.keep("provider.login_parameters", each.value)
        if each.name in RESERVED_PARAMETERS:
            draft.findings.error(
                InvalidValueError,
                f"{each.name} is part of every sign-in request, and lampgate's own",
                place=each.value.place,
                remedy="Remove it",
            )
        else:
            parameters[each.name] = each.value.value
    return parameters


def _kind(written: WrittenProvider, draft: Draft) -> Literal["oidc", "entra"] | None:
    if written.kind is None:
        draft.findings.error(
            MissingSettingError,
            "It is not said what kind of provider this is; oauth2-proxy would take Google",
            place=written.section.place_of("kind"),
            remedy="Add provider with the value oidc or entra-id",
        )
        return None
    name = written.kind.value.strip().lower()
    if name in _KINDS:
        return _KINDS[name]
    if name in _OTHER_KINDS:
        draft.findings.error(
            UnsupportedSettingError,
            f"The provider {name} is not supported: lampgate signs people in with OpenID Connect",
            place=written.kind.place,
            remedy="Use entra-id for Microsoft Entra ID, or oidc for any OpenID provider",
        )
    else:
        near = nearest(name, (*_KINDS, *_OTHER_KINDS))
        draft.findings.error(
            InvalidValueError,
            "oauth2-proxy has no provider of this name",
            place=written.kind.place,
            remedy=f"Did you mean “{near}”?" if near is not None else "Use oidc or entra-id",
        )
    return None


def _client_id(written: WrittenProvider, draft: Draft) -> str | None:
    if written.client_id is None:
        draft.findings.error(
            MissingSettingError,
            "The client id is missing",
            place=written.section.place_of("client_id"),
            remedy=_CLIENT_ID_REMEDY,
        )
        return None
    if _is_placeholder(written.client_id, "The client id is still", _CLIENT_ID_REMEDY, draft):
        return None
    client_id = written.client_id.value.strip()
    if not _CLIENT_ID.fullmatch(client_id):
        draft.findings.error(
            InvalidValueError,
            "The client id holds characters that client ids do not have",
            place=written.client_id.place,
            remedy=_CLIENT_ID_REMEDY,
        )
        return None
    return client_id


def _issuer(written: WrittenProvider, draft: Draft) -> Url | None:
    issuer = written.issuer_url
    if issuer is None:
        draft.findings.error(
            MissingSettingError,
            "The issuer is missing, so it is not known who signs people in",
            place=written.section.place_of("issuer_url"),
            remedy="Add it; with Entra it is https://login.microsoftonline.com/<tenant id>/v2.0",
        )
        return None
    if _is_placeholder(issuer, "The issuer's URL still holds", _ISSUER_REMEDY, draft):
        return None
    try:
        url = parse_url(issuer.value.strip())
    except UrlError as problem:
        draft.findings.error(
            InvalidValueError, f"The issuer's URL {problem}", place=issuer.place, remedy=_ISSUER_REMEDY
        )
        return None
    if is_example_host(url.host):
        draft.findings.error(
            PlaceholderLeftError,
            f"The issuer's host is still the documentation's, {url.host}",
            place=issuer.place,
            remedy="Put your provider's there; with Entra it is https://login.microsoftonline.com/<tenant id>/v2.0",
        )
        return None
    if url.scheme != "https" and not (url.scheme == "http" and url.is_loopback):
        draft.findings.error(
            InvalidValueError,
            "The issuer's URL is not https, so anybody on the way could sign in as anybody",
            place=issuer.place,
            remedy="Use the provider's https URL",
        )
        return None
    if url.query or url.fragment:
        draft.findings.error(
            InvalidValueError,
            "The issuer's URL has a query or a fragment, which issuers do not have",
            place=issuer.place,
            remedy="Remove what follows the path (OpenID Connect Discovery 1.0, section 3)",
        )
        return None
    return url


def _is_placeholder(written: Written[str], beginning: str, remedy: str, draft: Draft) -> bool:
    placeholder = find_placeholder(written.value)
    if placeholder is None:
        return False
    named = f"the placeholder “{placeholder}”" if placeholder else "a placeholder"
    draft.findings.error(PlaceholderLeftError, f"{beginning} {named}", place=written.place, remedy=remedy)
    return True


def _scopes(written: WrittenProvider, draft: Draft, *, entra: bool) -> tuple[str, ...]:
    if written.scope is not None and _is_placeholder(
        written.scope,
        "The scope still holds",
        "Put the scope there; for AKS it is 6dae42f8-4368-4678-94ff-3960e28e3630/user.read",
        draft,
    ):
        return ()
    return read_scopes(written.scope, written.section.place_of("scope"), entra=entra, findings=draft.findings)


def _check_code_challenge(written: Written[str] | None, draft: Draft) -> None:
    if written is None or written.value == "S256":
        return
    draft.findings.error(
        UnsupportedSettingError if written.value == "plain" else InvalidValueError,
        "The code challenge is always S256, which every provider can check (RFC 7636 section 4.2)",
        place=written.place,
        remedy="Write S256, or remove it",
    )


def _names_tenants(written: WrittenProvider, issuer: Written[str], draft: Draft) -> bool:
    """Whether it is said which tenants' people may sign in: the issuer's own, or those of a list."""
    url, allowed = issuer.value.strip(), written.allowed_tenants
    if not is_tenantless(url, known_to_be_entra=True):
        if allowed is None or not is_tenant_id(tenant_of(url)):
            return True
        if tenant_of(url) in {tenant.strip().lower() for tenant in allowed.value}:
            return True
        draft.findings.error(
            InvalidValueError,
            "The issuer's own tenant is not among the allowed ones, so nobody could sign in",
            place=allowed.place,
            remedy="Add it; or, for several tenants, write organizations for the tenant in the issuer's URL",
        )
        return False
    if tenant_of(url) and allowed is not None:
        return True
    listing = "; or list the tenants that may sign in: entra-id-allowed-tenant (allowedTenants)"
    draft.findings.error(
        UnsupportedSettingError,
        "The issuer names no tenant, so people of every organisation could sign in",
        place=issuer.place,
        remedy=f"{_ISSUER_REMEDY}{listing if tenant_of(url) else ''}",
    )
    return False


def _ca_files(written: Written[tuple[str, ...]] | None, draft: Draft) -> tuple[Path, ...]:
    if written is None:
        return ()
    paths = tuple(Path(name) for name in written.value)
    for path in paths:
        try:
            text = draft.read_text(path)
        except OSError as error:
            cause = error.strerror or ""
        else:
            cause = "" if "-----BEGIN CERTIFICATE-----" in text else "it holds no PEM certificate"
            if not cause:
                continue
        draft.findings.error(
            InvalidValueError,
            "A file with certificates for the provider cannot be used",
            place=written.place,
            cause=cause,
            remedy="Check that the volume is mounted and holds certificates in PEM form",
        )
    return paths

"""The claims of the tokens, and their signature.

The resource decides the version of an access token: for the AKS server application and for Graph it is v1.0, with the
v1.0 issuer, although the endpoints are v2.0. The ID token is v2.0. Follows Microsoft's "Access token claims
reference" and "ID token claims reference".
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from joserfc import jws, jwt
from joserfc.errors import JoseError

from lampgate.lab import world
from lampgate.lab.entra.applications import Application
from lampgate.lab.entra.browser_sessions import SignIn
from lampgate.lab.entra.keys import SigningKey, SigningKeys
from lampgate.lab.entra.resources import GRAPH, Resource
from lampgate.lab.world import Account

Claims = dict[str, Any]
#: How a client authenticated: not at all, with a secret, with a certificate or an assertion.
ClientAuthenticationClass = Literal["0", "1", "2"]

#: Seconds an ID token is good for.
ID_TOKEN_LIFETIME: Final = 3600
#: More groups than this are left out of a JWT, with a reference to look them up by.
GROUP_LIMIT: Final = 200
#: The directory role template every ordinary member has.
_USER_ROLE_TEMPLATE: Final = "b79fbf4d-3ef9-4689-8143-76b194e85509"
#: Entra puts a ``nonce`` into the header of Graph's tokens, which RFC 7515 does not know.
_ANY_HEADER: Final = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)


@dataclass(frozen=True, slots=True)
class Issuers:
    """The tenant under its two names."""

    tenant_id: str
    v1: str
    v2: str


def pairwise_subject(tenant_id: str, sector: str, oid: str) -> str:
    """The ``sub`` of a person towards one application (OpenID Connect Core section 8.1): stable, and unlinkable."""
    digest = hashlib.sha256(f"{tenant_id}/{sector}/{oid}".encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def access_token_claims(
    issuers: Issuers,
    resource: Resource,
    application: Application,
    authenticated: ClientAuthenticationClass,
    sign_in: SignIn,
    permissions: Iterable[str],
    now: int,
    lifetime: int,
) -> Claims:
    """The claims of a v1.0 access token for a person."""
    account = sign_in.account
    given_name, _, family_name = account.display_name.partition(" ")
    return {
        **_envelope(resource.app_id, issuers.v1, now, lifetime),
        "acr": "1",
        "aio": _opaque(96),
        "amr": list(sign_in.methods),
        "appid": application.app_id,
        "appidacr": authenticated,
        "family_name": family_name,
        "given_name": given_name,
        **_groups(issuers.tenant_id, account),
        "ipaddr": "127.0.0.1",
        "name": account.display_name,
        "oid": account.oid,
        "puid": _puid(account),
        "rh": f"1.AX{_opaque(42)}.",
        "scp": " ".join(permissions),
        "sid": sign_in.session_id,
        "sub": pairwise_subject(issuers.tenant_id, resource.app_id, account.oid),
        "tenant_region_scope": "EU",
        "tid": issuers.tenant_id,
        "unique_name": account.username,
        "upn": account.username,
        "uti": _opaque(16),
        "ver": "1.0",
        "wids": [_USER_ROLE_TEMPLATE],
        "xms_ftd": _opaque(48),
        "xms_idrel": "1 10",
        "xms_tcdt": 1704067200,
    }


def application_token_claims(
    issuers: Issuers,
    resource: Resource,
    application: Application,
    authenticated: ClientAuthenticationClass,
    now: int,
    lifetime: int,
) -> Claims:
    """The claims of a v1.0 access token for an application itself: no person, no ``scp``."""
    service_principal = service_principal_id(application)
    return {
        **_envelope(resource.app_id, issuers.v1, now, lifetime),
        "aio": _opaque(48),
        "appid": application.app_id,
        "appidacr": authenticated,
        "idp": issuers.v1,
        "idtyp": "app",
        "oid": service_principal,
        "rh": f"1.AX{_opaque(42)}.",
        "sub": service_principal,
        "tenant_region_scope": "EU",
        "tid": issuers.tenant_id,
        "uti": _opaque(16),
        "ver": "1.0",
    }


def id_token_claims(
    issuers: Issuers, application: Application, sign_in: SignIn, oidc: frozenset[str], nonce: str, now: int
) -> Claims:
    """The claims of a v2.0 ID token. ``profile`` and ``email`` open their claims; groups need the registration."""
    account = sign_in.account
    claims = _envelope(application.app_id, issuers.v2, now, ID_TOKEN_LIFETIME)
    claims["aio"] = _opaque(96)
    if "auth_time" in application.optional_claims:
        claims["auth_time"] = int(sign_in.at)
    if "email" in oidc:
        claims["email"] = account.username
    if application.group_membership_claims:
        claims.update(_groups(issuers.tenant_id, account))
    if "login_hint" in application.optional_claims:
        claims["login_hint"] = account.username
    if "profile" in oidc:
        claims["name"] = account.display_name
    if nonce:
        claims["nonce"] = nonce
    if "profile" in oidc:
        claims["oid"] = account.oid
        claims["preferred_username"] = account.username
    claims["rh"] = f"1.AX{_opaque(42)}."
    if "sid" in application.optional_claims:
        claims["sid"] = sign_in.session_id
    if roles := application.app_roles.get(account.oid):
        claims["roles"] = list(roles)
    claims["sub"] = pairwise_subject(issuers.tenant_id, application.app_id, account.oid)
    claims["tid"] = issuers.tenant_id
    claims["uti"] = _opaque(16)
    claims["ver"] = "2.0"
    return claims


def client_info(sign_in: SignIn, tenant_id: str) -> str:
    """The account's ids as MSAL wants them."""
    text = json.dumps({"uid": sign_in.account.oid, "utid": tenant_id}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def service_principal_id(application: Application) -> str:
    """The object id of an application's service principal: fixed, derived from the application's id."""
    digest = hashlib.sha256(f"{world.TENANT_ID}/{application.app_id}".encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def sign(claims: Mapping[str, Any], key: SigningKey) -> str:
    """A signed JWT."""
    return jwt.encode(_header(key), dict(claims), key.key, algorithms=["RS256"])


def sign_for_graph(claims: Mapping[str, Any], key: SigningKey) -> str:
    """A JWT only Graph can verify.

    The header is signed with the hash of its ``nonce`` in place of the ``nonce``, so the signature does not fit the
    token as sent. That is Entra's way to keep others from accepting Graph's tokens.
    """
    nonce = secrets.token_urlsafe(32)
    signed = jwt.encode({**_header(key), "nonce": _nonce_hash(nonce)}, dict(claims), key.key, registry=_ANY_HEADER)
    header = {"typ": "JWT", "nonce": nonce, **_header(key)}
    return f"{_encode_segment(header)}.{signed.partition('.')[2]}"


def verify_as_graph(token: str, keys: SigningKeys, issuer: str, now: float) -> Claims | None:
    """The claims of an access token for Graph, as Graph itself verifies it; None: not acceptable."""
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = keys.find(str(header.get("kid", "")))
        if key is None or "nonce" not in header:
            return None
        signed_header = {"typ": "JWT", **_header(key), "nonce": _nonce_hash(str(header["nonce"]))}
        signed = f"{_encode_segment(signed_header)}.{token.partition('.')[2]}"
        claims = jwt.decode(signed, key.key, registry=_ANY_HEADER).claims
    except (JoseError, ValueError):
        return None
    in_order = claims.get("aud") == GRAPH.app_id and claims.get("iss") == issuer and claims.get("exp", 0) > now
    return dict(claims) if in_order else None


def _envelope(audience: str, issuer: str, now: int, lifetime: int) -> Claims:
    # Entra dates tokens five minutes back for clocks that are slow.
    issued_at = now - 300
    return {"aud": audience, "iss": issuer, "iat": issued_at, "nbf": issued_at, "exp": now + lifetime}


def _groups(tenant_id: str, account: Account) -> Claims:
    if not account.groups:
        return {}
    if len(account.groups) <= GROUP_LIMIT:
        return {"groups": list(account.groups)}
    # The endpoint is the retired Azure AD Graph: Entra still writes it.
    endpoint = f"https://graph.windows.net/{tenant_id}/users/{account.oid}/getMemberObjects"
    return {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": endpoint}}}


def _header(key: SigningKey) -> dict[str, str]:
    return {"alg": "RS256", "x5t": key.kid, "kid": key.kid}


def _nonce_hash(nonce: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(nonce.encode()).digest()).rstrip(b"=").decode()


def _encode_segment(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _opaque(size: int) -> str:
    return secrets.token_urlsafe(size)


def _puid(account: Account) -> str:
    return "1003" + hashlib.sha256(account.oid.encode()).hexdigest()[:12].upper()

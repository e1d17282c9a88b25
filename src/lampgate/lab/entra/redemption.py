"""The grants of the token endpoint: what an authenticated client gets for what it presents.

Client authentication comes first and is the only part that may wait; from then on nothing does, so a code cannot be
redeemed twice by requests that arrive together. Follows RFC 6749 sections 4.1.3, 4.4, 4.3 and 6.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from lampgate.lab.entra.applications import Application
from lampgate.lab.entra.authorization_request import CodeChallenge
from lampgate.lab.entra.browser_sessions import SignIn
from lampgate.lab.entra.client_authentication import authenticate_client
from lampgate.lab.entra.errors import EntraError, iso7
from lampgate.lab.entra.grants import RefreshGrant
from lampgate.lab.entra.scopes import (
    Scopes,
    TokenScopes,
    missing_permissions,
    read_scopes,
    resource_of_client_credentials,
    response_scope,
    scopes_to_redeem,
)
from lampgate.lab.entra.tenant import Tenant, mfa_claims
from lampgate.lab.entra.tokens import ClientAuthenticationClass, client_info, id_token_claims, sign

TokenResponse = dict[str, object]

_GRANT_TYPES: Final = ("authorization_code", "refresh_token", "client_credentials", "password")


async def redeem(
    tenant: Tenant, authority: str, form: Mapping[str, str], authorization: str | None, origin: str | None
) -> TokenResponse:
    """Answer a token request.

    :param authorization: the ``Authorization`` header.
    :param origin: the ``Origin`` header: only a browser's script sends one.
    :raises EntraError: the request is refused.
    """
    grant_type = form.get("grant_type")
    if not grant_type:
        raise EntraError(900144, parameter="grant_type")
    if grant_type not in _GRANT_TYPES:
        raise EntraError(70003, value=grant_type)
    application, authenticated = await authenticate_client(
        authority,
        form,
        authorization,
        tenant.directory,
        tenant.assertions,
        f"{tenant.origin}/{authority}/oauth2/v2.0/token",
    )
    if origin is not None:
        raise EntraError(9002326, origin=origin)
    tenant.raise_fault()
    if grant_type == "client_credentials":
        return _client_credentials(tenant, application, authenticated, form)
    if grant_type == "authorization_code":
        return _authorization_code(tenant, application, authenticated, form)
    if grant_type == "refresh_token":
        return _refresh_token(tenant, application, authenticated, form)
    return _password(tenant, application, authenticated, form)


def _authorization_code(
    tenant: Tenant, application: Application, authenticated: ClientAuthenticationClass, form: Mapping[str, str]
) -> TokenResponse:
    grant = tenant.grants.find_code(_required(form, "code"), application.app_id)
    redirect_uri = _required(form, "redirect_uri")
    if redirect_uri != grant.redirect_uri:
        if not application.accepts_redirect_uri(redirect_uri):
            raise EntraError(50011, uri=redirect_uri, app_id=application.app_id)
        raise EntraError(500112, uri=redirect_uri, expected=grant.redirect_uri)
    _check_verifier(grant.challenge, form.get("code_verifier"))
    scopes = _scopes(tenant, application, form, grant.scopes, refresh=False)
    _check_standing(tenant, grant.sign_in, scopes, grant.issued_at)
    response = _tokens(tenant, application, authenticated, grant.sign_in, grant.scopes, scopes, form, grant.nonce)
    grant.redeemed = True
    return response


def _refresh_token(
    tenant: Tenant, application: Application, authenticated: ClientAuthenticationClass, form: Mapping[str, str]
) -> TokenResponse:
    grant = tenant.grants.find_refresh_token(_required(form, "refresh_token"), application.app_id)
    scopes = _scopes(tenant, application, form, grant.scopes, refresh=True)
    _check_standing(tenant, grant.sign_in, scopes, grant.issued_at)
    return _tokens(tenant, application, authenticated, grant.sign_in, grant.scopes, scopes, form, "")


def _password(
    tenant: Tenant, application: Application, authenticated: ClientAuthenticationClass, form: Mapping[str, str]
) -> TokenResponse:
    username, password = _required(form, "username"), form.get("password")
    account = tenant.account(username)
    if account is None:
        raise EntraError(50034, username=username, tenant=tenant.name)
    if not password:
        raise EntraError(50126)
    asked = _read(tenant, application, _required(form, "scope"))
    scopes = scopes_to_redeem(form["scope"], asked, asked, refresh=True)
    sign_in = tenant.new_sign_in(account, ("pwd",))
    return _tokens(tenant, application, authenticated, sign_in, asked, scopes, form, "")


def _client_credentials(
    tenant: Tenant, application: Application, authenticated: ClientAuthenticationClass, form: Mapping[str, str]
) -> TokenResponse:
    if authenticated == "0":
        raise EntraError(7000218)
    text = form.get("scope")
    asked = _read(tenant, application, text) if text else None
    token = tenant.application_token(application, authenticated, resource_of_client_credentials(text, asked))
    return {
        "token_type": "Bearer",
        "expires_in": token.expires_in,
        "ext_expires_in": token.expires_in,
        "access_token": token.value,
    }


def _tokens(
    tenant: Tenant,
    application: Application,
    authenticated: ClientAuthenticationClass,
    sign_in: SignIn,
    granted: Scopes,
    scopes: TokenScopes,
    form: Mapping[str, str],
    nonce: str,
) -> TokenResponse:
    consented = tenant.consented(application, scopes.resource)
    if missing_permissions(scopes.asked, consented, application):
        raise EntraError(65001, app_id=application.app_id, name=application.name)
    token = tenant.access_token(application, authenticated, sign_in, scopes.resource)
    response: TokenResponse = {
        "token_type": "Bearer",
        "scope": response_scope(scopes, consented),
        "expires_in": token.expires_in,
        "ext_expires_in": token.expires_in,
        "access_token": token.value,
    }
    if "offline_access" in scopes.oidc:
        refresh = RefreshGrant(application.app_id, granted, sign_in, tenant.clock())
        response["refresh_token"] = tenant.grants.issue_refresh_token(refresh)
    if "openid" in scopes.oidc:
        now = int(tenant.clock())
        claims = id_token_claims(tenant.issuers, application, sign_in, scopes.oidc, nonce, now)
        response["id_token"] = sign(claims, tenant.keys.signing)
    if form.get("client_info") == "1":
        response["client_info"] = client_info(sign_in, tenant.id)
    return response


def _check_verifier(challenge: CodeChallenge | None, verifier: str | None) -> None:
    """A verifier without a challenge is refused, too: the challenge may be stripped (RFC 9700 section 4.8.2)."""
    if challenge is None and verifier is None:
        return
    if challenge is None or verifier is None or not challenge.accepts(verifier):
        raise EntraError(501481)


def _check_standing(tenant: Tenant, sign_in: SignIn, scopes: TokenScopes, issued_at: float) -> None:
    if tenant.is_revoked(sign_in):
        raise EntraError(50173, issued=iso7(issued_at), valid_from=tenant.valid_from(sign_in.account))
    if tenant.needs_mfa(sign_in):
        challenge = json.dumps(mfa_claims(sign_in), separators=(",", ":"))
        raise EntraError(50076, claims=challenge, resource_id=scopes.resource.app_id)


def _scopes(
    tenant: Tenant, application: Application, form: Mapping[str, str], granted: Scopes, *, refresh: bool
) -> TokenScopes:
    text = form.get("scope")
    asked = _read(tenant, application, text) if text is not None else None
    return scopes_to_redeem(text, granted, asked, refresh=refresh)


def _read(tenant: Tenant, application: Application, text: str) -> Scopes:
    return read_scopes(text, application, tenant.directory.resources, tenant.name)


def _required(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        raise EntraError(900144, parameter=name)
    return value

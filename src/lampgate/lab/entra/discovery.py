"""The metadata documents, with the members Entra serves and without those it does not.

Absent on purpose: ``code_challenge_methods_supported`` (PKCE works), ``grant_types_supported``,
``revocation_endpoint``, ``introspection_endpoint``. Under ``common`` the issuer is a template with ``{tenantid}``,
and under a domain name it is the tenant's id, so a client that compares it with what it was configured with fails in
the lab already. Follows OpenID Connect Discovery 1.0 and recordings of login.microsoftonline.com.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from lampgate.lab.entra.errors import EntraError
from lampgate.lab.entra.tenant import Tenant

#: Headers of metadata and keys.
HEADERS: Final = {"Cache-Control": "max-age=86400, private", "Access-Control-Allow-Origin": "*"}


def v2_configuration(tenant: Tenant, authority: str) -> dict[str, object]:
    """The v2.0 document.

    :param authority: the tenant part of the address, canonical.
    """
    is_shared = authority != tenant.id
    base = f"{tenant.origin}/{authority}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer_template(tenant) if is_shared else tenant.issuer,
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": tenant.userinfo_endpoint,
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "claims_supported": [
            "sub",
            "iss",
            "cloud_instance_name",
            "cloud_instance_host_name",
            "cloud_graph_host_name",
            "msgraph_host",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "acr",
            "nonce",
            "preferred_username",
            "name",
            "tid",
            "ver",
            "at_hash",
            "c_hash",
            "email",
        ],
        "kerberos_endpoint": f"{base}/kerberos",
        "tenant_region_scope": None if is_shared else "EU",
        **_cloud(tenant),
    }


def v1_configuration(tenant: Tenant) -> dict[str, object]:
    """The v1.0 document: who verifies access tokens reads the issuer and the keys here.

    The v1.0 protocol endpoints it names are not part of the lab.
    """
    base = f"{tenant.origin}/{tenant.id}"
    return {
        "token_endpoint": f"{base}/oauth2/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "token id_token", "token"],
        "scopes_supported": ["openid"],
        "issuer": tenant.v1_issuer,
        "microsoft_multi_refresh_token": True,
        "authorization_endpoint": f"{base}/oauth2/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{base}/oauth2/logout",
        "claims_supported": [
            "sub",
            "iss",
            "cloud_instance_name",
            "cloud_instance_host_name",
            "cloud_graph_host_name",
            "msgraph_host",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "acr",
            "amr",
            "nonce",
            "email",
            "given_name",
            "family_name",
            "nickname",
        ],
        "check_session_iframe": f"{base}/oauth2/checksession",
        "userinfo_endpoint": f"{base}/openid/userinfo",
        "kerberos_endpoint": f"{base}/kerberos",
        "tenant_region_scope": "EU",
        **_cloud(tenant),
    }


def issuer_template(tenant: Tenant) -> str:
    """The v2.0 issuer of any tenant, with Entra's placeholder; also the ``issuer`` of every key."""
    return f"{tenant.origin}/{{tenantid}}/v2.0"


def instance_discovery(tenant: Tenant, authorization_endpoint: str) -> dict[str, object]:
    """What MSAL asks first: which hosts are this cloud. The lab is a cloud of one host.

    :raises EntraError: 50049: the authority is not this one.
    """
    host = urlsplit(tenant.origin).netloc
    asked = urlsplit(authorization_endpoint)
    if asked.netloc != host:
        raise EntraError(50049)
    authority = tenant.canonical_authority(asked.path.strip("/").partition("/")[0])
    return {
        "tenant_discovery_endpoint": f"{tenant.origin}/{authority}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }


def _cloud(tenant: Tenant) -> dict[str, object]:
    return {
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        # The lab's own host: whoever follows it stays offline.
        "msgraph_host": urlsplit(tenant.origin).netloc,
        "rbac_url": "https://pas.windows.net",
    }

"""The metadata documents and keys, compared with what Entra serves."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pytest
from cryptography import x509

from lampgate.lab import world
from lampgate.lab.entra.keys import SigningKeys
from lampgate.lab.entra.tenant import Tenant
from tests.lab.entra.browser import Browser

V2_MEMBERS = [
    "token_endpoint",
    "token_endpoint_auth_methods_supported",
    "jwks_uri",
    "response_modes_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "response_types_supported",
    "scopes_supported",
    "issuer",
    "request_uri_parameter_supported",
    "userinfo_endpoint",
    "authorization_endpoint",
    "device_authorization_endpoint",
    "http_logout_supported",
    "frontchannel_logout_supported",
    "end_session_endpoint",
    "claims_supported",
    "kerberos_endpoint",
    "tenant_region_scope",
    "cloud_instance_name",
    "cloud_graph_host_name",
    "msgraph_host",
    "rbac_url",
]


@pytest.mark.parametrize("name", [world.TENANT_ID, world.TENANT_ID.upper(), world.TENANT_DOMAIN])
async def test_v2_of_the_tenant(browser: Browser, tenant: Tenant, name: str) -> None:
    response = await browser.http.get(f"/{name}/v2.0/.well-known/openid-configuration")
    document = response.json()
    assert list(document) == V2_MEMBERS
    assert document["issuer"] == tenant.issuer == f"http://127.0.0.1:8081/{world.TENANT_ID}/v2.0"
    assert document["authorization_endpoint"] == tenant.authorization_endpoint
    assert document["token_endpoint"] == tenant.token_endpoint
    assert document["end_session_endpoint"] == tenant.end_session_endpoint
    assert document["jwks_uri"] == tenant.jwks_uri
    assert response.headers["cache-control"] == "max-age=86400, private"
    assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("name", ["common", "organizations"])
async def test_v2_without_a_tenant_has_a_template(browser: Browser, name: str) -> None:
    document = (await browser.http.get(f"/{name}/v2.0/.well-known/openid-configuration")).json()
    assert document["issuer"] == "http://127.0.0.1:8081/{tenantid}/v2.0"
    assert document["tenant_region_scope"] is None
    assert document["token_endpoint"] == f"http://127.0.0.1:8081/{name}/oauth2/v2.0/token"


async def test_v1_issuer_answers_for_itself(browser: Browser, tenant: Tenant) -> None:
    """The way a verifier of access tokens goes: the tenant's v1.0 document, then the issuer's own."""
    document = (await browser.http.get(f"/{tenant.id}/.well-known/openid-configuration")).json()
    assert document["issuer"] == tenant.v1_issuer == f"http://127.0.0.1:8081/sts/{world.TENANT_ID}/"
    own = (await browser.http.get(f"{document['issuer']}.well-known/openid-configuration")).json()
    assert own == document
    assert (await browser.http.get(own["jwks_uri"])).json() == (await browser.http.get(tenant.jwks_uri)).json()


@pytest.mark.parametrize(
    "path", ["/elsewhere.example/v2.0/.well-known/openid-configuration", "/x/discovery/v2.0/keys"]
)
async def test_unknown_tenant(browser: Browser, path: str) -> None:
    response = await browser.http.get(path)
    assert response.status_code == 400
    assert response.json()["error_codes"] == [90002]


async def test_keys(browser: Browser, tenant: Tenant) -> None:
    keys = (await browser.http.get(tenant.jwks_uri)).json()["keys"]
    assert len(keys) == 3
    for key in keys:
        assert set(key) == {"kty", "use", "kid", "x5t", "n", "e", "x5c", "issuer"}
        certificate = base64.b64decode(key["x5c"][0])
        thumbprint = (
            base64.urlsafe_b64encode(hashlib.sha1(certificate, usedforsecurity=False).digest()).rstrip(b"=").decode()
        )
        assert key["kid"] == key["x5t"] == thumbprint
        numbers = x509.load_der_x509_certificate(certificate).public_key().public_numbers()  # type: ignore[union-attr]
        assert numbers.n == int.from_bytes(base64.urlsafe_b64decode(key["n"] + "=="), "big")  # type: ignore[union-attr]
        assert key["issuer"] == "http://127.0.0.1:8081/{tenantid}/v2.0"
    assert tenant.keys.signing.kid != keys[0]["kid"]


def test_rolling_keys_keeps_the_previous_signer_published(make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant(keys=SigningKeys(1_800_000_000))
    first = tenant.keys.signing.kid
    tenant.roll_keys()
    second = tenant.keys.signing.kid
    tenant.roll_keys()
    assert tenant.keys.signing.kid not in (first, second)
    assert tenant.keys.find(first)
    assert tenant.keys.find(second)
    tenant.roll_keys(keep_old=False)
    assert tenant.keys.find(second) is None


async def test_instance_discovery(browser: Browser, tenant: Tenant) -> None:
    query = {"api-version": "1.1", "authorization_endpoint": tenant.authorization_endpoint}
    document = (await browser.http.get("/common/discovery/instance", params=query)).json()
    assert document["tenant_discovery_endpoint"] == f"{tenant.issuer}/.well-known/openid-configuration"
    assert document["metadata"][0]["aliases"] == ["127.0.0.1:8081"]
    query["authorization_endpoint"] = "https://login.elsewhere.example/common/oauth2/v2.0/authorize"
    refused = await browser.http.get("/common/discovery/instance", params=query)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_instance")

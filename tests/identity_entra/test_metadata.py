"""What is taken from an Entra discovery document, whatever the cloud."""

from __future__ import annotations

from typing import Any

import pytest

from lampgate.config.entra_authority import AUTHORITY_HOSTS, exchange_audience, is_tenantless
from lampgate.identity.metadata import read_metadata

TENANT = "0f3c9a52-6f0e-4c57-9d43-6a1f2b7c8d10"


def document(host: str, **changes: Any) -> dict[str, Any]:
    base = f"https://{host}/{TENANT}"
    return {
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "tenant_region_scope": "WW",
        "msgraph_host": "graph.microsoft.com",
    } | changes


@pytest.mark.parametrize(
    ("cloud", "graph_host"),
    [
        ("public", "graph.microsoft.com"),
        ("us-government", "graph.microsoft.us"),
        ("china", "microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_every_cloud_names_its_own_graph(cloud: str, graph_host: str) -> None:
    host = AUTHORITY_HOSTS[cloud]
    issuer = f"https://{host}/{TENANT}/v2.0"
    metadata = read_metadata(document(host, msgraph_host=graph_host), issuer)
    assert metadata.is_entra
    assert metadata.graph_host == graph_host
    assert metadata.token_endpoint.startswith(f"https://{host}/")


@pytest.mark.parametrize(
    "graph_host", ["evil.example/x", "user@evil.example", "evil.example:port", "", " graph", 7, None, "a?b", "a#b"]
)
def test_a_graph_host_that_is_none(graph_host: object) -> None:
    host = AUTHORITY_HOSTS["public"]
    metadata = read_metadata(document(host, msgraph_host=graph_host), f"https://{host}/{TENANT}/v2.0")
    assert metadata.graph_host == ""


def test_algorithms_of_client_assertions() -> None:
    host = AUTHORITY_HOSTS["public"]
    issuer = f"https://{host}/{TENANT}/v2.0"
    assert read_metadata(document(host), issuer).token_endpoint_auth_algorithms == ()
    told = document(host, token_endpoint_auth_signing_alg_values_supported=["ES256", 5, "RS256"])
    assert read_metadata(told, issuer).token_endpoint_auth_algorithms == ("ES256", "RS256")


@pytest.mark.parametrize(
    ("issuer", "tenantless"),
    [
        (f"https://login.microsoftonline.com/{TENANT}/v2.0", False),
        ("https://login.microsoftonline.com/contoso.example/v2.0", False),
        ("https://login.microsoftonline.com/Common/v2.0", True),
        ("https://login.microsoftonline.us/organizations/v2.0", True),
        ("https://login.partner.microsoftonline.cn/common/v2.0", True),
        ("https://login.windows.net/common/v2.0", True),
        ("https://login.microsoftonline.com/", True),
        ("https://op.example/common", False),
    ],
)
def test_issuers_of_several_tenants(issuer: str, *, tenantless: bool) -> None:
    assert is_tenantless(issuer) is tenantless


def test_an_authority_of_ones_own_wants_the_public_audience() -> None:
    assert exchange_audience("http://127.0.0.1:8081/t/v2.0") == "api://AzureADTokenExchange"

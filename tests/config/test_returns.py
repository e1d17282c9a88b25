"""``whitelist-domain``, ``api-route``, and what a provider without discovery needs."""

from __future__ import annotations

import pytest

from lampgate.config.errors import InvalidValueError, UnsupportedSettingError
from lampgate.config.settings import ProviderEndpoints
from tests.config.configurations import ALPHA, LEGACY, OPTIONS, Loader, codes
from tests.config.test_alpha import after

ENDPOINTS = {
    "login_url": "https://login.company.com/authorize",
    "redeem_url": "https://login.company.com/token",
    "oidc_jwks_url": "https://login.company.com/keys?v=1",
}


def with_lines(**values: object) -> str:
    return LEGACY + "".join(f"{key} = {value!r}\n" for key, value in values.items())


@pytest.mark.parametrize(
    "domain", ["dash.company.com", ".company.com", "*.company.com", "localhost", "a.b:8443", ".a.b:*", "my-app.a.b"]
)
def test_hosts_that_can_be_listed(loader: Loader, domain: str) -> None:
    loaded = loader.load(with_lines(whitelist_domains=[f" {domain.upper()} ", ""]))
    assert loaded.settings.portal.return_hosts == (domain,)
    assert codes(loaded) == []


@pytest.mark.parametrize("domain", ["*", "*:443", ".com", "*.com", ".com:443", ".localhost"])
def test_hosts_that_stand_for_too_much_are_left_out(loader: Loader, domain: str) -> None:
    loaded = loader.load(with_lines(whitelist_domains=[domain, ".company.com"]))
    assert loaded.settings.portal.return_hosts == (".company.com",)
    assert codes(loaded) == ["config.return-host-too-wide"]


@pytest.mark.parametrize(
    "domain", ["https://a.b", "a.b/c", "a b", "a.b:x", "user@a.b", "10.0.0.7", "a_b.c", "..a.b", "é.b"]
)
def test_what_is_no_host(loader: Loader, domain: str) -> None:
    assert isinstance(loader.error(with_lines(whitelist_domains=[domain])), InvalidValueError)


def test_expressions_of_api_routes(loader: Loader) -> None:
    assert loader.load(with_lines(api_routes=["^/api/"])).settings.portal.api_routes == ("^/api/",)
    assert "api-route" in str(loader.error(with_lines(api_routes=["("])))


def test_endpoints_in_place_of_discovery(loader: Loader) -> None:
    login, redeem, keys = ENDPOINTS.values()
    expected = ProviderEndpoints(authorization=login, token=redeem, jwks=keys)
    text = with_lines(**ENDPOINTS) + "skip_oidc_discovery = true\n"
    assert loader.load(text).settings.provider.endpoints == expected
    alpha = after("issuerURL", "skipDiscovery: true")
    alpha = alpha.replace("skipDiscovery: true", f"skipDiscovery: true\n      jwksURL: {keys}")
    alpha = alpha.replace("    oidcConfig:", f"    loginURL: {login}\n    redeemURL: {redeem}\n    oidcConfig:")
    assert loader.load(alpha, OPTIONS).settings.provider.endpoints == expected


def test_endpoints_beside_discovery_are_noted(loader: Loader) -> None:
    loaded = loader.load(with_lines(**ENDPOINTS) + "skip_oidc_discovery = false\n")
    assert loaded.settings.provider.endpoints is None
    assert codes(loaded) == ["config.no-effect"] * 3


@pytest.mark.parametrize("missing", ENDPOINTS)
def test_discovery_where_an_endpoint_is_missing(loader: Loader, missing: str) -> None:
    some = {key: value for key, value in ENDPOINTS.items() if key != missing}
    loaded = loader.load(with_lines(**some) + "skip_oidc_discovery = true\n")
    assert loaded.settings.provider.endpoints is None
    assert codes(loaded) == ["config.discovery-not-skipped"]


@pytest.mark.parametrize(
    "url", ["http://login.company.com/x", "login.company.com", "https://", "https://u:hunter2@a.b/"]
)
def test_endpoints_that_would_send_secrets_in_the_clear(loader: Loader, url: str) -> None:
    text = with_lines(**ENDPOINTS | {"redeem_url": url}) + "skip_oidc_discovery = true\n"
    error = loader.error(text)
    assert isinstance(error, InvalidValueError)
    assert "hunter2" not in str(error)


def test_signature_algorithms(loader: Loader) -> None:
    loaded = loader.load(after("issuerURL", "enabledSigningAlgs: [ES256, HS256]"), OPTIONS)
    assert loaded.settings.provider.signing_algorithms == ("ES256",)
    assert codes(loaded) == ["config.signing-algorithms-left-out"]
    error = loader.error(after("issuerURL", "enabledSigningAlgs: [HS256, none]"), OPTIONS)
    assert isinstance(error, UnsupportedSettingError)


def test_who_is_told_of_a_sign_out(loader: Loader) -> None:
    url = "https://login.company.com/logout?id_token_hint={id_token}"
    assert loader.load(with_lines(backend_logout_url=url)).settings.provider.backend_logout_url == url
    assert isinstance(loader.error(with_lines(backend_logout_url="login.company.com")), InvalidValueError)


def test_the_systems_authorities_as_well(loader: Loader) -> None:
    provider = loader.load(after("id: entra", "useSystemTrustStore: true"), OPTIONS).settings.provider
    assert provider.system_authorities
    assert not loader.load(ALPHA, OPTIONS).settings.provider.system_authorities

"""The preset for Entra in the settings model, and what is refused there whatever the dialect."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lampgate.config.settings import (
    AllowSettings,
    ClientSecret,
    FederatedToken,
    InjectedValue,
    ProviderSettings,
    Settings,
)

TENANT = "0f3c9a52-6f0e-4c57-9d43-6a1f2b7c8d10"
UPSTREAMS = ({"id": "main", "url": "http://headlamp:80"},)


def provider(**values: Any) -> ProviderSettings:
    return ProviderSettings.model_validate({"kind": "entra", "client_id": "client", **values})


def settings(allow: dict[str, Any] | None = None, inject: tuple[Any, ...] = (), **values: Any) -> Settings:
    own = provider(**values).model_dump()
    return Settings.model_validate({"provider": own, "upstreams": UPSTREAMS, "allow": allow or {}, "inject": inject})


@pytest.mark.parametrize(
    ("cloud", "tenant", "issuer"),
    [
        ("public", TENANT.upper(), f"https://login.microsoftonline.com/{TENANT}/v2.0"),
        ("public", "contoso.onmicrosoft.com", "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0"),
        ("us-government", TENANT, f"https://login.microsoftonline.us/{TENANT}/v2.0"),
        ("china", TENANT, f"https://login.partner.microsoftonline.cn/{TENANT}/v2.0"),
    ],
)
def test_a_tenant_is_enough(cloud: str, tenant: str, issuer: str) -> None:
    found = provider(tenant=tenant, cloud=cloud)
    assert found.issuer_url == issuer
    assert found.client_authentication == FederatedToken()
    assert found.scopes[0] == "6dae42f8-4368-4678-94ff-3960e28e3630/user.read"
    assert not found.is_tenantless


def test_what_is_written_goes_before_the_preset() -> None:
    secret = ClientSecret.model_validate({"secret": "s"})
    issuer = f"https://login.company.example/{TENANT}/v2.0"
    found = provider(tenant=TENANT, issuer_url=issuer, scopes=("openid",), client_authentication=secret)
    assert (found.issuer_url, found.scopes, found.client_authentication) == (issuer, ("openid",), secret)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"tenant": "not a tenant"},
        {"tenant": "contoso.example/../x"},
        {"tenant": TENANT, "cloud": "germany"},
        {"tenant": TENANT, "issuer_url": "https://login.microsoftonline.com/contoso.example/v2.0"},
        {"tenant": TENANT, "tokens": {"Graph": ("User.Read",)}},
        {"tenant": TENANT, "tokens": {"access_token": ("User.Read",)}},
        {"tenant": TENANT, "tokens": {"graph": ()}},
        {"kind": "oidc", "issuer_url": "https://op.example"},
        {
            "kind": "oidc",
            "issuer_url": "https://op.example",
            "client_authentication": FederatedToken(),
            "tenant": "x",
        },
    ],
)
def test_providers_that_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        provider(**values)


@pytest.mark.parametrize("tenant", ["common", "organizations", "consumers"])
def test_several_tenants_need_a_list_of_them(tenant: str) -> None:
    assert provider(tenant=tenant).is_tenantless
    for allow in ({}, {"tenants": ()}, {"email_domains": ("*",)}):
        with pytest.raises(ValidationError, match=r"allow\.tenants"):
            settings(allow, tenant=tenant)
    assert settings({"tenants": (TENANT.upper(),)}, tenant=tenant).allow.tenants == (TENANT,)


def test_a_generic_provider_on_entras_host_is_known_as_well() -> None:
    issuer = "https://login.microsoftonline.com/common/v2.0"
    values = {"kind": "oidc", "issuer_url": issuer, "client_authentication": {"kind": "public"}}
    assert provider(**values).is_tenantless
    assert not provider(**values | {"issuer_url": "https://op.example/common/v2.0"}).is_tenantless


def test_tenants_are_listed_by_id() -> None:
    with pytest.raises(ValidationError, match="by its id"):
        AllowSettings(tenants=("contoso.example",))


def test_injected_values_name_tokens_and_claims() -> None:
    assert InjectedValue(claim="token:graph").token_name == "graph"
    assert InjectedValue(claim="claim:profile.level").claim_name == "profile.level"
    plain = InjectedValue(claim="access_token")
    assert (plain.token_name, plain.claim_name) == ("", "")
    for wrong in ("token:", "claim:", "token:Graph", "secret"):
        with pytest.raises(ValidationError):
            InjectedValue(claim=wrong)


def test_an_injected_token_has_to_be_configured() -> None:
    inject = ({"name": "X-Graph", "values": ({"claim": "token:graph"},)},)
    with pytest.raises(ValidationError, match="token:graph"):
        settings(inject=inject, tenant=TENANT)
    assert settings(inject=inject, tenant=TENANT, tokens={"graph": ("User.Read",)}).inject[0].name == "X-Graph"

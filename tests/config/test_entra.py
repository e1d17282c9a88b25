"""Entra in oauth2-proxy's configurations: tenants, clouds, scopes, credentials, and who may pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from lampgate.config.errors import (
    ConfigError,
    InvalidValueError,
    PlaceholderLeftError,
    UnreadableConfigError,
    UnsupportedSettingError,
)
from lampgate.config.settings import FederatedToken
from tests.config.configurations import ALPHA, ISSUER, LEGACY, OPTIONS, TENANT, Loader, codes

OTHER_TENANT = "4c1b0a52-6f0e-4c57-9d43-6a1f2b7c8d10"
COMMON = ISSUER.replace(TENANT, "organizations")


def legacy(*lines: str, issuer: str = ISSUER, without: tuple[str, ...] = ()) -> str:
    """The older configuration with further lines, in place of those with the same key."""
    keys = {line.partition("=")[0].strip() for line in lines} | set(without)
    kept = [line for line in LEGACY.splitlines() if line.partition("=")[0].strip() not in keys]
    return "\n".join([*kept, *lines, ""]).replace(ISSUER, issuer)


@pytest.mark.parametrize("authority", ["common", "organizations", "consumers"])
def test_authorities_of_many_tenants_need_a_list(loader: Loader, authority: str) -> None:
    issuer = ISSUER.replace(TENANT, authority)
    error = loader.error(legacy('provider = "entra-id"', issuer=issuer))
    assert isinstance(error, UnsupportedSettingError)
    assert "entra-id-allowed-tenant" in error.remedy
    listed = legacy(f'entra_id_allowed_tenants = ["{TENANT.upper()}", "{OTHER_TENANT}"]', issuer=issuer)
    assert loader.load(listed).settings.allow.tenants == (TENANT, OTHER_TENANT)


def test_the_issuers_own_tenant_may_be_listed(loader: Loader) -> None:
    text = legacy(f'entra_id_allowed_tenants = ["{TENANT.upper()}"]')
    loaded = loader.load(text)
    assert loaded.settings.allow.tenants == (TENANT,)
    assert "entra_id_allowed_tenants" in loaded.place_of("allow.tenants")
    alpha = ALPHA.replace("id: entra", f"id: entra\n    microsoftEntraIDConfig: {{allowedTenants: [{TENANT}]}}")
    assert loader.load(alpha, OPTIONS).settings.allow.tenants == (TENANT,)


@pytest.mark.parametrize(
    ("tenants", "issuer", "kind"),
    [
        ("contoso.example", COMMON, InvalidValueError),
        ("<tenant-id>", COMMON, PlaceholderLeftError),
        (OTHER_TENANT, ISSUER, InvalidValueError),
    ],
)
def test_lists_of_tenants_that_are_refused(
    loader: Loader, tenants: str, issuer: str, kind: type[ConfigError]
) -> None:
    error = loader.error(legacy(f'entra_id_allowed_tenants = ["{tenants}"]', issuer=issuer))
    assert type(error) is kind
    assert "entra_id_allowed_tenants" in error.place
    assert error.remedy


def test_skipping_the_issuers_check_is_not_needed_for_several_tenants(loader: Loader) -> None:
    lines = ("insecure_oidc_skip_issuer_verification = true", f'entra_id_allowed_tenants = ["{TENANT}"]')
    assert codes(loader.load(legacy(*lines, issuer=COMMON))) == ["config.no-effect"]


@pytest.mark.parametrize("host", ["login.microsoftonline.us", "login.partner.microsoftonline.cn"])
def test_national_clouds(loader: Loader, host: str) -> None:
    issuer = ISSUER.replace("login.microsoftonline.com", host)
    assert loader.load(legacy('provider = "entra-id"', issuer=issuer)).settings.provider.issuer_url == issuer
    assert isinstance(loader.error(legacy(issuer=issuer.replace(TENANT, "common"))), UnsupportedSettingError)


def test_entra_without_a_scope_asks_for_what_aks_takes(loader: Loader) -> None:
    loaded = loader.load(legacy('provider = "entra-id"', without=("scope",)))
    assert loaded.settings.provider.scopes[0] == "6dae42f8-4368-4678-94ff-3960e28e3630/user.read"
    assert {"openid", "profile", "offline_access"} <= set(loaded.settings.provider.scopes)
    assert codes(loaded) == []


def test_only_other_providers_end_sessions_early(loader: Loader) -> None:
    assert codes(loader.load(legacy('scope = "openid"'))) == []
    elsewhere = legacy('scope = "openid"', issuer="https://op.company.com")
    assert codes(loader.load(elsewhere)) == ["config.no-offline-access"]


def test_entra_without_a_secret_is_federated(loader: Loader) -> None:
    loaded = loader.load(legacy('provider = "entra-id"', without=("client_secret",)))
    assert loaded.settings.provider.client_authentication == FederatedToken(path=loader.token)


def test_roles(loader: Loader) -> None:
    loaded = loader.load(legacy('allowed_roles = ["Dashboard.User", ""]'))
    assert loaded.settings.allow.roles == ("Dashboard.User",)
    assert "allowed_roles" in loaded.place_of("allow.roles")
    assert loader.load(LEGACY).settings.allow.roles is None


def test_a_file_of_addresses_stands_beside_the_domains(loader: Loader, tmp_path: Path) -> None:
    file = tmp_path / "emails"
    file.write_text("rita@company.com")
    line = f"authenticated_emails_file = '{file}'"
    alone = loader.load(legacy(line, without=("email_domains",))).settings.allow
    assert (alone.email_domains, alone.emails_file) == ((), file)
    both = loader.load(legacy(line, 'email_domains = ["company.com"]')).settings.allow
    assert (both.email_domains, both.emails_file) == (("company.com",), file)


def test_a_file_of_addresses_that_is_not_there(loader: Loader, tmp_path: Path) -> None:
    error = loader.error(legacy(f"authenticated_emails_file = '{tmp_path / 'emails'}'"))
    assert isinstance(error, UnreadableConfigError)
    assert "authenticated_emails_file" in error.place
    assert "No such file" in error.cause

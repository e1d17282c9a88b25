"""Who of those the provider has signed in may pass."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from lampgate.config.entra_authority import is_tenant_id
from lampgate.config.errors import (
    InvalidValueError,
    MissingSettingError,
    PlaceholderLeftError,
    UnreadableConfigError,
)
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.placeholders import find_placeholder
from lampgate.config.oauth2_proxy.resolution import Options
from lampgate.config.oauth2_proxy.written import Written, WrittenProvider
from lampgate.config.settings import AllowSettings, Place

_ANY = "*"
#: A domain, or every domain below one.
_DOMAIN = re.compile(r"(?:\*?\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")


def allow_settings(
    options: Options, provider: WrittenProvider | None, place: Place | None, draft: Draft
) -> AllowSettings | None:
    """The settings; None where nobody could be admitted, or a rule is wrong.

    :param provider: its groups, roles and tenants are those that are admitted.
    :param place: where missing options belong; None where not all could be read, so that nothing is missing.
    """
    emails = options.written("authenticated-emails-file", str)
    emails = emails if emails is not None and emails.value else None
    # Without domains nobody passes but who is in the password file.
    has_passwords = bool(options.value("htpasswd-file", str))
    domains = _domains(
        options.written("email-domain", tuple), place, draft, needed=emails is None and not has_passwords
    )
    is_readable = emails is None or _is_readable(emails, draft)
    tenants = _tenants(provider.allowed_tenants if provider is not None else None, draft)
    if domains is None or tenants is None or not is_readable:
        return None
    groups = _names(provider.allowed_groups if provider is not None else None, "groups", draft)
    roles = _names(provider.allowed_roles if provider is not None else None, "roles", draft)
    return AllowSettings(
        email_domains=domains,
        emails_file=Path(emails.value) if emails is not None else None,
        groups=groups or None,
        roles=roles or None,
        tenants=tenants or None,
    )


def _domains(
    written: Written[tuple[str, ...]] | None, place: Place | None, draft: Draft, *, needed: bool
) -> tuple[str, ...] | None:
    """The domains; None where they are missing or wrong."""
    domains = tuple(domain.strip().lower() for domain in written.value) if written is not None else ()
    domains = tuple(domain for domain in domains if domain)
    if written is None or not domains:
        if not needed:
            return ()
        if place is not None:
            draft.findings.error(
                MissingSettingError,
                "It is not said who may sign in: there are no e-mail domains",
                place=written.place if written is not None else replace(place, key=f"{place.key}email_domains"),
                remedy='Add email_domains = ["company.com"] to oauth2_proxy.cfg (in Helm values config.configFile) '
                "or set OAUTH2_PROXY_EMAIL_DOMAINS; * admits everybody whom the provider signs in",
            )
        return None
    draft.keep("allow.email_domains", written)
    for domain in domains:
        if domain == _ANY or _DOMAIN.fullmatch(domain):
            continue
        is_placeholder = find_placeholder(domain) is not None
        draft.findings.error(
            PlaceholderLeftError if is_placeholder else InvalidValueError,
            "An e-mail domain is still a placeholder" if is_placeholder else "An e-mail domain is not one",
            place=written.place,
            remedy="Write what follows the @, e.g. company.com; *.company.com for domains below it; * for everybody",
        )
        return None
    return domains


def _is_readable(emails: Written[str], draft: Draft) -> bool:
    draft.keep("allow.emails_file", emails)
    try:
        draft.read_text(Path(emails.value))
    except OSError as error:
        draft.findings.error(
            UnreadableConfigError,
            "The file with the addresses that may sign in cannot be read",
            place=emails.place,
            cause=error.strerror or "",
            remedy="Check that the volume is mounted and that this process may read the file",
        )
        return False
    return True


def _tenants(written: Written[tuple[str, ...]] | None, draft: Draft) -> tuple[str, ...] | None:
    """The tenants; None where one is none."""
    tenants = tuple(tenant.strip().lower() for tenant in written.value) if written is not None else ()
    draft.keep("allow.tenants", written)
    if written is None or all(is_tenant_id(tenant) for tenant in tenants):
        return tenants
    is_placeholder = any(find_placeholder(tenant) is not None for tenant in tenants)
    draft.findings.error(
        PlaceholderLeftError if is_placeholder else InvalidValueError,
        "An allowed tenant is still a placeholder" if is_placeholder else "An allowed tenant is not a tenant's id",
        place=written.place,
        remedy="Put the Directory (tenant) ID there, which the tenant's overview shows; tokens name no domain",
    )
    return None


def _names(written: Written[tuple[str, ...]] | None, rule: str, draft: Draft) -> tuple[str, ...]:
    draft.keep(f"allow.{rule}", written)
    return tuple(name for name in written.value if name) if written is not None else ()

"""What the provider is asked, and where, beyond what its discovery document says."""

from __future__ import annotations

import re
from typing import get_args

from lampgate.config.errors import InvalidValueError, UnsupportedSettingError
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.written import Written, WrittenEndpoints
from lampgate.config.settings import ABSOLUTE_URL, ENDPOINT_URL, ProviderEndpoints, SigningAlgorithm

_ALGORITHMS: tuple[str, ...] = get_args(SigningAlgorithm)


def endpoints(written: WrittenEndpoints | None, draft: Draft) -> ProviderEndpoints | None:
    """The endpoints, where discovery is to be skipped; None also where one is missing or wrong."""
    if written is None:
        return None
    named = (
        ("authorization", "login-url (loginURL)", written.login_url),
        ("token", "redeem-url (redeemURL)", written.redeem_url),
        ("jwks", "oidc-jwks-url (jwksURL)", written.jwks_url),
    )
    if not written.skip_discovery.value:
        for _, name, url in named:
            note_discovered(name, url, draft)
        return None
    draft.keep("provider.endpoints", written.skip_discovery)
    missing = [name for _, name, url in named if url is None]
    if missing:
        draft.findings.note(
            "config.discovery-not-skipped",
            "skip-oidc-discovery (skipDiscovery) has no effect, and the discovery document is asked for, because "
            f"something is missing: {', '.join(missing)}",
            written.skip_discovery.place,
        )
        return None
    right: dict[str, str] = {}
    for field, name, url in named:
        if url is not None and re.fullmatch(ENDPOINT_URL, url.value):
            draft.keep(f"provider.endpoints.{field}", url)
            right[field] = url.value
        elif url is not None:
            draft.findings.error(
                InvalidValueError,
                f"{name} takes an https URL",
                place=url.place,
                remedy="Write the provider's endpoint, e.g. https://login.company.com/token",
            )
    return ProviderEndpoints.model_validate(right) if len(right) == len(named) else None


def note_discovered(name: str, written: Written[str] | None, draft: Draft) -> None:
    """Say that an endpoint counts only where discovery is skipped."""
    if written is not None:
        sentence = f"{name} has no effect: it comes from the discovery document, in oauth2-proxy too"
        draft.findings.note("config.no-effect", sentence, written.place)


def signing_algorithms(written: Written[tuple[str, ...]] | None, draft: Draft) -> tuple[str, ...]:
    """The algorithms of signatures that are accepted; empty: every asymmetric one."""
    draft.keep("provider.signing_algorithms", written)
    if written is None:
        return ()
    accepted = tuple(name for name in written.value if name in _ALGORITHMS)
    if len(accepted) < len(written.value):
        remedy = f"Use some of {', '.join(_ALGORITHMS)}"
        if not accepted:
            draft.findings.error(
                UnsupportedSettingError,
                "None of these signature algorithms is accepted",
                place=written.place,
                remedy=remedy,
            )
        else:
            draft.findings.note(
                "config.signing-algorithms-left-out",
                "Some of these signature algorithms are never accepted, whoever sends them: with HMAC whoever knows "
                f"the client secret could sign. {remedy}",
                written.place,
            )
    return accepted


def backend_logout_url(written: Written[str] | None, draft: Draft) -> str | None:
    """Who is told of a sign-out; None also where that is no URL."""
    draft.keep("provider.backend_logout_url", written)
    if written is None or re.fullmatch(ABSOLUTE_URL, written.value):
        return written.value if written is not None else None
    draft.findings.error(
        InvalidValueError,
        "backend-logout-url (backendLogoutURL) takes an http or https URL",
        place=written.place,
        remedy="Write e.g. https://login.company.com/logout?id_token_hint={id_token}",
    )
    return None

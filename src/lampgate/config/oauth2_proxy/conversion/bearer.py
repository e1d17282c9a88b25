"""Tokens that requests bring: ``skip-jwt-bearer-tokens`` and ``extra-jwt-issuers``."""

from __future__ import annotations

from lampgate.config.errors import InvalidValueError
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.conversion.urls import UrlError, parse_url
from lampgate.config.oauth2_proxy.resolution import Options
from lampgate.config.settings import BearerIssuer, BearerSettings, Place


def bearer_settings(options: Options, draft: Draft) -> BearerSettings:
    """The settings, with the issuers that are right."""
    enabled = options.written("skip-jwt-bearer-tokens", bool)
    draft.keep("bearer.enabled", enabled)
    written = options.written("extra-jwt-issuers", tuple)
    issuers: list[BearerIssuer] = []
    if written is not None:
        draft.keep("bearer.issuers", written)
        # One option may hold several, separated by commas.
        for text in (part.strip() for value in written.value for part in value.split(",")):
            if text and (issuer := _issuer(text, written.place, draft)) is not None:
                issuers.append(issuer)
        if enabled is None or not enabled.value:
            draft.findings.note(
                "config.issuers-unused",
                "extra-jwt-issuers has no effect without skip-jwt-bearer-tokens",
                written.place,
            )
    draft.keep("bearer.fall_back", options.written("bearer-token-login-fallback", bool))
    return BearerSettings(
        enabled=enabled is not None and enabled.value,
        issuers=tuple(issuers),
        fall_back=options.value("bearer-token-login-fallback", bool),
    )


def _issuer(text: str, place: Place, draft: Draft) -> BearerIssuer | None:
    url, _, audience = text.partition("=")
    try:
        parsed = parse_url(url)
    except UrlError:
        parsed = None
    if parsed is None or not audience or parsed.scheme not in ("https", "http"):
        draft.findings.error(
            InvalidValueError,
            "extra-jwt-issuers takes issuers with an audience",
            place=place,
            remedy="Write https://issuer.example=audience",
        )
        return None
    return BearerIssuer(issuer_url=url, audience=audience)

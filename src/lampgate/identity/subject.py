"""Who signed in: the claims of a verified ID token become a `Subject`. Pure.

Claims may be named with a dotted path into nested objects; a claim with exactly that name comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lampgate.config.settings import ProviderSettings
from lampgate.session.record import Subject


def subject_of(claims: Mapping[str, Any], settings: ProviderSettings, *, entra: bool) -> Subject:
    """The person. Absent claims are empty; an address the provider calls unverified counts as absent.

    :param entra: whether ``tid`` and ``oid`` are Entra's, which identify a person; other providers may let people
        choose the value of such claims.
    """
    return Subject(
        issuer=claims["iss"],
        sub=claims["sub"],
        tid=_text(claims.get("tid")) if entra else "",
        oid=_text(claims.get("oid")) if entra else "",
        name=_text(claims.get("name")),
        email=_email(claims, settings),
        preferred_username=_text(claims.get("preferred_username")),
        groups=_texts(claim(claims, settings.groups_claim)),
    )


def contexts_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The authentication contexts that a sign-in has met: Entra's ``acrs``, elsewhere OpenID Connect's ``acr``."""
    return _texts(claims["acrs"] if "acrs" in claims else claims.get("acr"))


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """The claim ``name``, or what a dotted path leads to; None where there is none."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for step in name.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value


def _email(claims: Mapping[str, Any], settings: ProviderSettings) -> str:
    # Only an explicit "not verified" counts: Entra says nothing about it.
    if (
        settings.email_claim == "email"
        and claims.get("email_verified") in (False, "false")
        and not settings.allow_unverified_email
    ):
        return ""
    return _text(claim(claims, settings.email_claim))


def _text(value: Any) -> str:
    """A scalar as text. One with control characters counts as absent: it may become a header, or decide something."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)
    return text if text.isprintable() else ""


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(text for text in map(_text, values) if text))

"""What the token endpoint answers (RFC 6749 section 5): tokens, or an error. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from lampgate.entra.aadsts import find, numbers
from lampgate.identity.errors import (
    ProviderUnreachableError,
    TokenEndpointError,
    TokenResponseError,
    quoted,
)
from lampgate.identity.fetch import Answer

#: Seconds an access token is taken to live where the provider does not say (RFC 6749 section 5.1 recommends that
#: it does; Entra, Keycloak, Dex and Okta all do). One hour is what most issue.
ASSUMED_LIFETIME = 3600

#: A claims challenge (OpenID Connect Core section 5.5) longer than this is none.
_LONGEST_CLAIMS = 2_000


@dataclass(frozen=True, slots=True, repr=False)
class TokenResponse:
    """Tokens as issued. ``expires_in`` is in seconds; ``id_token`` may be empty after a renewal."""

    access_token: str
    expires_in: int
    id_token: str
    refresh_token: str


def read_token_response(
    answer: Answer, *, hide: tuple[str, ...], place: str = "", renewal: bool = False
) -> TokenResponse:
    """The tokens.

    :param hide: secrets of the request, which an error text may echo.
    :param renewal: a renewal may come without an ID token (OpenID Connect Core section 12.2).
    :raises TokenEndpointError: the provider refused.
    :raises TokenResponseError: what it answered is not a token response.
    :raises ProviderUnreachableError: it answered with a server error.
    """
    body = answer.document if isinstance(answer.document, dict) else {}
    if answer.status == 429:
        raise ProviderUnreachableError(
            "The OpenID provider is asked more often than it allows",
            cause=quoted(body.get("error_description"), hide) or "HTTP status 429",
            remedy="Try again in a moment.",
            retry_after=answer.retry_after,
        )
    if isinstance(body.get("error"), str):
        raise _refusal(body, hide)
    if answer.status >= 500:
        raise ProviderUnreachableError(
            "The OpenID provider answered a token request with a server error",
            cause=f"HTTP status {answer.status}",
            remedy="Try again in a moment.",
            retry_after=answer.retry_after,
        )
    if answer.status != 200:
        raise _not_usable(f"HTTP status {answer.status} without an OAuth error", place)
    access_token, id_token = body.get("access_token"), body.get("id_token")
    if not isinstance(access_token, str) or not _is_header_safe(access_token):
        raise _not_usable("there is no access token in it", place)
    if str(body.get("token_type", "Bearer")).lower() != "bearer":
        raise _not_usable("its access token is not a bearer token", place)
    if renewal and id_token is None:
        id_token = ""
    elif not isinstance(id_token, str) or not id_token:
        raise _not_usable("there is no ID token in it, though the scope openid was asked for", place)
    refresh_token = body.get("refresh_token")
    return TokenResponse(
        access_token=access_token,
        expires_in=_lifetime(body.get("expires_in"), place),
        id_token=id_token,
        refresh_token=refresh_token if isinstance(refresh_token, str) else "",
    )


def _lifetime(value: Any, place: str) -> int:
    if value is None:
        return ASSUMED_LIFETIME
    # Some endpoints of Entra send digits in a string.
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:12])
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise _not_usable("it does not say in a usable way how long the access token is valid", place)
    return int(value)


def _refusal(body: dict[str, Any], hide: tuple[str, ...]) -> TokenEndpointError:
    description = quoted(body.get("error_description"), hide)
    codes = body.get("error_codes")
    known = find(description, codes)
    found = numbers(description, codes)
    claims = body.get("claims")
    return TokenEndpointError(
        known.sentence if known else "The OpenID provider refused to issue tokens for this sign-in",
        remedy=known.advice if known else "",
        cause=description or quoted(body.get("error"), hide),
        error=quoted(body.get("error"), hide),
        suberror=quoted(body.get("suberror"), hide),
        claims=claims if isinstance(claims, str) and len(claims) <= _LONGEST_CLAIMS else "",
        aadsts=found[0] if found else None,
    )


def _is_header_safe(token: str) -> bool:
    """Whether the token can stand in a header (RFC 6750 section 2.1, ``b64token``)."""
    return re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", token) is not None


def _not_usable(what: str, place: str) -> TokenResponseError:
    return TokenResponseError(
        "The OpenID provider's answer to the token request is not usable",
        cause=what,
        remedy="Check the configured scopes, and the application's registration with the provider.",
        place=place,
    )

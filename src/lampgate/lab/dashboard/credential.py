"""Reads the credential of a request as Headlamp does, and decodes a JWT without checking it.

Headlamp's handlers disagree on which one wins: the cluster proxy prefers its cookie to ``Authorization``, ``/me``
the other way round. Both orders are kept. No signature is ever checked here: the result is for display only, and
only the Kubernetes API decides what a token is worth. Tokens are JSON Web Tokens (RFC 7519).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import HTTPConnection

AUTHORIZATION = b"authorization"

#: Bytes of a token in one cookie.
CHUNK_SIZE = 3800

Claims = Mapping[str, Any]


def cookie_name(cluster: str, index: int) -> str:
    """The name of the cookie with the given part of the token."""
    return f"headlamp-auth-{cluster}.{index}"


def cookie_token(cookies: Mapping[str, str], cluster: str) -> str:
    """The token in Headlamp's cookies, put together from its parts; empty without the first part."""
    parts: list[str] = []
    while (part := cookies.get(cookie_name(cluster, len(parts)))) is not None:
        parts.append(part)
    return "".join(parts)


def bearer_token(connection: HTTPConnection) -> str:
    """The token in ``Authorization``. The first of several headers counts, and a value with a comma does not."""
    value = connection.headers.get("authorization", "").strip()
    if "," in value:
        return ""
    return value[7:].strip() if value[:7].lower() == "bearer " else value


def shown_token(connection: HTTPConnection, cluster: str) -> str:
    """The token ``/me`` speaks about: ``Authorization``, then the cookie."""
    return bearer_token(connection) or cookie_token(connection.cookies, cluster)


def sent_token(connection: HTTPConnection, cluster: str) -> str:
    """The token that a request to the API would carry: the cookie, then ``Authorization``."""
    return cookie_token(connection.cookies, cluster) or bearer_token(connection)


def unverified_claims(token: str) -> Claims | None:
    """The claims of a JWT, **unverified**; None where it is no JWT (an opaque token, an encrypted one)."""
    parts = token.split(".")
    if len(parts) != 3 or not parts[1]:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def expired(claims: Claims, now: float) -> bool:
    """Whether the token is past its ``exp``; one without a number there counts as expired, as in Headlamp."""
    expiry = claims.get("exp")
    return not isinstance(expiry, int | float) or now > expiry


def username(claims: Claims) -> str:
    """The name Headlamp shows: the first text among its default claims."""
    for name in ("preferred_username", "upn", "username", "name"):
        value = claims.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def groups(claims: Claims) -> list[str]:
    """The groups Headlamp shows."""
    realm = claims.get("realm_access")
    for value in (claims.get("groups"), realm.get("roles") if isinstance(realm, dict) else None):
        if isinstance(value, list):
            return [str(entry) for entry in value]
    return []

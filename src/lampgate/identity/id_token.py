"""The ID token: is it genuine, for us, for this sign-in, and current (OpenID Connect Core section 3.1.3.7)?

`read_header` and `check_claims` are pure; the signature is verified between them by `verified_claims`. Nothing of a
token is used before its signature was verified, except the header that says with which key.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from lampgate.identity.errors import IdTokenInvalidError, quoted
from lampgate.identity.metadata import ProviderMetadata

if TYPE_CHECKING:
    from lampgate.identity.keys import VerificationKey

_ASK_THE_PROVIDER = "Sign in again; if it happens again, the provider or something on the way to it is at fault."


@dataclass(frozen=True, slots=True)
class Header:
    """What a token's header says about its signature."""

    algorithm: str
    kid: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Expectations:
    """What the claims are checked against.

    :ivar audiences: client ids of ours.
    :ivar audience_claims: claims that may carry the audience; the first one present counts.
    :ivar leeway: how far the provider's clock may differ from ours, in seconds.
    """

    metadata: ProviderMetadata
    audiences: tuple[str, ...]
    audience_claims: tuple[str, ...]
    nonce: str | None
    now: float
    leeway: float


def claimed_issuer(token: str) -> str:
    """The issuer that a token names, unverified: to choose who can verify it. Empty where it names none."""
    try:
        part = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError, RecursionError):
        return ""
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else ""


def read_header(token: str, algorithms: tuple[str, ...]) -> Header:
    """The header, with an algorithm of the accepted ones.

    :raises IdTokenInvalidError: ``form`` or ``algorithm``.
    """
    parts = token.split(".")
    try:
        header = json.loads(urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except (ValueError, RecursionError):
        header = None
    if len(parts) != 3 or not isinstance(header, dict):
        _refuse("form", "it is not a signed JWT")
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in algorithms:
        _refuse("algorithm", f'it is signed with "{quoted(algorithm)}", accepted are {", ".join(algorithms)}')
    return Header(algorithm, kid if isinstance(kid, str) else None)


def verified_claims(token: str, header: Header, key: VerificationKey) -> dict[str, Any]:
    """The claims, if the signature is good.

    :raises IdTokenInvalidError: ``signature`` or ``form``.
    """
    from joserfc import jws
    from joserfc.errors import JoseError

    # Providers add header parameters of their own; those listed in `crit` are refused all the same.
    registry = jws.JWSRegistry(algorithms=[header.algorithm], strict_check_header=False)
    try:
        payload = jws.deserialize_compact(token, key, registry=registry).payload
    except (JoseError, ValueError):
        _refuse("signature", "its signature does not fit the provider's key")
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        _refuse("form", "its content is not a JSON object")
    return claims


def check_claims(claims: Mapping[str, Any], expected: Expectations) -> None:
    """Check everything but the signature.

    :raises IdTokenInvalidError: with ``reason`` saying which check failed.
    """
    check_issuance(claims, expected)
    nonce = claims.get("nonce")
    if expected.nonce is not None and (
        not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode())
    ):
        _refuse("nonce", "it belongs to another sign-in (its nonce differs)")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        _refuse("subject", 'it names nobody (the claim "sub" is missing or unusable)')


def check_issuance(claims: Mapping[str, Any], expected: Expectations) -> None:
    """Check what every token of the provider has to say: from whom it is, for whom, and when.

    :raises IdTokenInvalidError: with ``reason`` saying which check failed.
    """
    _check_issuer(claims, expected)
    _check_audience(claims, expected)
    _check_times(claims, expected)


def _check_issuer(claims: Mapping[str, Any], expected: Expectations) -> None:
    issuer, tid = claims.get("iss"), claims.get("tid", "")
    if not isinstance(issuer, str) or not isinstance(tid, str) or not expected.metadata.issues(issuer, tid):
        _refuse("issuer", f'it was issued by "{quoted(issuer)}", not by "{expected.metadata.issuer}"')


def _check_audience(claims: Mapping[str, Any], expected: Expectations) -> None:
    claim = next((name for name in expected.audience_claims if name in claims), None)
    audience = claims.get(claim) if claim is not None else None
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or not any(one in expected.audiences for one in audiences):
        shown = ", ".join(quoted(one) for one in audiences) if isinstance(audiences, list) else ""
        _refuse(
            "audience",
            f'it is meant for "{shown}", not for the client id of this gateway' if shown else "it names no audience",
            remedy="Check that the configured client id is the application's that people sign in to.",
        )
    authorized_party = claims.get("azp")
    if (len(audiences) > 1 or authorized_party is not None) and authorized_party not in expected.audiences:
        _refuse("authorized-party", 'it was issued to another application (the claim "azp")')


def _check_times(claims: Mapping[str, Any], expected: Expectations) -> None:
    clocks = "Compare the clock of this machine with the provider's."
    expires_at, issued_at = _time(claims, "exp"), _time(claims, "iat")
    if expires_at is None or issued_at is None:
        _refuse("times", 'it does not say when it was issued and until when it is valid ("iat", "exp")')
    if expires_at + expected.leeway <= expected.now:
        _refuse("expired", f"it expired {expected.now - expires_at:.0f} seconds ago", remedy=clocks)
    earliest = max(issued_at, _time(claims, "nbf") or 0)
    if earliest - expected.leeway > expected.now:
        _refuse("not-yet-valid", f"it becomes valid in {earliest - expected.now:.0f} seconds", remedy=clocks)


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    # 1e12 seconds are 33,000 years: whoever sends more (or NaN) sends no time.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return None
    return float(value)


def _refuse(reason: str, cause: str, remedy: str = _ASK_THE_PROVIDER) -> NoReturn:
    raise IdTokenInvalidError(
        "The ID token that the provider issued is not acceptable", reason=reason, cause=cause, remedy=remedy
    )

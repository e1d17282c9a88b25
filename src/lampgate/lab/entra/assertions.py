"""Federated credentials: is a client assertion one of the tokens the registration trusts?

The issuer's metadata and keys are really fetched, as Entra does (RFC 7523 section 3, OpenID Connect Discovery). The
issuer is compared before anything is fetched, so an assertion cannot make the tenant call an address of its choice;
the signature is checked before the rest is believed.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from lampgate.lab.entra.applications import Application, FederatedCredential
from lampgate.lab.entra.certificates import verify_certificate_assertion
from lampgate.lab.entra.errors import EntraError, iso7

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

#: Seconds fetched keys are used before they are fetched again.
_KEYS_LIFETIME: Final = 3600.0
#: Seconds between fetches that unknown key ids may cause.
_REFETCH_INTERVAL: Final = 10.0
#: Seconds an assertion's start may lie ahead of this clock. Its end is exact.
_NOT_BEFORE_LEEWAY: Final = 300.0
_FETCH_TIMEOUT: Final = 5.0
_MAX_LENGTH: Final = 32 * 1024
_END_OF_TIME: Final = 253_402_300_800


@dataclass(frozen=True, slots=True)
class _IssuerKeys:
    keys: Mapping[str, RSAKey]
    fetched_at: float


class AssertionVerifier:
    """Verifies client assertions.

    :param ca_file: trusted for the issuers' TLS certificates instead of the system's authorities.
    :param transport: reaches the issuers; None: the network.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        ca_file: Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._ca_file = ca_file
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._issuers: dict[str, _IssuerKeys] = {}
        self._fetching = asyncio.Lock()

    async def aclose(self) -> None:
        """Close the connections to the issuers."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def verify(self, application: Application, assertion: str, token_endpoint: str) -> None:
        """Accept the assertion as the application's credential.

        :param token_endpoint: the audience of assertions that the application signs itself.
        :raises EntraError: 50027, 70025, 700211, 700027, 700024, 700213, 7002138, 700212, 700023.
        """
        header, claims = _read_unverified(assertion)
        issuer = str(claims.get("iss", ""))
        if issuer == application.app_id:
            verify_certificate_assertion(assertion, header, claims, application, token_endpoint)
            _check_validity(claims, self._clock())
            return
        if not application.federated_credentials:
            raise EntraError(70025, app_id=application.app_id, name=application.name)
        trusted = [record for record in application.federated_credentials if record.issuer == issuer]
        if not trusted:
            raise EntraError(700211, value=issuer)
        key = await self._key(issuer, str(header.get("kid", "")))
        try:
            jwt.decode(assertion, key, algorithms=["RS256"])
        except (JoseError, ValueError) as error:
            raise EntraError(700027, reason="The signature does not fit the issuer's key.") from error
        _check_validity(claims, self._clock())
        _match(claims, trusted)

    async def _key(self, issuer: str, kid: str) -> RSAKey:
        async with self._fetching:
            known = self._issuers.get(issuer)
            if known is None or self._is_stale(known, kid):
                known = self._issuers[issuer] = await self._fetch(issuer)
        key = known.keys.get(kid)
        if key is None:
            raise EntraError(700027, reason=f"The key was not found at the issuer {issuer}.")
        return key

    def _is_stale(self, known: _IssuerKeys, kid: str) -> bool:
        age = self._clock() - known.fetched_at
        return age > (_KEYS_LIFETIME if kid in known.keys else _REFETCH_INTERVAL)

    async def _fetch(self, issuer: str) -> _IssuerKeys:
        try:
            metadata = await self._get(f"{issuer.removesuffix('/')}/.well-known/openid-configuration")
            if metadata.get("issuer") != issuer:
                raise EntraError(700027, reason=f"The metadata of {issuer} names another issuer.")
            jwks = await self._get(str(metadata.get("jwks_uri", "")))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise EntraError(700027, reason=f"The issuer {issuer} did not answer: {type(error).__name__}.") from error
        return _IssuerKeys(_rsa_keys(jwks), self._clock())

    async def _get(self, url: str) -> Mapping[str, Any]:
        if self._client is None:
            trust = ssl.create_default_context(cafile=self._ca_file) if self._ca_file else True
            self._client = httpx.AsyncClient(
                transport=self._transport, verify=trust, timeout=_FETCH_TIMEOUT, trust_env=False
            )
        answer = await self._client.get(url)
        answer.raise_for_status()
        document = answer.json()
        if not isinstance(document, dict):
            raise ValueError(f"{url} is not a JSON object")
        return document


def _read_unverified(assertion: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if len(assertion) > _MAX_LENGTH or not assertion.isascii():
        raise EntraError(50027)
    try:
        token = jws.extract_compact(assertion.encode())
        claims = json.loads(token.payload)
    except (JoseError, ValueError) as error:
        raise EntraError(50027) from error
    if not isinstance(claims, dict):
        raise EntraError(50027)
    return token.headers(), claims


def _check_validity(claims: Mapping[str, Any], now: float) -> None:
    expires, starts = _moment(claims.get("exp")), _moment(claims.get("nbf", claims.get("iat", 0)))
    if expires <= now or starts > now + _NOT_BEFORE_LEEWAY:
        raise EntraError(700024, now=iso7(now), valid_from=iso7(starts), expires=iso7(expires))


def _moment(value: object) -> float:
    """A NumericDate that is a date: neither text nor ``NaN`` nor beyond the year 9999."""
    if not isinstance(value, (int, float)) or not 0 <= value < _END_OF_TIME:
        raise EntraError(50027)
    return value


def _match(claims: Mapping[str, Any], trusted: list[FederatedCredential]) -> None:
    """Issuer and subject name the record; the audience is then the record's own."""
    subject = str(claims.get("sub", ""))
    records = [record for record in trusted if record.subject == subject]
    if not records:
        near = any(record.subject.casefold() == subject.casefold() for record in trusted)
        raise EntraError(7002138 if near else 700213, value=subject)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if not any(record.audience in audiences for record in records):
        raise EntraError(700212, value=", ".join(map(str, audiences)))


def _rsa_keys(document: Mapping[str, Any]) -> dict[str, RSAKey]:
    entries = document.get("keys")
    keys: dict[str, RSAKey] = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("kty") == "RSA" and isinstance(entry.get("kid"), str):
            try:
                keys[entry["kid"]] = RSAKey.import_key({name: entry[name] for name in ("kty", "n", "e", "kid")})
            except (KeyError, ValueError, JoseError):
                continue  # An entry that cannot be read is none; the others still count.
    return keys

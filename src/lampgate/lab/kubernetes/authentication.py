"""Who is calling: the bearer token, checked exactly as AKS checks it.

Accepts the Entra v1.0 access token for the AKS server application and nothing else: an ID token, a token for
Microsoft Graph, an expired one and no token at all get the same 401. Follows the authentication webhook AKS runs
(kubeguard/guard, ``auth/providers/azure``): the tenant's v1.0 metadata names the issuer, and that issuer's own
metadata names the keys. Groups come from the token alone; an overage (``_claim_names``) is not looked up in Graph.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from lampgate.lab import world
from lampgate.lab.kubernetes import status
from lampgate.lab.kubernetes.authorization import AUTHENTICATED, User

_log = logging.getLogger(__name__)

#: Seconds between two fetches of the keys that unknown key ids may cause.
KEY_REFETCH_INTERVAL: Final = 10.0
#: Seconds a ``nbf`` may lie ahead (go-oidc).
_NOT_BEFORE_LEEWAY: Final = 300.0
_FETCH_TIMEOUT: Final = 5.0
#: Far above any Entra token (10 KB with 150 groups).
_MAX_TOKEN_LENGTH: Final = 64 * 1024


class TokenRefusedError(Exception):
    """The token is not acceptable. The reason is for the log; the caller only learns "Unauthorized"."""


@dataclass(frozen=True, slots=True)
class _Provider:
    """The v1.0 issuer and its keys, as fetched at some moment."""

    issuer: str
    jwks_uri: str
    keys: Mapping[str, RSAKey]
    fetched_at: float


class Authenticator:
    """Authenticates requests to the API.

    :param entra_origin: the authority, e.g. ``https://login.microsoftonline.com``.
    :param clock: seconds since the epoch.
    :param transport: reaches Entra; the lab gives one that trusts its own certificate authority.
    """

    def __init__(
        self,
        entra_origin: str,
        tenant_id: str,
        *,
        clock: Callable[[], float],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._tenant_metadata = f"{entra_origin.rstrip('/')}/{tenant_id}/.well-known/openid-configuration"
        self._clock = clock
        self._client = httpx.AsyncClient(transport=transport, timeout=_FETCH_TIMEOUT)
        self._provider: _Provider | None = None
        self._fetching = asyncio.Lock()

    async def aclose(self) -> None:
        """Close the connections to Entra."""
        await self._client.aclose()

    async def authenticate(self, authorization: str | None) -> User:
        """The user a request comes from.

        :param authorization: the value of the ``Authorization`` header.
        :raises StatusError: 401, always the same.
        """
        try:
            return _user(await self._verified_claims(_bearer_token(authorization)))
        except TokenRefusedError as refusal:
            _log.info("request not authenticated: %s", refusal)
        except httpx.HTTPError as error:
            # The real webhook fails the same way: the API server cannot tell, so nobody gets in.
            _log.warning("request not authenticated: Entra did not answer: %s", error)
        raise status.unauthorized()

    async def _verified_claims(self, token: str) -> Mapping[str, Any]:
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError) as error:
            raise TokenRefusedError("not a JSON Web Token") from error
        provider, key = await self._key(str(header.get("kid", "")))
        try:
            claims = jwt.decode(token, key, algorithms=["RS256"]).claims
        except (JoseError, ValueError) as error:
            raise TokenRefusedError(f"the token does not verify: {type(error).__name__}") from error
        self._check(claims, provider.issuer)
        return claims

    def _check(self, claims: Mapping[str, Any], issuer: str) -> None:
        now = self._clock()
        if claims.get("iss") != issuer:
            raise TokenRefusedError(f"issued by {claims.get('iss')!r}, expected {issuer!r}")
        audience = claims.get("aud")
        if world.AKS_SERVER_APP_ID not in (audience if isinstance(audience, list) else [audience]):
            raise TokenRefusedError(f"meant for {audience!r}, expected {world.AKS_SERVER_APP_ID!r}")
        expires_at = claims.get("exp")
        if not isinstance(expires_at, (int, float)) or expires_at <= now:
            raise TokenRefusedError("expired")
        not_before = claims.get("nbf")
        if isinstance(not_before, (int, float)) and not_before > now + _NOT_BEFORE_LEEWAY:
            raise TokenRefusedError("not valid yet")

    async def _key(self, kid: str) -> tuple[_Provider, RSAKey]:
        """The key with this id, fetched anew if it is unknown and the last fetch is not too recent."""
        async with self._fetching:
            provider = self._provider
            if provider is None or (
                kid not in provider.keys and self._clock() - provider.fetched_at >= KEY_REFETCH_INTERVAL
            ):
                provider = self._provider = await self._fetch(provider)
        key = provider.keys.get(kid)
        if key is None:
            raise TokenRefusedError("signed with an unknown key")
        return provider, key

    async def _fetch(self, known: _Provider | None) -> _Provider:
        """The issuer's keys; its metadata only the first time, as it is kept for the life of the process."""
        if known is None:
            issuer = _text(await self._get(self._tenant_metadata), "issuer")
            own = await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if _text(own, "issuer") != issuer:
                raise TokenRefusedError(f"the metadata of {issuer!r} names another issuer")
            jwks_uri = _text(own, "jwks_uri")
        else:
            issuer, jwks_uri = known.issuer, known.jwks_uri
        return _Provider(issuer, jwks_uri, _signing_keys(await self._get(jwks_uri)), self._clock())

    async def _get(self, url: str) -> Mapping[str, Any]:
        answer = await self._client.get(url)
        answer.raise_for_status()
        try:
            document = answer.json()
        except ValueError as error:
            raise TokenRefusedError(f"{url} is not JSON") from error
        if not isinstance(document, dict):
            raise TokenRefusedError(f"{url} is not a JSON object")
        return document


def _bearer_token(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise TokenRefusedError("no bearer token")
    if len(token) > _MAX_TOKEN_LENGTH or not token.isascii():
        raise TokenRefusedError("not a JSON Web Token")
    return token


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise TokenRefusedError(f"Entra's metadata lacks {name!r}")
    return value


def _signing_keys(document: Mapping[str, Any]) -> dict[str, RSAKey]:
    """The RSA keys of a JWK set by id. Entra gives keys no ``alg``; the algorithm is fixed by the verifier."""
    entries = document.get("keys")
    keys: dict[str, RSAKey] = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("kty") == "RSA" and isinstance(entry.get("kid"), str):
            parameters = {name: entry[name] for name in ("kty", "n", "e", "kid") if name in entry}
            try:
                keys[entry["kid"]] = RSAKey.import_key(parameters)
            except (JoseError, ValueError):
                _log.warning("a key of Entra's key set cannot be read and is left out")
    return keys


def _user(claims: Mapping[str, Any]) -> User:
    """AKS's mapping: the name is ``upn``, or ``oid`` where there is none (guests, applications)."""
    oid = claims.get("oid")
    name = claims.get("upn") or oid
    if not isinstance(name, str):
        raise TokenRefusedError("neither upn nor oid in the token")
    groups = claims.get("groups")
    named = [group for group in groups if isinstance(group, str)] if isinstance(groups, list) else []
    return User(
        name=name,
        groups=(*named, AUTHENTICATED),
        extra={"oid": [oid]} if isinstance(oid, str) else {},
    )

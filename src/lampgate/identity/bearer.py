"""Requests that bring a token of their own: programs, and ``kubectl`` through the same door.

A JWT in ``Authorization: Bearer`` that the provider, or one of a few further issuers, has signed and made out to an
audience of ours stands for its subject, as a session would; it ends with the token. The same rules about who may pass
apply, and it is the token itself that goes on to the upstream.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from lampgate.config.settings import BearerIssuer, ProviderSettings
from lampgate.errors import LampgateError
from lampgate.identity import id_token
from lampgate.identity.errors import IdTokenInvalidError, ProviderMetadataError, ProviderUnreachableError
from lampgate.identity.fetch import ProviderClient
from lampgate.identity.keys import SigningKeys, VerificationKey, read_keys
from lampgate.identity.metadata import ProviderMetadata, discovery_url, read_metadata
from lampgate.identity.subject import subject_of
from lampgate.session.record import Session, Token
from lampgate.session.store import Absent, Found, Lookup, Unknown
from lampgate.wire.basic import basic_credentials

#: A JWT in its compact form, whose header and claims are JSON objects (RFC 7519; ``ey`` is ``{"`` in base64url).
_JWT = re.compile(rb"Bearer (ey[A-Za-z0-9_-]+\.ey[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)")
#: Tokens of Entra with 200 groups take 12 KB.
_LONGEST = 32 * 1024
#: Seconds between two attempts to read an issuer's metadata, so that no stranger's token makes us ask it often.
_PAUSE = 10.0


def bearer_in(authorization: bytes) -> str:
    """The JWT of an ``Authorization`` header; empty where there is none.

    Programs that know HTTP Basic only bring it as the password, or as the name with an empty password or
    ``x-oauth-basic``.
    """
    found = _JWT.fullmatch(authorization) if len(authorization) <= _LONGEST else None
    if found is not None:
        return found[1].decode("ascii")
    credentials = basic_credentials(authorization)
    if credentials is None:
        return ""
    name, password = credentials
    token = name if password in ("", "x-oauth-basic") else password
    return (
        token
        if len(token) <= _LONGEST and token.isascii() and _JWT.fullmatch(b"Bearer " + token.encode("ascii"))
        else ""
    )


class Issuer:
    """An issuer of tokens beside the provider, read when its first token comes."""

    def __init__(
        self, settings: BearerIssuer, provider: ProviderSettings, client: ProviderClient, clock: Callable[[], float]
    ) -> None:
        self.url = settings.issuer_url
        self._audience = settings.audience
        self._provider = provider
        self._client = client
        self._clock = clock
        self._metadata: ProviderMetadata | None = None
        self._keys = SigningKeys(self._fetch_keys, clock)
        self._asked_at: float | None = None

    async def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a token of this issuer.

        :raises LampgateError: the token is not acceptable, or the issuer cannot be asked.
        """
        metadata = await self._ready()
        header = id_token.read_header(token, metadata.signing_algorithms)
        key = await self._keys.find(header.kid, header.algorithm)
        if key is None:
            raise IdTokenInvalidError("The token is not acceptable", reason="key", cause="no key of its issuer fits")
        claims = id_token.verified_claims(token, header, key)
        id_token.check_claims(
            claims,
            id_token.Expectations(
                metadata=metadata,
                audiences=(self._audience,),
                audience_claims=("aud",),
                nonce=None,
                now=self._clock(),
                leeway=self._provider.clock_leeway,
            ),
        )
        return claims

    async def _ready(self) -> ProviderMetadata:
        if self._metadata is None:
            now = self._clock()
            if self._asked_at is not None and now - self._asked_at < _PAUSE:
                raise ProviderUnreachableError(f"The token issuer {self.url} has just not answered")
            self._asked_at = now
            answer = await self._client.get(discovery_url(self.url))
            if answer.status != 200:
                raise ProviderMetadataError(
                    f"There is no discovery document of the token issuer {self.url}",
                    cause=f"HTTP status {answer.status}",
                )
            metadata = read_metadata(answer.document, self.url)
            self._metadata = metadata
            self._keys.replace(await self._fetch_keys())
        return self._metadata

    async def _fetch_keys(self) -> tuple[VerificationKey, ...]:
        if self._metadata is None:
            raise ProviderUnreachableError(f"The token issuer {self.url} is not known yet")
        answer = await self._client.get(self._metadata.jwks_uri)
        return read_keys(answer.document, place="")


class Bearers:
    """Judges the tokens that requests bring.

    :param provider_claims: the claims of a token of the provider's; raises as `Issuer.claims` does.
    :param keep: names of further claims that rules and headers want to know.
    """

    def __init__(
        self,
        provider_claims: Callable[[str], Awaitable[Mapping[str, Any]]],
        issuers: Sequence[Issuer],
        settings: ProviderSettings,
        *,
        is_entra: Callable[[], bool],
        keep: tuple[str, ...] = (),
    ) -> None:
        self._provider_claims = provider_claims
        self._issuers = {issuer.url: issuer for issuer in issuers}
        self._settings = settings
        self._is_entra = is_entra
        self._keep = keep

    async def session(self, token: str) -> Lookup:
        """Whom a token stands for, until when."""
        issuer = self._issuers.get(id_token.claimed_issuer(token))
        try:
            claims = await (issuer.claims(token) if issuer is not None else self._provider_claims(token))
        except IdTokenInvalidError as error:
            return Absent(f"bearer-{error.reason}")
        except LampgateError as error:
            return Unknown(str(error))
        if "events" in claims:
            # A logout token (OpenID Connect Back-Channel Logout section 2.4) is signed by the same provider for us.
            return Absent("bearer-logout-token")
        subject = subject_of(claims, self._settings, entra=self._is_entra(), keep=self._keep)
        expires_at = int(claims["exp"])
        return Found(
            Session(
                id="bearer-" + hashlib.sha256(token.encode("ascii")).hexdigest(),
                subject=subject,
                signed_in_at=int(claims["iat"]),
                expires_at=expires_at,
                tokens={"access_token": Token(token, expires_at, int(claims["iat"]))},
                id_token=token,
            )
        )

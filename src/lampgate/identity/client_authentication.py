"""How lampgate proves to the token endpoint that it is the registered client.

Shared secret (RFC 6749 section 2.3.1), an assertion (RFC 7523 section 2.2) that we sign with a certificate's key or
that somebody else issued for us (with AKS workload identity the pod's projected service account token; or a managed
identity's token), or nothing but PKCE. Files are read again at each use, because secrets are rotated.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from lampgate.config.entra_authority import exchange_audience
from lampgate.config.settings import (
    ClientCertificate,
    ClientSecret,
    ClientSecretFile,
    FederatedToken,
    ManagedIdentity,
    ProviderSettings,
    PublicClient,
)
from lampgate.identity import credential_file
from lampgate.identity.client_certificate import CertificateFiles, signed_assertion
from lampgate.identity.federated_token import read_federated_token
from lampgate.identity.fetch import ProviderClient
from lampgate.identity.managed_identity import ManagedIdentityTokens
from lampgate.identity.metadata import ProviderMetadata

if TYPE_CHECKING:
    import httpx

_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What is added to a token request.

    :ivar secret: what must never be shown.
    """

    form: Mapping[str, str]
    headers: Mapping[str, str]
    secret: str = ""


class ClientAuthenticator:
    """Makes the credentials for token requests.

    :param clock: seconds since the epoch.
    :param place: where the credential is configured, for errors.
    :param transport: replaces the network towards a managed identity's endpoint, in tests.
    """

    def __init__(
        self,
        settings: ProviderSettings,
        *,
        clock: Callable[[], float],
        place: str = "",
        environment: Mapping[str, str] = os.environ,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._client_id = settings.client_id
        self._place = place
        self._secret: Callable[[], str] | None = None
        self._assertion: Callable[[ProviderMetadata], Awaitable[str]] | None = None
        self._client: ProviderClient | None = None
        match settings.client_authentication:
            case ClientSecret(secret=hidden):
                self._secret = hidden.get_secret_value
            case ClientSecretFile(path=file):
                self._secret = partial(credential_file.read_text, file, "client secret", place)
            case FederatedToken(path=path):

                async def federated(_metadata: ProviderMetadata) -> str:
                    return read_federated_token(path, now=clock(), place=place, environment=environment)

                self._assertion = federated
            case ClientCertificate() as certificate:
                files = CertificateFiles(certificate, place)

                async def signed(metadata: ProviderMetadata) -> str:
                    entra = metadata.is_entra or settings.kind == "entra"
                    return signed_assertion(
                        files.current(clock()),
                        client_id=settings.client_id,
                        audience=metadata.token_endpoint,
                        now=clock(),
                        supported=metadata.token_endpoint_auth_algorithms,
                        entra=entra,
                        place=place,
                    )

                self._assertion = signed
            case ManagedIdentity() as identity:
                self._client = ProviderClient(timeout=settings.timeout, direct=True, transport=transport)
                tokens = ManagedIdentityTokens(
                    identity,
                    audience=identity.audience or exchange_audience(settings.issuer_url),
                    client=self._client,
                    clock=clock,
                    place=place,
                    environment=environment,
                )

                async def identified(_metadata: ProviderMetadata) -> str:
                    return await tokens.token()

                self._assertion = identified
            case PublicClient():
                pass

    async def credentials(self, metadata: ProviderMetadata) -> Credentials:
        """The credentials for one token request.

        :raises ClientCredentialError: a file is missing, unreadable, empty or out of date, or an endpoint refuses.
        :raises ProviderUnreachableError: a managed identity's endpoint does not answer.
        """
        client_id = self._client_id
        if self._assertion is not None:
            assertion = await self._assertion(metadata)
            form = {
                "client_id": client_id,
                "client_assertion_type": _JWT_BEARER,
                "client_assertion": assertion,
            }
            return Credentials(form, {}, assertion)
        if self._secret is None:
            return Credentials({"client_id": client_id}, {})
        secret = self._secret()
        # In the body where the provider takes that: implementations differ in how they decode a secret in the header.
        if "client_secret_post" in metadata.token_endpoint_auth_methods:
            return Credentials({"client_id": client_id, "client_secret": secret}, {}, secret)
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode("ascii")
        return Credentials({}, {"Authorization": f"Basic {b64encode(pair).decode('ascii')}"}, secret)

    async def close(self) -> None:
        """Close the connections to a managed identity's endpoint."""
        if self._client is not None:
            await self._client.close()

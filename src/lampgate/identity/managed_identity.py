"""The token of an Azure managed identity, which the registration trusts as a federated credential.

Two ways to ask, as Azure's own libraries do: the instance metadata service of a virtual machine (IMDS,
``/metadata/identity/oauth2/token``), and the endpoint that App Service, Container Apps and their kin name in
``IDENTITY_ENDPOINT`` with a secret in ``IDENTITY_HEADER``. A token is used until shortly before it expires.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from lampgate.config.settings import ManagedIdentity
from lampgate.identity.errors import ClientCredentialError, IdentityError, ProviderUnreachableError, quoted
from lampgate.identity.fetch import Answer, ProviderClient

_IMDS = "http://169.254.169.254/metadata/identity/oauth2/token"

#: Set by the platform.
IDENTITY_ENDPOINT, IDENTITY_HEADER = "IDENTITY_ENDPOINT", "IDENTITY_HEADER"

#: Seconds before its end from which a token is not used any more. Azure hands out the same one until it is old.
_MARGIN = 300.0


class ManagedIdentityTokens:
    """Tokens of one managed identity, kept until they run out.

    :param audience: what the tokens are to be for.
    :param client: asks the endpoint, which is on the machine itself or next to it: through no proxy.
    :param place: where the identity is configured, for errors.
    """

    def __init__(
        self,
        settings: ManagedIdentity,
        *,
        audience: str,
        client: ProviderClient,
        clock: Callable[[], float],
        place: str,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._client_id = settings.client_id
        self._audience = audience
        self._client = client
        self._clock = clock
        self._place = place
        platform = "" if settings.endpoint else environment.get(IDENTITY_ENDPOINT, "")
        self._platform_secret = environment.get(IDENTITY_HEADER, "") if platform else ""
        self._endpoint = settings.endpoint or platform or _IMDS
        self._asking = asyncio.Lock()
        self._token = ""
        self._expires_at = 0.0

    async def token(self) -> str:
        """A token that is good for some minutes at least.

        :raises ClientCredentialError: the endpoint refused, or answered something else.
        :raises ProviderUnreachableError: the endpoint did not answer, or asked for patience.
        """
        async with self._asking:
            if self._expires_at - _MARGIN <= self._clock():
                self._token, self._expires_at = await self._ask()
            return self._token

    async def _ask(self) -> tuple[str, float]:
        parameters = {"resource": self._audience, "client_id": self._client_id}
        if self._platform_secret:
            parameters["api-version"] = "2019-08-01"
            headers = {"X-IDENTITY-HEADER": self._platform_secret}
        else:
            parameters["api-version"] = "2018-02-01"
            headers = {"Metadata": "true"}
        joint = "&" if "?" in self._endpoint else "?"
        try:
            answer = await self._client.get(f"{self._endpoint}{joint}{urlencode(parameters)}", headers)
        except ProviderUnreachableError as error:
            raise self._unreachable(error.cause, 0.0) from None
        if answer.status == 429 or answer.status >= 500 or answer.status == 410:
            # 410: the service is being updated, and is back within 70 seconds.
            raise self._unreachable(f"HTTP status {answer.status}", answer.retry_after)
        return self._read(answer)

    def _read(self, answer: Answer) -> tuple[str, float]:
        body = answer.document if isinstance(answer.document, dict) else {}
        token, expires_on = body.get("access_token"), str(body.get("expires_on", ""))
        if (
            answer.status == 200
            and isinstance(token, str)
            and token
            and expires_on.isascii()
            and expires_on.isdigit()
        ):
            return token, float(expires_on[:12])
        said = quoted(body.get("error_description"), (self._platform_secret,)) or quoted(body.get("error"))
        raise ClientCredentialError(
            "The managed identity's endpoint does not hand out a token",
            cause=said or f"HTTP status {answer.status} without a token",
            remedy=f"Check that the user-assigned identity {self._client_id} is assigned to this machine or service.",
            place=self._place,
        )

    def _unreachable(self, cause: str, retry_after: float) -> IdentityError:
        return ProviderUnreachableError(
            "The managed identity's endpoint cannot be reached",
            cause=cause,
            remedy="Check that this machine is Azure's, and that no network policy keeps the process from it.",
            place=self._place,
            retry_after=retry_after,
        )

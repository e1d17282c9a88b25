"""Requests to the provider: bounded in time and size, with the configured trust, never following a redirect.

A redirect would carry a code or a client secret to an address that nobody configured. All failures of the way
(names, connections, TLS, time) become one kind of error with one sentence each.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lampgate.identity.errors import ProviderUnreachableError, quoted

if TYPE_CHECKING:
    import httpx

#: A key set with certificates takes 20 KB, a token response with 200 groups 30 KB.
_LARGEST_ANSWER = 1024 * 1024

#: The longest ``Retry-After`` that is followed, in seconds.
_LONGEST_WAIT = 300.0

#: Nothing compressed, so that a small answer stays small.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "lampgate"}


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """The provider's answer.

    :ivar document: None where the body is not JSON.
    :ivar retry_after: seconds, from ``Retry-After``; zero where there is none, or where it is a date.
    """

    status: int
    document: Any
    retry_after: float = 0.0


class ProviderClient:
    """An HTTP client for one provider. Its connections are kept for the next request.

    :param timeout: seconds for a whole request, whatever it waits for.
    :param ca_files: PEM files trusted instead of the system's.
    :param system_authorities: trust the system's as well.
    :param place: where the provider's address is configured, for errors.
    :param direct: use no proxy, whatever the environment says.
    """

    def __init__(
        self,
        *,
        timeout: float,
        ca_files: tuple[Path, ...] = (),
        system_authorities: bool = False,
        place: str = "",
        direct: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._timeout = timeout
        self._ca_files = ca_files
        self._system_authorities = system_authorities
        self._place = place
        self._direct = direct
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET a JSON document.

        :raises ProviderUnreachableError: no answer.
        """
        return await self._request("GET", url, headers=headers)

    async def post_form(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """POST a form.

        :raises ProviderUnreachableError: no answer.
        """
        return await self._request("POST", url, form, headers)

    async def post_json(self, url: str, body: Mapping[str, object], headers: Mapping[str, str]) -> Answer:
        """POST a JSON object.

        :raises ProviderUnreachableError: no answer.
        """
        return await self._request("POST", url, headers=headers, body=body)

    async def close(self) -> None:
        """Close the kept connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _request(
        self,
        method: str,
        url: str,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Answer:
        # Imported at the first request: 170 ms that a process start should not wait for.
        import httpx

        try:
            async with asyncio.timeout(self._timeout):
                client = self._client = self._client or self._open()
                async with client.stream(method, url, data=form, json=body, headers=headers) as response:
                    content = await self._read(response)
        except TimeoutError:
            cause = f"no complete answer within {self._timeout:g} seconds"
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            cause = _in_words(error)
        else:
            if content is None:
                cause = f"the answer is larger than {_LARGEST_ANSWER // 1024} KB"
            elif response.is_redirect:
                cause = f"it answered {response.status_code}, a redirect, which is not followed"
            else:
                return Answer(response.status_code, _json(content), _seconds(response.headers.get("retry-after", "")))
        raise ProviderUnreachableError(
            f"The OpenID provider cannot be reached at {url}",
            cause=cause,
            remedy="Check the address, and whether DNS, proxies and network policies let this process reach it.",
            place=self._place,
        )

    def _open(self) -> httpx.AsyncClient:
        import httpx

        trust = ssl.create_default_context()
        if self._ca_files and not self._system_authorities:
            trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for file in self._ca_files:
            trust.load_verify_locations(file)
        return httpx.AsyncClient(
            transport=self._transport,
            verify=trust,
            timeout=self._timeout,
            follow_redirects=False,
            trust_env=not self._direct,
            headers=_HEADERS,
        )

    async def _read(self, response: httpx.Response) -> bytes | None:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _LARGEST_ANSWER:
                return None
        return bytes(body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _seconds(value: str) -> float:
    # Bounded: nobody is to switch renewals off for a day with one header.
    return min(float(value), _LONGEST_WAIT) if value.isascii() and value.isdigit() and len(value) < 9 else 0.0


def _in_words(error: Exception) -> str:
    return quoted(str(error)) or type(error).__name__

"""A provider whose endpoints are written down, algorithms that are left out, and who is told of a sign-out."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from lampgate.config.settings import ProviderEndpoints, ProviderSettings, PublicClient
from lampgate.identity.errors import ProviderMetadataError
from lampgate.identity.provider import Provider
from tests.identity.misbehaving_op import CLIENT_ID, ISSUER, OP, Clock

ENDPOINTS = ProviderEndpoints(authorization=f"{ISSUER}/authorize", token=f"{ISSUER}/token", jwks=f"{ISSUER}/keys")


def provider_of(op: OP, **changes: Any) -> Provider:
    settings = ProviderSettings(
        issuer_url=ISSUER, client_id=CLIENT_ID, client_authentication=PublicClient(), **changes
    )
    return Provider(settings, place_of=str, clock=op.clock, http_transport=op.transport)


async def test_nobody_asks_for_a_discovery_document() -> None:
    op = OP(Clock())
    provider = provider_of(op, endpoints=ENDPOINTS)
    await provider.refresh_metadata()
    assert provider.ready
    assert [request.url.path for request in op.requests] == ["/keys"]
    assert provider.metadata is not None
    assert provider.metadata.token_endpoint == f"{ISSUER}/token"
    assert provider.end_session_url() is None


async def test_only_algorithms_that_are_accepted() -> None:
    op = OP(Clock())
    provider = provider_of(op, signing_algorithms=("ES256",))
    with pytest.raises(ProviderMetadataError, match="RS256 only; accepted are ES256"):
        await provider.refresh_metadata()
    op.discovery["id_token_signing_alg_values_supported"] = ["RS256", "ES256", "HS256", "none"]
    await provider.refresh_metadata()
    assert provider.metadata is not None
    assert provider.metadata.signing_algorithms == ("ES256",)


URL = "https://login.company.com/logout?hint={id_token}&x=1"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(204), ""),
        (httpx.Response(200, text="<html>"), ""),
        (httpx.Response(500), "answered with HTTP status 500"),
        (httpx.Response(302, headers={"location": "https://evil.example/"}), "was not reached"),
        (httpx.ConnectError("no route to https://login.company.com/logout?hint=A.B.C%2B"), "was not reached"),
    ],
)
async def test_whoever_is_told_of_a_sign_out(
    answer: httpx.Response | Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if isinstance(answer, Exception):
            raise answer
        return answer

    caplog.set_level(logging.INFO, "lampgate")
    caplog.set_level(logging.WARNING, "httpx")
    settings = ProviderSettings(
        issuer_url=ISSUER, client_id=CLIENT_ID, client_authentication=PublicClient(), backend_logout_url=URL
    )
    provider = Provider(settings, place_of=str, clock=Clock(), http_transport=httpx.MockTransport(respond))
    await provider.call_logout("A.B.C+")
    assert asked == ["https://login.company.com/logout?hint=A.B.C%2B&x=1"]
    assert said in caplog.text
    assert bool(caplog.text) is bool(said)
    assert "A.B.C" not in caplog.text


async def test_nobody_is_told_where_nobody_is_configured() -> None:
    op = OP(Clock())
    await provider_of(op).call_logout("A.B.C")
    assert op.requests == []

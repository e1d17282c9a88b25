"""The lab's Entra takes what client authentication sends: certificates, and managed identities as federation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from lampgate.config.settings import ClientCertificate, ManagedIdentity
from lampgate.identity.errors import TokenEndpointError
from lampgate.lab import world
from lampgate.lab.entra.applications import FederatedCredential
from lampgate.lab.entra.assertions import AssertionVerifier
from lampgate.lab.entra.tokens import sign
from tests.identity_entra.credentials import pair, written
from tests.identity_entra.entra import ADA, NOW, ORIGIN, Entra, keys

IDENTITY = "2f0e9a52-6f0e-4c57-9d43-6a1f2b7c8d10"


def certificate(folder: Path, name: str = "gateway") -> ClientCertificate:
    signing = pair(name=name)
    return ClientCertificate(path=written(folder / "gateway.pem", signing.certificate_pem + signing.key_pem()))


def with_certificate(folder: Path, **changes: Any) -> Entra:
    return Entra(
        accounts=(ADA,),
        application={"secrets": (), "certificates": (pair(name="gateway").certificate_pem,)} | changes,
        settings={"client_authentication": certificate(folder)},
    )


async def test_a_registered_certificate(tmp_path: Path) -> None:
    async with with_certificate(tmp_path) as entra:
        signed_in = await entra.sign_in()
        assert signed_in.subject.oid == ADA.oid
        assert signed_in.refresh_token


async def test_a_certificate_that_is_not_registered(tmp_path: Path) -> None:
    async with with_certificate(tmp_path) as entra:
        certificate(tmp_path, "next")
        with pytest.raises(TokenEndpointError) as caught:
            await entra.sign_in()
        assert caught.value.aadsts == 700027
        assert "certificate" in caught.value.remedy


async def test_an_assertion_for_another_endpoint(tmp_path: Path) -> None:
    async with with_certificate(tmp_path) as entra:
        parameters, attempt = await entra.come_back()
        metadata = entra.provider.metadata
        assert metadata is not None
        endpoint = f"{ORIGIN}/{world.TENANT_DOMAIN}/oauth2/v2.0/token"
        entra.provider.metadata = replace(metadata, token_endpoint=endpoint)
        # The assertion names the address that was asked, and the tenant is known there by its id.
        with pytest.raises(TokenEndpointError) as caught:
            await entra.provider.redeem(parameters["code"], attempt, attempt.redirect_uri)
        assert caught.value.aadsts == 700023


async def test_an_assertion_that_is_too_old(tmp_path: Path) -> None:
    async with with_certificate(tmp_path) as entra:
        parameters, attempt = await entra.come_back()
        entra.tenant.assertions._clock = lambda: entra.clock.now + 301
        with pytest.raises(TokenEndpointError) as caught:
            await entra.provider.redeem(parameters["code"], attempt, attempt.redirect_uri)
        assert caught.value.aadsts == 700024


async def test_a_managed_identity_as_federated_credential() -> None:
    issuer = f"{ORIGIN}/{world.TENANT_ID}/v2.0"
    entra = Entra(
        accounts=(ADA,),
        application={"secrets": (), "federated_credentials": (FederatedCredential(issuer, IDENTITY),)},
        settings={"client_authentication": ManagedIdentity(client_id=IDENTITY, endpoint="http://127.0.0.1:9/token")},
    )

    def identity_endpoint(request: httpx.Request) -> httpx.Response | None:
        if request.url.port != 9:
            return None
        assert request.url.params["resource"] == "api://AzureADTokenExchange"
        claims = {
            "iss": issuer,
            "sub": IDENTITY,
            "aud": world.FEDERATION_AUDIENCE,
            "nbf": int(NOW),
            "exp": int(NOW) + 86_400,
        }
        return httpx.Response(
            200, json={"access_token": sign(claims, keys().signing), "expires_on": str(int(NOW) + 86_400)}
        )

    entra.intercept = identity_endpoint
    entra.tenant.assertions = AssertionVerifier(entra.clock, transport=entra.browser.http._transport)
    async with entra:
        assert (await entra.sign_in()).subject.oid == ADA.oid
        await entra.tenant.aclose()


async def test_roles_come_along() -> None:
    roles = {ADA.oid: ("Dashboard.Admin",)}
    async with Entra(accounts=(ADA,), application={"app_roles": roles}) as entra:
        assert (await entra.sign_in()).subject.roles == ("Dashboard.Admin",)

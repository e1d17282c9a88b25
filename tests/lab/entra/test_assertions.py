"""Federated credentials: an issuer of its own, whose metadata and keys the tenant really fetches."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from joserfc import jwt
from joserfc.jwk import RSAKey

from lampgate.lab import world
from lampgate.lab.entra.applications import FederatedCredential, gateway_application
from lampgate.lab.entra.assertions import ASSERTION_TYPE
from lampgate.lab.entra.tenant import Tenant
from tests.lab.entra.browser import CALLBACK, Browser, refused
from tests.lab.entra.conftest import ISSUER, Clock
from tests.lab.entra.published_keys import verified
from tests.lab.entra.tls_server import serving


class FakeIssuer:
    """A cluster's OIDC issuer behind a transport."""

    def __init__(self, key: RSAKey) -> None:
        self.keys = {"one": key}
        self.fetched: list[str] = []
        self.metadata: dict[str, Any] = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}openid/v1/jwks"}
        self.more_keys: list[object] = []
        self.is_up = True

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.fetched.append(str(request.url))
        if not self.is_up:
            raise httpx.ConnectError("refused", request=request)
        if str(request.url) == f"{ISSUER}.well-known/openid-configuration":
            return httpx.Response(200, json=self.metadata)
        if str(request.url) == f"{ISSUER}openid/v1/jwks":
            keys = self.more_keys + [{**key.as_dict(private=False), "kid": kid} for kid, key in self.keys.items()]
            return httpx.Response(200, json={"keys": keys})
        return httpx.Response(404)


@pytest.fixture(scope="session")
def issuer_keys() -> tuple[RSAKey, RSAKey]:
    return RSAKey.generate_key(2048), RSAKey.generate_key(2048)


@pytest.fixture
def issuer(issuer_keys: tuple[RSAKey, RSAKey]) -> FakeIssuer:
    return FakeIssuer(issuer_keys[0])


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant], issuer: FakeIssuer) -> Tenant:
    return make_tenant(federation_transport=httpx.MockTransport(issuer))


@pytest.fixture
async def closing(tenant: Tenant) -> AsyncIterator[None]:
    yield
    await tenant.aclose()


pytestmark = pytest.mark.usefixtures("closing")


@pytest.fixture
def assertion(issuer: FakeIssuer, clock: Clock) -> Callable[..., str]:
    """A projected service account token, changed as told."""

    def make(kid: str = "one", key: RSAKey | None = None, **changes: object) -> str:
        claims = {
            "aud": [world.FEDERATION_AUDIENCE],
            "iss": ISSUER,
            "sub": world.GATEWAY_SERVICE_ACCOUNT,
            "iat": int(clock.now),
            "nbf": int(clock.now),
            "exp": int(clock.now) + 3600,
            **changes,
        }
        return jwt.encode({"alg": "RS256", "kid": kid}, claims, key or issuer.keys[kid])

    return make


async def present(browser: Browser, assertion: str, **changes: str | None) -> httpx.Response:
    return await browser.token(
        **{
            "client_secret": None,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            "grant_type": "client_credentials",
            "scope": f"{world.AKS_SERVER_APP_ID}/.default",
            **changes,
        }
    )


async def test_accepted(browser: Browser, issuer: FakeIssuer, assertion: Callable[..., str]) -> None:
    response = await present(browser, assertion())
    assert response.status_code == 200, response.text
    assert (await verified(browser, response.json()["access_token"]))[1]["appidacr"] == "2"
    assert (await present(browser, assertion(aud=world.FEDERATION_AUDIENCE))).status_code == 200
    assert issuer.fetched == [f"{ISSUER}.well-known/openid-configuration", f"{ISSUER}openid/v1/jwks"]


async def test_redeems_a_code(browser: Browser, assertion: Callable[..., str]) -> None:
    code = (await browser.sign_in())["code"]
    response = await browser.redeem(
        code, client_secret=None, client_assertion_type=ASSERTION_TYPE, client_assertion=assertion()
    )
    assert response.status_code == 200, response.text
    assert (await verified(browser, response.json()["access_token"]))[1]["appidacr"] == "2"


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"iss": ISSUER.rstrip("/")}, 700211, "presented assertion issuer 'https://cluster.example/issuer'"),
        ({"iss": "http://169.254.169.254/"}, 700211, "issuer 'http://169.254.169.254/'"),
        ({"iss": None}, 700211, "issuer"),
        (
            {"sub": "system:serviceaccount:headlamp:default"},
            700213,
            "subject 'system:serviceaccount:headlamp:default'",
        ),
        ({"sub": "system:serviceaccount:Headlamp:gateway"}, 7002138, "not with case-sensitive comparison"),
        ({"aud": ["https://kubernetes.default.svc"]}, 700212, "audience 'https://kubernetes.default.svc'"),
        ({"aud": None}, 700212, "audience"),
        ({"exp": 1_800_000_000 - 1}, 700024, "expiry time of assertion 2027-01-15T07:59:59.0000000Z"),
        ({"nbf": 1_800_000_000 + 301}, 700024, "assertion valid from 2027-01-15T08:05:01.0000000Z"),
        ({"exp": "soon"}, 50027, "malformed"),
        ({"exp": float("nan")}, 50027, "malformed"),
        ({"nbf": 1e300}, 50027, "malformed"),
        ({"iss": world.GATEWAY_APP_ID}, 700027, "The key was not found."),
    ],
)
async def test_refused(
    browser: Browser,
    issuer: FakeIssuer,
    assertion: Callable[..., str],
    changes: dict[str, object],
    code: int,
    words: str,
) -> None:
    body = refused(await present(browser, assertion(**changes)), code, "invalid_client", 401)
    assert words in str(body["error_description"])
    assert all(url.startswith(ISSUER) for url in issuer.fetched)


@pytest.mark.parametrize("text", ["", "x.y.z", "ä.b.c", "e30.e30.e30", "a" * 40_000])
async def test_malformed(browser: Browser, text: str) -> None:
    refused(await present(browser, text), 50027, "invalid_client", 401)


async def test_signature(
    browser: Browser, assertion: Callable[..., str], issuer_keys: tuple[RSAKey, RSAKey], clock: Clock
) -> None:
    forged = assertion(key=issuer_keys[1])
    body = refused(await present(browser, forged), 700027, "invalid_client", 401)
    assert "does not fit" in str(body["error_description"])
    unsigned = f"eyJhbGciOiJub25lIiwia2lkIjoib25lIn0.{assertion().split('.')[1]}."
    refused(await present(browser, unsigned), 700027, "invalid_client", 401)


async def test_the_signature_is_checked_before_the_claims(
    browser: Browser, assertion: Callable[..., str], issuer_keys: tuple[RSAKey, RSAKey]
) -> None:
    refused(await present(browser, assertion(key=issuer_keys[1], sub="x", exp=1)), 700027, "invalid_client", 401)


async def test_rotated_keys_are_fetched_again_but_not_too_often(
    browser: Browser,
    issuer: FakeIssuer,
    assertion: Callable[..., str],
    issuer_keys: tuple[RSAKey, RSAKey],
    clock: Clock,
) -> None:
    assert (await present(browser, assertion())).status_code == 200
    issuer.keys = {"two": issuer_keys[1]}
    refused(await present(browser, assertion("two")), 700027, "invalid_client", 401)
    clock.advance(11)
    assert (await present(browser, assertion("two"))).status_code == 200
    fetched = len(issuer.fetched)
    for _ in range(3):
        refused(await present(browser, assertion("three", key=issuer_keys[1])), 700027, "invalid_client", 401)
    assert len(issuer.fetched) == fetched


async def test_issuer_down(browser: Browser, issuer: FakeIssuer, assertion: Callable[..., str]) -> None:
    issuer.is_up = False
    body = refused(await present(browser, assertion()), 700027, "invalid_client", 401)
    assert "did not answer: ConnectError" in str(body["error_description"])
    issuer.is_up = True
    assert (await present(browser, assertion())).status_code == 200


@pytest.mark.parametrize(
    "metadata", [{"issuer": "https://other.example/"}, {"issuer": ISSUER}, {"issuer": ISSUER, "jwks_uri": "::"}, []]
)
async def test_issuer_metadata_is_wrong(
    browser: Browser, issuer: FakeIssuer, assertion: Callable[..., str], metadata: Any
) -> None:
    issuer.metadata = metadata
    refused(await present(browser, assertion()), 700027, "invalid_client", 401)


async def test_unreadable_keys_are_passed_over(
    browser: Browser, issuer: FakeIssuer, assertion: Callable[..., str]
) -> None:
    issuer.more_keys = [{"kty": "RSA", "kid": "half"}, {"kty": "RSA", "kid": "x", "n": "?", "e": ""}, "?", {"kid": 1}]
    assert (await present(browser, assertion())).status_code == 200


async def test_no_federated_credential(make_tenant: Callable[..., Tenant], assertion: Callable[..., str]) -> None:
    browser = Browser(make_tenant(applications=[gateway_application([CALLBACK], None)]))
    async with browser.http:
        body = refused(await present(browser, assertion()), 70025, "invalid_client", 401)
    assert f"'{world.GATEWAY_APP_ID}'(headlamp-gateway)" in str(body["error_description"])


async def test_issuer_and_subject_belong_to_one_record(
    make_tenant: Callable[..., Tenant], issuer: FakeIssuer, assertion: Callable[..., str]
) -> None:
    application = replace(
        gateway_application([CALLBACK], ISSUER),
        federated_credentials=(
            FederatedCredential(ISSUER, "system:serviceaccount:headlamp:other", "api://else"),
            FederatedCredential(ISSUER, world.GATEWAY_SERVICE_ACCOUNT),
        ),
    )
    tenant = make_tenant(applications=[application], federation_transport=httpx.MockTransport(issuer))
    browser = Browser(tenant)
    async with browser.http:
        assert (await present(browser, assertion())).status_code == 200
        refused(await present(browser, assertion(aud=["api://else"])), 700212, "invalid_client", 401)
    await tenant.aclose()


@pytest.mark.parametrize(
    "changes", [{"client_assertion_type": None}, {"client_assertion_type": "x"}, {"client_secret": "y"}]
)
async def test_not_a_proper_presentation(
    browser: Browser, assertion: Callable[..., str], changes: dict[str, str | None]
) -> None:
    refused(await present(browser, assertion(), **changes), 9002313, "invalid_request")


async def test_public_clients_must_not_present_one(browser: Browser, assertion: Callable[..., str]) -> None:
    response = await present(browser, assertion(), client_id=world.AKS_CLIENT_APP_ID)
    refused(response, 700025, "invalid_client", 401)


async def test_own_certificate_authority(
    make_tenant: Callable[..., Tenant], issuer: FakeIssuer, assertion: Callable[..., str], tmp_path: Path
) -> None:
    """Over real TLS: refused without the file, accepted with it."""
    authority = trustme.CA()
    certificate = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    key = issuer.keys["one"]
    async with serving(context, {"one": key}) as url:
        for trusted, status in ((None, 401), (certificate, 200)):
            tenant = make_tenant(applications=[gateway_application([CALLBACK], url)], federation_ca_file=trusted)
            browser = Browser(tenant)
            async with browser.http:
                assert (await present(browser, assertion(iss=url))).status_code == status
            await tenant.aclose()

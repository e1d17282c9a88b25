"""The tokens, verified with the published keys and compared claim by claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.util import urlsafe_b64decode

from lampgate.lab import world
from lampgate.lab.entra.applications import gateway_application
from lampgate.lab.entra.errors import EntraError
from lampgate.lab.entra.resources import GRAPH
from lampgate.lab.entra.tenant import Tenant
from tests.lab.entra.browser import AKS_SCOPE, CALLBACK, SECRET, Browser
from tests.lab.entra.conftest import Clock
from tests.lab.entra.published_keys import verified

ADA = world.ACCOUNTS[0]


async def test_access_token_for_aks_is_v1(browser: Browser, tenant: Tenant, clock: Clock) -> None:
    code = (await browser.sign_in())["code"]
    body = (await browser.redeem(code)).json()
    header, claims = await verified(browser, body["access_token"])
    assert header == {
        "typ": "JWT",
        "alg": "RS256",
        "x5t": tenant.keys.signing.kid,
        "kid": tenant.keys.signing.kid,
    }
    expected = {
        "aud": world.AKS_SERVER_APP_ID,
        "iss": f"http://127.0.0.1:8081/sts/{world.TENANT_ID}/",
        "acr": "1",
        "amr": ["pwd", "mfa"],
        "appid": world.GATEWAY_APP_ID,
        "appidacr": "1",
        "family_name": "Admin",
        "given_name": "Ada",
        "groups": list(ADA.groups),
        "name": "Ada Admin",
        "oid": ADA.oid,
        "scp": "user.read",
        "tid": world.TENANT_ID,
        "unique_name": "ada@contoso.example",
        "upn": "ada@contoso.example",
        "ver": "1.0",
    }
    assert {name: claims.get(name) for name in expected} == expected
    assert "nonce" not in claims
    assert claims["exp"] == clock.now + body["expires_in"]
    assert claims["nbf"] == claims["iat"] <= clock.now


async def test_id_token_is_v2(browser: Browser, tenant: Tenant, clock: Clock) -> None:
    body = (await browser.redeem((await browser.sign_in())["code"])).json()
    _, claims = await verified(browser, body["id_token"])
    _, access = await verified(browser, body["access_token"])
    expected = {
        "aud": world.GATEWAY_APP_ID,
        "iss": tenant.issuer,
        "email": "ada@contoso.example",
        "name": "Ada Admin",
        "nonce": "the-nonce",
        "oid": ADA.oid,
        "preferred_username": "ada@contoso.example",
        "tid": world.TENANT_ID,
        "ver": "2.0",
        "exp": clock.now + 3600,
    }
    assert {name: claims.get(name) for name in expected} == expected
    assert not {"groups", "upn", "auth_time", "sid", "login_hint", "at_hash"} & set(claims)
    assert claims["sub"] != access["sub"]
    again = (await browser.redeem((await browser.sign_in(prompt="login"))["code"])).json()
    assert (await verified(browser, again["id_token"]))[1]["sub"] == claims["sub"]


@pytest.mark.parametrize(
    ("scope", "missing"),
    [
        ("openid", {"name", "preferred_username", "oid", "email"}),
        ("openid profile", {"email"}),
        ("openid email", {"name", "preferred_username", "oid"}),
    ],
)
async def test_scopes_open_claims(browser: Browser, scope: str, missing: set[str]) -> None:
    body = (await browser.redeem((await browser.sign_in(scope=f"{AKS_SCOPE} {scope}"))["code"])).json()
    _, claims = await verified(browser, body["id_token"])
    everything = {"name", "preferred_username", "oid", "email"}
    assert everything - set(claims) == missing


async def test_optional_claims_and_groups_follow_the_registration(make_tenant: Callable[..., Tenant]) -> None:
    application = replace(
        gateway_application([CALLBACK], None, secrets=[SECRET], group_membership_claims=True),
        optional_claims=("auth_time", "login_hint", "sid"),
    )
    browser = Browser(make_tenant(applications=[application]))
    async with browser.http:
        parameters = await browser.sign_in()
        body = (await browser.redeem(parameters["code"])).json()
        _, claims = await verified(browser, body["id_token"])
    assert claims["groups"] == list(ADA.groups)
    assert claims["login_hint"] == "ada@contoso.example"
    assert claims["sid"] == parameters["session_state"]
    assert claims["auth_time"] == 1_800_000_000


async def test_no_groups_no_claim(browser: Browser, tenant: Tenant) -> None:
    nora = world.ACCOUNTS[3]
    token = tenant.issue_access_token(nora, app_id=world.GATEWAY_APP_ID).value
    assert "groups" not in (await verified(browser, token))[1]


@pytest.mark.parametrize(("groups", "listed"), [(200, True), (201, False)])
async def test_group_overage(make_tenant: Callable[..., Tenant], groups: int, listed: bool) -> None:
    many = replace(ADA, groups=tuple(f"9c0d4b1e-55aa-4d0c-9a8f-{number:012d}" for number in range(groups)))
    browser = Browser(make_tenant(accounts=[many]))
    async with browser.http:
        token = browser.tenant.issue_access_token(many, app_id=world.AKS_CLIENT_APP_ID).value
        _, claims = await verified(browser, token)
    assert ("groups" in claims) is listed
    if not listed:
        assert claims["_claim_names"] == {"groups": "src1"}
        assert claims["_claim_sources"]["src1"]["endpoint"].endswith(f"/users/{ADA.oid}/getMemberObjects")


def test_sizes_are_realistic(make_tenant: Callable[..., Tenant]) -> None:
    def size(groups: int) -> int:
        account = replace(ADA, groups=tuple(f"9c0d4b1e-55aa-4d0c-9a8f-{number:012d}" for number in range(groups)))
        tenant = make_tenant(accounts=[account])
        return len(tenant.issue_access_token(account, app_id=world.GATEWAY_APP_ID).value)

    assert 1700 < size(0) < 2300
    assert 9300 < size(150) < 10300


async def test_graph_tokens_verify_for_graph_only(browser: Browser, tenant: Tenant) -> None:
    token = tenant.issue_access_token(ADA, app_id=world.GATEWAY_APP_ID, resource=GRAPH).value
    unverified = jws.extract_compact(token.encode())
    assert "nonce" in unverified.headers()
    assert world.GRAPH_APP_ID.encode() in unverified.payload
    with pytest.raises(BadSignatureError):
        await verified(browser, token)


async def test_rolled_keys_sign_and_verify(make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant(keys=None)
    browser = Browser(tenant)
    async with browser.http:
        before = tenant.issue_access_token(ADA, app_id=world.GATEWAY_APP_ID).value
        tenant.roll_keys()
        after = tenant.issue_access_token(ADA, app_id=world.GATEWAY_APP_ID).value
        old, _ = await verified(browser, before)
        new, _ = await verified(browser, after)
        assert old["kid"] != new["kid"]
        tenant.roll_keys(keep_old=False)
        with pytest.raises(Exception, match="key"):
            await verified(browser, before)


def test_lifetimes(make_tenant: Callable[..., Tenant], clock: Clock) -> None:
    tenant = make_tenant()
    drawn = {tenant.issue_access_token(ADA, app_id=world.GATEWAY_APP_ID).expires_in for _ in range(12)}
    assert len(drawn) > 1
    assert all(3600 <= seconds <= 5400 for seconds in drawn)
    fixed = make_tenant(access_token_lifetime=600).issue_access_token(ADA, app_id=world.GATEWAY_APP_ID)
    assert (fixed.expires_in, fixed.expires_on) == (600, clock.now + 600)
    assert tenant.issue_access_token(ADA, app_id=world.GATEWAY_APP_ID, lifetime=5).expires_in == 5


def test_issuing_needs_a_known_client_with_consent(tenant: Tenant) -> None:
    with pytest.raises(EntraError, match="AADSTS700016"):
        tenant.issue_access_token(ADA, app_id="nobody")
    tenant.withdraw_consent(world.GATEWAY_APP_ID)
    with pytest.raises(EntraError, match="AADSTS65001"):
        tenant.issue_access_token(ADA, app_id=world.GATEWAY_APP_ID)


def test_tokens_are_not_shown(tenant: Tenant) -> None:
    token = tenant.issue_access_token(ADA, app_id=world.GATEWAY_APP_ID)
    assert token.value not in repr(token)
    assert urlsafe_b64decode(token.value.partition(".")[0].encode()).startswith(b'{"typ":"JWT"')

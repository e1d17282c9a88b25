"""The token endpoint: what each grant gives, and every way to be refused."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest

from lampgate.lab import world
from lampgate.lab.entra.applications import Application, gateway_application
from lampgate.lab.entra.resources import GRAPH
from lampgate.lab.entra.tenant import Tenant
from tests.lab.entra.browser import AKS_SCOPE, CALLBACK, SECRET, SIGNED_OUT, VERIFIER, Browser, refused
from tests.lab.entra.conftest import Clock
from tests.lab.entra.published_keys import verified

REQUEST_ID = "7b0f2f2e-3f1c-4c43-9a1d-0c8d2f6f1a55"
GRAPH_SCOPE = "https://graph.microsoft.com/User.Read"


async def audience(browser: Browser, response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    payload = response.json()["access_token"].split(".")[1]
    claims = httpx.Response(200, content=base64.urlsafe_b64decode(payload + "==")).json()
    return str(claims["aud"])


# Success


async def test_code(browser: Browser) -> None:
    response = await browser.redeem((await browser.sign_in())["code"])
    body = response.json()
    assert list(body) == [
        "token_type",
        "scope",
        "expires_in",
        "ext_expires_in",
        "access_token",
        "refresh_token",
        "id_token",
    ]
    assert body["token_type"] == "Bearer"
    assert body["scope"] == AKS_SCOPE
    assert body["expires_in"] == body["ext_expires_in"]
    assert 1000 < len(body["refresh_token"]) < 2000
    assert response.headers["cache-control"] == "no-store, no-cache"
    assert response.headers["pragma"] == "no-cache"
    assert response.headers["x-ms-clitelem"] == "1,0,0,,"
    assert response.headers["x-ms-request-id"]
    assert any(cookie.startswith("fpc=") for cookie in response.headers.get_list("set-cookie"))


async def test_client_request_id_is_echoed(browser: Browser) -> None:
    response = await browser.http.post(
        browser.tenant.token_endpoint, data={"grant_type": "x"}, headers={"client-request-id": REQUEST_ID}
    )
    assert response.headers["client-request-id"] == response.json()["correlation_id"] == REQUEST_ID


@pytest.mark.parametrize(
    ("scope", "members"),
    [
        (f"{AKS_SCOPE}", set()),
        (f"{AKS_SCOPE} openid", {"id_token"}),
        (f"{AKS_SCOPE} offline_access", {"refresh_token"}),
    ],
)
async def test_scopes_open_tokens(browser: Browser, scope: str, members: set[str]) -> None:
    body = (await browser.redeem((await browser.sign_in(scope=scope))["code"])).json()
    assert {"id_token", "refresh_token"} & set(body) == members


@pytest.mark.parametrize(
    ("authorized", "asked", "expected"),
    [
        (f"{AKS_SCOPE} openid email profile User.Read", None, world.AKS_SERVER_APP_ID),
        (f"openid profile User.Read {AKS_SCOPE}", None, world.GRAPH_APP_ID),
        (f"openid profile User.Read {AKS_SCOPE}", AKS_SCOPE, world.AKS_SERVER_APP_ID),
        ("openid", None, world.GRAPH_APP_ID),
    ],
    ids=["the published configuration", "the other order", "the other order, with a scope", "openid alone"],
)
async def test_first_resource_wins(browser: Browser, authorized: str, asked: str | None, expected: str) -> None:
    code = (await browser.sign_in(scope=authorized))["code"]
    assert await audience(browser, await browser.redeem(code, scope=asked)) == expected


async def test_refreshing_does_not_revoke(browser: Browser) -> None:
    first = (await browser.redeem((await browser.sign_in())["code"])).json()["refresh_token"]
    second = (await browser.refresh(first)).json()["refresh_token"]
    assert first != second
    for token in (first, second, first):
        assert await audience(browser, await browser.refresh(token)) == world.AKS_SERVER_APP_ID


async def test_a_refresh_token_is_good_for_another_resource(browser: Browser) -> None:
    token = (await browser.redeem((await browser.sign_in())["code"])).json()["refresh_token"]
    response = await browser.refresh(token, scope=f"{GRAPH_SCOPE} openid offline_access")
    assert await audience(browser, response) == world.GRAPH_APP_ID
    body = response.json()
    assert body["scope"] == f"email openid profile {GRAPH_SCOPE}"
    assert await audience(browser, await browser.refresh(body["refresh_token"])) == world.AKS_SERVER_APP_ID
    assert "nonce" not in (await verified(browser, body["id_token"]))[1]


async def test_refreshing_without_offline_access_gives_no_new_refresh_token(browser: Browser) -> None:
    token = (await browser.redeem((await browser.sign_in())["code"])).json()["refresh_token"]
    body = (await browser.refresh(token, scope=f"{world.AKS_SERVER_APP_ID}/.default")).json()
    assert not {"refresh_token", "id_token"} & set(body)
    assert body["scope"] == f"{AKS_SCOPE} {world.AKS_SERVER_APP_ID}/.default"


async def test_client_credentials(browser: Browser) -> None:
    scope = f"{world.AKS_SERVER_APP_ID}/.default"
    body = (await browser.token(grant_type="client_credentials", scope=scope)).json()
    assert list(body) == ["token_type", "expires_in", "ext_expires_in", "access_token"]
    _, claims = await verified(browser, body["access_token"])
    assert (claims["idtyp"], claims["appid"], body["expires_in"]) == ("app", world.GATEWAY_APP_ID, 86399)
    assert not {"scp", "upn", "groups"} & set(claims)


async def test_password(browser: Browser) -> None:
    body = (
        await browser.token(
            client_id=world.AKS_CLIENT_APP_ID,
            client_secret=None,
            grant_type="password",
            username="rita@contoso.example",
            password="anything",
            scope=f"{world.AKS_SERVER_APP_ID}/.default offline_access",
        )
    ).json()
    _, claims = await verified(browser, body["access_token"])
    assert (claims["upn"], claims["appid"], claims["appidacr"], claims["amr"]) == (
        "rita@contoso.example",
        world.AKS_CLIENT_APP_ID,
        "0",
        ["pwd"],
    )
    assert "refresh_token" in body


async def test_client_info(browser: Browser) -> None:
    body = (await browser.redeem((await browser.sign_in())["code"], client_info="1")).json()
    assert base64.urlsafe_b64decode(body["client_info"] + "==").startswith(b'{"uid":"a1c7f0de-')


async def test_plain_pkce_and_none(browser: Browser) -> None:
    code = (await browser.sign_in(code_challenge="p" * 43, code_challenge_method=None))["code"]
    assert (await browser.redeem(code, code_verifier="p" * 43)).status_code == 200
    code = (await browser.sign_in(code_challenge=None, code_challenge_method=None, prompt="login"))["code"]
    assert (await browser.redeem(code, code_verifier=None)).status_code == 200


# Client authentication


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


async def test_basic_authentication_is_form_encoded(browser: Browser) -> None:
    data = {"grant_type": "client_credentials", "scope": f"{world.AKS_SERVER_APP_ID}/.default"}

    async def post(headers: dict[str, str], **more: str) -> httpx.Response:
        return await browser.http.post(browser.tenant.token_endpoint, data=data | more, headers=headers)

    good = basic(world.GATEWAY_APP_ID, quote_plus(SECRET))
    assert (await post(good)).status_code == 200
    assert (await post(good, client_id=world.GATEWAY_APP_ID)).status_code == 200
    refused(await post(basic(world.GATEWAY_APP_ID, SECRET)), 7000215, "invalid_client", 401)
    refused(await post(good, client_id=world.AKS_CLIENT_APP_ID), 9002313, "invalid_request")
    refused(await post(good, client_secret=SECRET), 9002313, "invalid_request")
    refused(await post({"Authorization": "Basic %%%"}), 9002313, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "code", "error", "status"),
    [
        ({"client_id": None}, 900144, "invalid_request", 400),
        ({"client_id": "nobody"}, 700016, "unauthorized_client", 400),
        ({"client_secret": None}, 7000218, "invalid_client", 401),
        ({"client_secret": "wrong"}, 7000215, "invalid_client", 401),
        ({"client_secret": ""}, 7000215, "invalid_client", 401),
        ({"client_secret": "falsch-ü"}, 7000215, "invalid_client", 401),
        ({"client_id": world.AKS_CLIENT_APP_ID}, 700025, "invalid_client", 401),
        ({"client_secret": None, "client_assertion": "x.y.z"}, 9002313, "invalid_request", 400),
        ({"grant_type": None}, 900144, "invalid_request", 400),
        ({"grant_type": "telepathy"}, 70003, "unsupported_grant_type", 400),
        ({"code": None}, 900144, "invalid_request", 400),
        ({"redirect_uri": None}, 900144, "invalid_request", 400),
        ({"code": "1.AXnonsense"}, 70000, "invalid_grant", 400),
        ({"redirect_uri": CALLBACK + "/"}, 50011, "invalid_request", 400),
        ({"redirect_uri": SIGNED_OUT}, 500112, "invalid_client", 401),
        ({"code_verifier": None}, 501481, "invalid_grant", 400),
        ({"code_verifier": VERIFIER + "x"}, 501481, "invalid_grant", 400),
        ({"scope": ""}, 28003, "invalid_scope", 400),
        ({"scope": f"{AKS_SCOPE} User.Read"}, 28000, "invalid_request", 400),
        ({"scope": "User.Read"}, 28002, "invalid_scope", 400),
        ({"scope": f"{AKS_SCOPE} {world.AKS_SERVER_APP_ID}/.default"}, 70011, "invalid_scope", 400),
        ({"scope": "groups"}, 650053, "invalid_client", 401),
        ({"scope": "api://nothing/x"}, 500011, "invalid_resource", 400),
    ],
)
async def test_code_refused(browser: Browser, changes: dict[str, Any], code: int, error: str, status: int) -> None:
    good = (await browser.sign_in())["code"]
    refused(await browser.redeem(**{"code": good, **changes}), code, error, status)
    # A refusal does not use the code up.
    assert (await browser.redeem(good)).status_code == 200


async def test_a_code_is_good_once(browser: Browser) -> None:
    code = (await browser.sign_in())["code"]
    assert (await browser.redeem(code)).status_code == 200
    body = refused(await browser.redeem(code), 54005, "invalid_grant")
    assert body["error_uri"] == "http://127.0.0.1:8081/error?code=54005"


async def test_a_code_expires(browser: Browser, clock: Clock) -> None:
    code = (await browser.sign_in())["code"]
    clock.advance(601)
    refused(await browser.redeem(code), 70008, "invalid_grant")


async def test_a_code_is_the_clients_own(make_tenant: Callable[..., Tenant]) -> None:
    gateway = gateway_application([CALLBACK], None, secrets=[SECRET])
    other = replace(gateway, app_id="00000000-0000-0000-0000-00000000beef", name="other")
    browser = Browser(make_tenant(applications=[gateway, other]))
    async with browser.http:
        code = (await browser.sign_in())["code"]
        refused(await browser.redeem(code, client_id=other.app_id), 70000, "invalid_grant")
        token = (await browser.redeem(code)).json()["refresh_token"]
        refused(await browser.refresh(token, client_id=other.app_id), 70000, "invalid_grant")


async def test_a_verifier_nobody_announced(browser: Browser) -> None:
    code = (await browser.sign_in(code_challenge=None, code_challenge_method=None))["code"]
    refused(await browser.redeem(code), 501481, "invalid_grant")


async def test_a_refresh_token_left_unused(browser: Browser, clock: Clock) -> None:
    token = (await browser.redeem((await browser.sign_in())["code"])).json()["refresh_token"]
    clock.advance(89 * 86400)
    newer = (await browser.refresh(token)).json()["refresh_token"]
    clock.advance(2 * 86400)
    refused(await browser.refresh(token), 700082, "invalid_grant")
    assert (await browser.refresh(newer)).status_code == 200
    refused(await browser.refresh("1.AXnonsense"), 70000, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"username": "mallory@contoso.example"}, 50034),
        ({"password": ""}, 50126),
        ({"scope": None}, 900144),
        ({"scope": f"{AKS_SCOPE} User.Read"}, 28000),
    ],
)
async def test_password_refused(browser: Browser, changes: dict[str, str | None], code: int) -> None:
    form = {"grant_type": "password", "username": "ada@contoso.example", "password": "x", "scope": AKS_SCOPE}
    response = await browser.token(**{**form, **changes})
    assert (response.status_code, response.json()["error_codes"]) == (400, [code])


async def test_public_clients_have_no_token_of_their_own(browser: Browser) -> None:
    response = await browser.token(
        client_id=world.AKS_CLIENT_APP_ID,
        client_secret=None,
        grant_type="client_credentials",
        scope=f"{world.AKS_SERVER_APP_ID}/.default",
    )
    refused(response, 7000218, "invalid_client", 401)


async def test_default_for_a_resource_not_registered(make_tenant: Callable[..., Tenant]) -> None:
    bare = Application(world.GATEWAY_APP_ID, "bare", (CALLBACK,), secrets=(SECRET,))
    browser = Browser(make_tenant(applications=[bare]))
    async with browser.http:
        scope = f"{world.AKS_SERVER_APP_ID}/.default"
        refused(await browser.token(grant_type="client_credentials", scope=scope), 650057, "invalid_resource")


async def test_scripts_of_other_origins(browser: Browser) -> None:
    response = await browser.http.post(
        browser.tenant.token_endpoint,
        data={"grant_type": "refresh_token", "client_id": world.AKS_CLIENT_APP_ID},
        headers={"Origin": "https://evil.example"},
    )
    assert "https://evil.example" in str(refused(response, 9002326, "invalid_request")["error_description"])
    assert "access-control-allow-origin" not in response.headers


async def test_not_a_form(browser: Browser) -> None:
    endpoint = browser.tenant.token_endpoint
    refused(await browser.http.get(endpoint), 900561, "invalid_request")
    refused(await browser.http.post(endpoint, json={}), 9002313, "invalid_request")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    refused(await browser.http.post(endpoint, content="a=1&a=2", headers=headers), 9002313, "invalid_request")
    refused(await browser.http.post(endpoint, content=b"a=\xff", headers=headers), 9002313, "invalid_request")
    refused(await browser.http.post(endpoint, content="a" * 300_000, headers=headers), 9002313, "invalid_request")


async def test_unknown_tenant(browser: Browser) -> None:
    response = await browser.http.post("/nowhere.example/oauth2/v2.0/token", data={"grant_type": "x"})
    refused(response, 90002, "invalid_request")


# Faults that tests order


async def test_ordered_faults_use_nothing_up(browser: Browser, tenant: Tenant) -> None:
    code = (await browser.sign_in())["code"]
    tenant.fail_next_token_request(90033)
    tenant.fail_next_token_request(53003, times=2)
    refused(await browser.redeem(code), 90033, "temporarily_unavailable", 503)
    assert refused(await browser.redeem(code), 53003, "access_denied")["suberror"] == "message_only"
    refused(await browser.redeem(code), 53003, "access_denied")
    assert (await browser.redeem(code)).status_code == 200


async def test_mfa_demanded_again(browser: Browser, tenant: Tenant) -> None:
    token = (await browser.redeem((await browser.sign_in())["code"])).json()["refresh_token"]
    tenant.require_mfa("ada@contoso.example")
    body = refused(await browser.refresh(token), 50076, "invalid_grant")
    assert body["suberror"] == "basic_action"
    approval = await browser.authorize(claims=str(body["claims"]))
    assert "Approve sign-in" in approval.text
    parameters = await browser.decide(approval, "Approve")
    code = httpx.URL(parameters.headers["location"]).params["code"]
    newer = (await browser.redeem(code)).json()["refresh_token"]
    assert (await browser.refresh(newer)).status_code == 200
    refused(await browser.refresh(token), 50076, "invalid_grant")


async def test_revoked_grants(browser: Browser, tenant: Tenant) -> None:
    token = (await browser.redeem((await browser.sign_in())["code"])).json()["refresh_token"]
    code = httpx.URL((await browser.authorize()).headers["location"]).params["code"]
    tenant.revoke_refresh_tokens("ada@contoso.example")
    description = str(refused(await browser.refresh(token), 50173, "invalid_grant")["error_description"])
    assert "TokensValidFrom date (before which tokens are not valid) for this user is '2027-01-15T" in description
    refused(await browser.redeem(code), 50173, "invalid_grant")
    newer = (await browser.redeem((await browser.sign_in())["code"])).json()["refresh_token"]
    assert (await browser.refresh(newer)).status_code == 200


async def test_consent_withdrawn(browser: Browser, tenant: Tenant) -> None:
    token = (await browser.redeem((await browser.sign_in())["code"])).json()["refresh_token"]
    tenant.withdraw_consent(world.GATEWAY_APP_ID)
    assert refused(await browser.refresh(token), 65001, "invalid_grant")["suberror"] == "consent_required"
    assert (await browser.refresh(token, scope="User.Read")).status_code == 200
    tenant.withdraw_consent(world.GATEWAY_APP_ID, GRAPH)
    refused(await browser.refresh(token, scope="User.Read"), 65001, "invalid_grant")


def test_switches_know_their_people(tenant: Tenant) -> None:
    for switch in (tenant.require_mfa, tenant.revoke_refresh_tokens):
        with pytest.raises(ValueError, match="mallory"):
            switch("mallory")

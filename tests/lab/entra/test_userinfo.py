"""User info is Graph's: it takes Graph's tokens and no others."""

from __future__ import annotations

import httpx

from lampgate.lab import world
from lampgate.lab.entra.resources import AKS_SERVER, GRAPH
from lampgate.lab.entra.tenant import Tenant
from tests.lab.entra.browser import Browser
from tests.lab.entra.conftest import Clock
from tests.lab.entra.published_keys import verified

ADA = world.ACCOUNTS[0]


async def userinfo(browser: Browser, token: str) -> httpx.Response:
    return await browser.http.get("/oidc/userinfo", headers={"Authorization": f"Bearer {token}"})


async def test_graph_token(browser: Browser) -> None:
    body = (await browser.redeem((await browser.sign_in(scope="openid profile email"))["code"])).json()
    response = await userinfo(browser, body["access_token"])
    assert response.status_code == 200, response.text
    assert response.json() == {
        "sub": (await verified(browser, body["id_token"]))[1]["sub"],
        "name": "Ada Admin",
        "family_name": "Admin",
        "given_name": "Ada",
        "email": "ada@contoso.example",
    }


async def test_refused(browser: Browser, tenant: Tenant, clock: Clock) -> None:
    aks = tenant.issue_access_token(ADA, app_id=world.GATEWAY_APP_ID, resource=AKS_SERVER).value
    graph = tenant.issue_access_token(ADA, app_id=world.GATEWAY_APP_ID, resource=GRAPH).value
    header, payload, signature = graph.split(".")
    other = tenant.issue_access_token(world.ACCOUNTS[1], app_id=world.GATEWAY_APP_ID, resource=GRAPH).value.split(".")
    for token in (aks, "nonsense", f"{header}.{other[1]}.{signature}", f"{aks.split('.')[0]}.{payload}.{signature}"):
        response = await userinfo(browser, token)
        assert response.status_code == 401
        assert response.json()["error"]["code"] == "InvalidAuthenticationToken"
        assert "www-authenticate" in response.headers
    assert (await userinfo(browser, graph)).status_code == 200
    clock.advance(5401)
    assert (await userinfo(browser, graph)).status_code == 401
    assert (await browser.http.get("/oidc/userinfo")).status_code == 401


async def test_an_application_is_nobody(browser: Browser) -> None:
    scope = "https://graph.microsoft.com/.default"
    body = (await browser.token(grant_type="client_credentials", scope=scope)).json()
    assert (await userinfo(browser, body["access_token"])).status_code == 401

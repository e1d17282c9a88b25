"""The lab's Graph tells a person's own groups, and nothing to others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from lampgate.lab import world
from lampgate.lab.entra.resources import AKS_SERVER, GRAPH
from lampgate.lab.entra.tenant import Tenant
from tests.lab.entra.browser import Browser
from tests.lab.entra.conftest import Clock

ADA = world.ACCOUNTS[0]


async def member_objects(browser: Browser, token: str, body: Any = None) -> httpx.Response:
    return await browser.http.post(
        "/v1.0/me/getMemberObjects",
        headers={"Authorization": f"Bearer {token}"},
        json={"securityEnabledOnly": False} if body is None else body,
    )


def graph_token(tenant: Tenant) -> str:
    return tenant.issue_access_token(ADA, app_id=world.GATEWAY_APP_ID, resource=GRAPH).value


async def test_ones_own_groups(browser: Browser, tenant: Tenant) -> None:
    response = await member_objects(browser, graph_token(tenant))
    assert response.status_code == 200, response.text
    assert response.json()["value"] == list(ADA.groups)


async def test_tokens_of_others(browser: Browser, tenant: Tenant, clock: Clock) -> None:
    aks = tenant.issue_access_token(ADA, app_id=world.GATEWAY_APP_ID, resource=AKS_SERVER).value
    for token in (aks, "nonsense", ""):
        response = await member_objects(browser, token)
        assert response.status_code == 401
        assert response.json()["error"]["code"] == "InvalidAuthenticationToken"
    token = graph_token(tenant)
    clock.advance(5401)
    assert (await member_objects(browser, token)).status_code == 401


async def test_an_application_has_no_me(browser: Browser) -> None:
    body = (await browser.token(grant_type="client_credentials", scope="https://graph.microsoft.com/.default")).json()
    assert (await member_objects(browser, body["access_token"])).status_code == 400


async def test_a_token_without_the_permission(browser: Browser, tenant: Tenant) -> None:
    tenant.withdraw_consent(world.GATEWAY_APP_ID, GRAPH)
    application = tenant.directory.applications[world.GATEWAY_APP_ID]
    tenant.consent(application, GRAPH, ["openid", "profile"])
    response = await member_objects(browser, graph_token(tenant))
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "Authorization_RequestDenied"


@pytest.mark.parametrize("body", [[], {}, {"securityEnabledOnly": "no"}, "text"])
async def test_requests_that_are_none(browser: Browser, tenant: Tenant, body: Any) -> None:
    assert (await member_objects(browser, graph_token(tenant), body)).status_code == 400


async def test_more_objects_than_graph_lists(make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant(accounts=[replace(ADA, groups=tuple(map(str, range(11_001))))])
    browser = Browser(tenant)
    async with browser.http:
        response = await member_objects(browser, graph_token(tenant))
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "Directory_ResultSizeLimitExceeded"


async def test_failures_on_request(browser: Browser, tenant: Tenant) -> None:
    tenant.fail_next_graph_request(429, times=2)
    token = graph_token(tenant)
    statuses = [(await member_objects(browser, token)).status_code for _ in range(3)]
    assert statuses == [429, 429, 200]

"""Signing in with Entra: consent that is missing for what lampgate adds, tenants, and groups nobody can tell."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from lampgate.config.settings import AllowSettings
from tests.identity.misbehaving_op import ABSENT, TENANT
from tests.portal.conversation import Stage

ENTRA = {"tenant_region_scope": "EU", "msgraph_host": "graph.example"}
NO_CONSENT = "AADSTS65001: The user or administrator has not consented to use the application"


async def entra(**changes: Any) -> Stage:
    stage = Stage(changes=changes, provider_changes={"scopes": ("openid", "email")})
    stage.op.discovery = dict(ENTRA)
    stage.op.claims = {"tid": TENANT, "oid": "oid-of-rita"}
    return await stage.ready()


def scope_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["scope"][0]


async def test_offline_access_is_asked_for() -> None:
    stage = await entra()
    response = await stage.get("/oauth2/start?rd=/c/main")
    assert scope_of(response.headers["location"]) == "openid email offline_access"
    assert (await stage.come_back(stage.op.sign_in(response.headers["location"]))).headers["location"] == "/c/main"
    assert stage.op.forms[-1]["scope"] == "openid email offline_access"


@pytest.mark.parametrize(
    ("error", "description"),
    [
        ("consent_required", ""),
        ("invalid_grant", NO_CONSENT),
        ("access_denied", "AADSTS90094: The grant requires admin permission"),
    ],
)
async def test_a_tenant_that_does_not_consent_to_it(error: str, description: str) -> None:
    stage = await entra()
    back = await stage.begin("/c/main?x=1")
    again = await stage.come_back({"state": back["state"], "error": error, "error_description": description})
    assert again.status_code == 302
    start = again.headers["location"]
    assert start.startswith("/oauth2/start?")
    assert stage.cookies == {}
    response = await stage.get(start)
    assert scope_of(response.headers["location"]) == "openid email"
    done = await stage.come_back(stage.op.sign_in(response.headers["location"]))
    assert done.headers["location"] == "/c/main?x=1"
    assert stage.op.forms[-1]["scope"] == "openid email"
    # It is this sign-in's alone: the next one asks again.
    assert scope_of((await stage.get("/oauth2/start")).headers["location"]).endswith("offline_access")


async def test_consent_that_turns_out_to_be_missing_at_redemption() -> None:
    stage = await entra()
    back = await stage.begin()
    refusal = {"error": "invalid_grant", "suberror": "consent_required", "error_description": NO_CONSENT}
    stage.op.token_answer = lambda: httpx.Response(400, json=refusal)
    again = await stage.come_back(back)
    assert again.status_code == 302
    # Without what was added it is the configuration's own scopes that lack consent, which has to be told.
    retried = await stage.get(again.headers["location"])
    refused = await stage.come_back(stage.op.sign_in(retried.headers["location"]))
    assert refused.status_code == 400
    assert "65001" in refused.text
    assert stage.session is None


async def test_someone_who_declines_is_not_asked_twice() -> None:
    stage = await entra()
    back = await stage.begin()
    declined = {"state": back["state"], "error": "access_denied", "error_description": "AADSTS65004: User declined"}
    assert (await stage.come_back(declined)).status_code == 403


async def test_the_configured_scope_itself_without_consent() -> None:
    stage = Stage(provider_changes={"scopes": ("openid", "offline_access")})
    stage.op.discovery = dict(ENTRA)
    await stage.ready()
    back = await stage.begin()
    response = await stage.come_back({"state": back["state"], "error": "consent_required"})
    assert response.status_code == 403


async def test_an_account_of_another_organisation() -> None:
    stage = await entra(allow=AllowSettings(email_domains=("*",), tenants=(TENANT,)))
    stage.op.issuer = "https://op.example"
    assert (await stage.sign_in()).status_code == 302
    stage.op.claims["tid"] = "4c1b0a52-6f0e-4c57-9d43-6a1f2b7c8d10"
    stage.cookies.clear()
    response = await stage.sign_in()
    assert response.status_code == 403
    assert "organisation" in response.text
    assert "prompt=select_account" in response.text
    assert stage.session is None


async def test_groups_that_cannot_be_told_begin_no_session() -> None:
    stage = await entra(allow=AllowSettings(email_domains=("*",), groups=("admins",)))
    # A provider that names no Graph to ask.
    del stage.op.discovery["msgraph_host"]
    await stage.provider.refresh_metadata()
    stage.op.claims |= {"groups": [], "_claim_names": {"groups": "src1"}}
    assert (await stage.sign_in()).status_code == 403
    stage.op.claims["groups"] = ABSENT
    response = await stage.sign_in("/c/main")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "30"
    assert "cannot be told" in response.text
    assert "/oauth2/start?rd=/c/main" in response.text
    assert "select_account" not in response.text
    assert stage.session is None

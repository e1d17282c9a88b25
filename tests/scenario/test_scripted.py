"""The scenario without a browser: sign in by forms, and let Azure RBAC decide what each person may do."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json

import httpx
import pytest
import websockets
from websockets.typing import Origin

from tests.scenario.forms import press
from tests.scenario.lab import FETCH, Lab

PODS = "/clusters/main/api/v1/namespaces/shop/pods"
SECRETS = "/clusters/main/api/v1/namespaces/shop/secrets"


def cookie_header(client: httpx.AsyncClient) -> str:
    """What this browser sends to the gateway."""
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar if "localhost" in cookie.domain)


async def test_what_the_lab_prints(lab: Lab) -> None:
    assert {"gateway", "entra", "kubernetes", "dashboard", "kubeconfig", "ca_file", "accounts"} <= lab.facts.keys()
    assert [set(account) for account in lab.facts["accounts"]] == [{"username", "display_name", "role", "scope"}] * 4


@pytest.mark.parametrize(
    ("name", "pods", "secrets"),
    [("ada", 200, 200), ("rita", 200, 403), ("wes", 200, 200), ("nora", 403, 403)],
)
async def test_each_person_sees_what_their_role_allows(lab: Lab, name: str, pods: int, secrets: int) -> None:
    async with lab.browser() as client:
        arrived = await lab.sign_in(client, name, "/c/main/pods?x=1")
        assert (arrived.status_code, str(arrived.url)) == (200, f"{lab.gateway}/c/main/pods?x=1")
        assert (await client.get(lab.gateway + PODS, headers=FETCH)).status_code == pods
        answer = await client.get(lab.gateway + SECRETS, headers=FETCH)
        assert answer.status_code == secrets
        if secrets == 403:
            assert "does not have access to the resource in Azure" in answer.json()["message"]
        elsewhere = await client.get(f"{lab.gateway}/clusters/main/api/v1/pods", headers=FETCH)
        assert elsewhere.status_code == (200 if name in ("ada", "rita") else 403)


async def test_the_api_sees_the_person_and_the_right_token(lab: Lab) -> None:
    async with lab.browser() as client:
        await lab.sign_in(client, "rita")
        review = await client.post(
            f"{lab.gateway}/clusters/main/apis/authentication.k8s.io/v1/selfsubjectreviews",
            headers=FETCH,
            json={"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1"},
        )
        assert review.json()["status"]["userInfo"]["username"] == lab.accounts["rita"]["username"]
        facts = (await client.get(f"{lab.gateway}/clusters/main/token-facts", headers=FETCH)).json()
        assert facts["aud"] == "6dae42f8-4368-4678-94ff-3960e28e3630"
        assert facts["ver"] == "1.0"


async def test_a_second_sign_in_is_silent(lab: Lab) -> None:
    async with lab.browser() as client:
        await lab.sign_in(client, "rita")
        for cookie in [cookie for cookie in client.cookies.jar if cookie.domain.startswith("localhost")]:
            client.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
        arrived = await client.get(f"{lab.gateway}/c/main")
        assert str(arrived.url) == f"{lab.gateway}/c/main"
        assert any("/authorize" in str(step.url) for step in arrived.history)


async def test_nothing_passes_without_a_session(lab: Lab) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for path in ("/", "/config", PODS):
            assert (await client.get(lab.gateway + path, headers=FETCH)).status_code == 401
        status = (await client.get(lab.gateway + PODS, headers=FETCH)).json()
        assert (status["kind"], status["reason"]) == ("Status", "Unauthorized")


async def test_a_forged_token_or_cookie_gets_nobody_in(lab: Lab) -> None:
    token = await lab.token("ada")
    async with httpx.AsyncClient(trust_env=False, headers=FETCH) as client:
        for headers in (
            {"Authorization": f"Bearer {token}"},
            {"Cookie": f"headlamp-auth-main.0={token}"},
            {"X-Forwarded-User": "ada", "X-Forwarded-Access-Token": token},
        ):
            assert (await client.get(lab.gateway + SECRETS, headers=headers)).status_code == 401


async def test_nobody_becomes_somebody_else(lab: Lab) -> None:
    stolen = await lab.token("ada")
    async with lab.browser() as client:
        await lab.sign_in(client, "rita")
        own = cookie_header(client)
        for headers in (
            {"Authorization": f"Bearer {stolen}"},
            {"authorization": f"Bearer {stolen}", "Connection": "authorization"},
            {"Cookie": f"{own}; headlamp-auth-main.0={stolen}"},
            {"Impersonate-User": lab.accounts["ada"]["username"]},
        ):
            answer = await client.get(lab.gateway + SECRETS, headers={**FETCH, **headers})
            assert answer.status_code == 403, headers


async def test_websockets_carry_the_token_and_end_with_the_session(lab: Lab) -> None:
    async with lab.browser() as client:
        await lab.sign_in(client, "rita")
        cookie = cookie_header(client)
        url = lab.gateway.replace("http", "ws") + "/clusters/main/api/v1/pods?watch=1"
        async with websockets.connect(
            url, additional_headers={"Cookie": cookie}, origin=Origin(lab.gateway), proxy=None
        ) as watching:
            event = json.loads(await asyncio.wait_for(watching.recv(), 10))
            assert event["object"]["kind"] == "Pod"
            signed_out = await client.post(f"{lab.gateway}/oauth2/sign_out", headers={"Origin": lab.gateway})
            assert str(signed_out.url).endswith("/oauth2/signed_out")
            with contextlib.suppress(websockets.ConnectionClosed):
                async with asyncio.timeout(10):
                    async for _ in watching:
                        pass
            assert watching.close_code == 4401
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(
                url, additional_headers={"Cookie": cookie}, origin=Origin(lab.gateway), proxy=None
            )
        assert refused.value.response.status_code == 401, "a signed-out session is over, whoever kept its cookie"


async def test_a_foreign_page_cannot_open_a_websocket(lab: Lab) -> None:
    async with lab.browser() as client:
        await lab.sign_in(client, "rita")
        cookie = cookie_header(client)
        url = lab.gateway.replace("http", "ws") + "/clusters/main/api/v1/pods?watch=1"
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(
                url, additional_headers={"Cookie": cookie}, origin=Origin("https://evil.example"), proxy=None
            )
        assert refused.value.response.status_code == 403


async def test_the_id_token_is_refused_by_the_api(id_token_lab: Lab) -> None:
    async with id_token_lab.browser() as client:
        arrived = await id_token_lab.sign_in(client, "ada")
        assert arrived.status_code == 200
        answer = await client.get(id_token_lab.gateway + PODS, headers=FETCH)
        assert (answer.status_code, answer.json()["message"]) == (401, "Unauthorized")


async def test_two_tabs_sign_in_side_by_side(lab: Lab) -> None:
    async with lab.browser() as client:
        first = await client.get(f"{lab.gateway}/first")
        second = await client.get(f"{lab.gateway}/second")
        username = lab.accounts["rita"]["username"]
        for picker, path in ((first, "/first"), (second, "/second")):
            prompt = await press(client, picker, username)
            arrived = prompt if str(prompt.url).startswith(lab.gateway) else await press(client, prompt, "Approve")
            assert str(arrived.url) == lab.gateway + path


async def test_who_am_i(lab: Lab) -> None:
    async with lab.browser() as client:
        await lab.sign_in(client, "wes")
        facts = (await client.get(f"{lab.gateway}/oauth2/userinfo", headers=FETCH)).json()
        assert facts["preferredUsername"] == lab.accounts["wes"]["username"]
        assert "token" not in json.dumps(facts).lower()
        assert (await client.get(f"{lab.gateway}/oauth2/auth", headers=FETCH)).status_code == 202


async def test_no_token_in_the_gateways_log(lab: Lab) -> None:
    async with lab.browser() as client:
        arrived = await lab.sign_in(client, "ada")
        callback = next(step for step in arrived.history if "/oauth2/callback" in str(step.url))
        code = callback.url.params["code"]
        await client.get(lab.gateway + PODS, headers=FETCH)
    log = lab.gateway_log
    assert code not in log
    assert "eyJ" not in log
    assert base64.urlsafe_b64encode(b'{"typ"').decode()[:8] not in log

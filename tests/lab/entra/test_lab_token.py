"""The lab's shortcut to an access token, and why a web page cannot use it."""

from __future__ import annotations

import pytest

from lampgate.lab import world
from tests.lab.entra.browser import Browser
from tests.lab.entra.conftest import Clock
from tests.lab.entra.published_keys import verified

GUARD = {"X-Lampgate-Lab": "1"}


@pytest.mark.parametrize("username", ["wes@contoso.example", "WES", "wes"])
async def test_the_token_kubelogin_would_get(browser: Browser, clock: Clock, username: str) -> None:
    response = await browser.http.post("/lab/token", data={"username": username}, headers=GUARD)
    body = response.json()
    assert set(body) == {"access_token", "expires_in", "expires_on"}
    assert body["expires_on"] == clock.now + body["expires_in"]
    _, claims = await verified(browser, body["access_token"])
    assert (claims["upn"], claims["aud"], claims["appid"], claims["appidacr"]) == (
        "wes@contoso.example",
        world.AKS_SERVER_APP_ID,
        world.AKS_CLIENT_APP_ID,
        "0",
    )
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("data", [{"username": "mallory"}, {"username": ""}, {"user": "ada"}])
async def test_unknown(browser: Browser, data: dict[str, str]) -> None:
    response = await browser.http.post("/lab/token", data=data, headers=GUARD)
    assert (response.status_code, response.json()["error"]) == (404, "unknown_username")
    assert response.json()["usernames"] == [account.username for account in world.ACCOUNTS]
    assert "nora@contoso.example" in response.json()["message"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-Lampgate-Lab": "yes"}, 403),
        ({**GUARD, "Host": "rebound.example:8081"}, 403),
        ({**GUARD, "Host": "127.0.0.1.evil.example:8081"}, 403),
        ({**GUARD, "Content-Type": "text/plain"}, 415),
        ({**GUARD, "Host": "localhost:8081"}, 200),
    ],
)
async def test_guard(browser: Browser, headers: dict[str, str], status: int) -> None:
    base = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await browser.http.post("/lab/token", content="username=ada", headers=base | headers)
    assert (response.status_code, "access_token" in response.json()) == (status, status == 200)
    assert "access-control-allow-origin" not in response.headers


async def test_only_post(browser: Browser) -> None:
    assert (await browser.http.get("/lab/token?username=ada", headers=GUARD)).status_code == 405
    assert (await browser.http.options("/lab/token")).status_code == 405

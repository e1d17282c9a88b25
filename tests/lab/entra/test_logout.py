"""Signing out."""

from __future__ import annotations

import pytest

from tests.lab.entra.browser import SIGNED_OUT, Browser


async def test_back_to_a_registered_address(browser: Browser) -> None:
    await browser.sign_in()
    response = await browser.http.get(
        browser.tenant.end_session_endpoint,
        params={"post_logout_redirect_uri": SIGNED_OUT, "state": "s", "logout_hint": "ada@contoso.example"},
    )
    assert (response.status_code, response.headers["location"]) == (302, f"{SIGNED_OUT}?state=s")
    assert "Pick an account" in (await browser.authorize()).text


@pytest.mark.parametrize("target", ["https://evil.example/", SIGNED_OUT + "more", "javascript:alert(1)"])
async def test_stays_here_otherwise(browser: Browser, target: str) -> None:
    await browser.sign_in()
    page = await browser.http.get(browser.tenant.end_session_endpoint, params={"post_logout_redirect_uri": target})
    assert page.status_code == 200
    assert "location" not in page.headers
    assert "You are signed out" in page.text
    assert "ada@contoso.example" in page.text
    assert f'href="{target}"' not in page.text
    assert "Pick an account" in (await browser.authorize()).text


async def test_without_a_session(browser: Browser) -> None:
    page = await browser.http.get(browser.tenant.end_session_endpoint)
    assert "Nobody was signed in" in page.text
    posted = await browser.http.post(
        browser.tenant.end_session_endpoint, data={"post_logout_redirect_uri": SIGNED_OUT}
    )
    assert posted.headers["location"] == SIGNED_OUT


async def test_the_old_cookie_is_worthless(browser: Browser) -> None:
    await browser.sign_in()
    cookies = dict(browser.http.cookies)
    await browser.http.get(browser.tenant.end_session_endpoint)
    browser.http.cookies.update(cookies)
    assert "Pick an account" in (await browser.authorize()).text


async def test_unknown_tenant(browser: Browser) -> None:
    page = await browser.http.get("/nowhere.example/oauth2/v2.0/logout")
    assert (page.status_code, "AADSTS90002" in page.text) == (400, True)

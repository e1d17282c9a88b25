"""The scenario as people have it: a real browser, from the dashboard's address through Entra and back."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.scenario.lab import Lab

pytestmark = pytest.mark.browser


async def sign_in(browser: Browser, lab: Lab, name: str, path: str = "/") -> Page:
    page = await browser.new_page()
    page.set_default_timeout(15_000)
    await page.goto(lab.gateway + path)
    await page.get_by_role("button", name=lab.accounts[name]["username"]).click()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_test_id("whoami")).to_contain_text(lab.accounts[name]["username"])
    return page


async def test_the_reader_sees_workloads_and_is_refused_secrets(browser: Browser, lab: Lab) -> None:
    page = await sign_in(browser, lab, "rita", "/c/main/pods")
    assert page.url == f"{lab.gateway}/c/main/pods", "back where the person wanted to go"
    await expect(page.get_by_test_id("pods-table").locator("tbody tr").first).to_be_visible()
    await page.get_by_test_id("nav-secrets").click()
    await expect(page.get_by_test_id("forbidden")).to_contain_text("does not have access to the resource in Azure")


async def test_the_admin_gets_secrets(browser: Browser, lab: Lab) -> None:
    page = await sign_in(browser, lab, "ada")
    await page.get_by_test_id("nav-secrets").click()
    await expect(page.get_by_test_id("secrets-table").locator("tbody tr").first).to_be_visible()


async def test_the_writer_works_in_one_namespace(browser: Browser, lab: Lab) -> None:
    page = await sign_in(browser, lab, "wes", "/c/main/pods")
    await expect(page.get_by_test_id("forbidden").first).to_be_visible()
    await page.get_by_test_id("namespace-input").first.fill("shop")
    await page.get_by_test_id("namespace-input").first.press("Enter")
    await expect(page.get_by_test_id("pods-table").locator("tbody tr").first).to_be_visible()


async def test_who_has_no_role_is_signed_in_and_refused(browser: Browser, lab: Lab) -> None:
    page = await sign_in(browser, lab, "nora", "/c/main/pods")
    await expect(page.get_by_test_id("forbidden").first).to_contain_text("Update role assignment to allow access")


async def test_pods_are_live_through_the_gateway(browser: Browser, lab: Lab) -> None:
    page = await sign_in(browser, lab, "rita", "/c/main/pods")
    await expect(page.get_by_test_id("live-status")).to_contain_text(re.compile("live", re.IGNORECASE))
    await page.get_by_test_id("pods-table").locator("tbody tr a").first.click()
    await expect(page.get_by_test_id("log-output")).to_contain_text(re.compile(r"\S"))


async def test_signing_out_ends_the_page(browser: Browser, lab: Lab) -> None:
    page = await sign_in(browser, lab, "rita", "/c/main/pods")
    await page.get_by_test_id("sign-out").click()
    await expect(page.get_by_role("heading")).to_contain_text(re.compile("signed out", re.IGNORECASE))
    await page.get_by_role("link", name="Sign in again").click()
    # Entra still knows this browser: no account, no prompt.
    await expect(page.get_by_test_id("whoami")).to_contain_text(lab.accounts["rita"]["username"])


async def test_denying_the_prompt_is_explained(browser: Browser, lab: Lab) -> None:
    page = await browser.new_page()
    await page.goto(lab.gateway)
    await page.get_by_role("button", name=lab.accounts["rita"]["username"]).click()
    await page.get_by_role("button", name="Deny").click()
    await expect(page.locator("body")).to_contain_text("AADSTS")
    assert page.url.startswith(lab.gateway)
    await page.get_by_role("link", name=re.compile("again", re.IGNORECASE)).click()
    await expect(page.get_by_role("button", name=lab.accounts["rita"]["username"])).to_be_visible()


async def test_a_session_that_ended_reloads_the_page_into_a_sign_in(browser: Browser, lab: Lab) -> None:
    page = await sign_in(browser, lab, "rita", "/c/main/pods")
    await page.context.clear_cookies(domain="localhost")
    await page.get_by_test_id("nav-namespaces").click()
    # The next call gets a 401 with X-Reload; the reload signs in silently and comes back.
    await expect(page.get_by_test_id("namespaces-table").locator("tbody tr").first).to_be_visible()
    names = {cookie["name"] for cookie in await page.context.cookies(lab.gateway)}
    assert "lampgate" in names


async def test_the_id_token_run_shows_why(browser: Browser, id_token_lab: Lab) -> None:
    page = await browser.new_page()
    page.set_default_timeout(15_000)
    await page.goto(id_token_lab.gateway)
    await page.get_by_role("button", name=id_token_lab.accounts["ada"]["username"]).click()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_test_id("unauthorized")).to_contain_text("ID token")
    await expect(page.get_by_test_id("unauthorized")).to_contain_text("6dae42f8-4368-4678-94ff-3960e28e3630")

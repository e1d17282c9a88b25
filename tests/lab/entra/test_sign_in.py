"""Signing in with a browser: the pages, the session that makes the next time silent, and every way out."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest

from lampgate.lab import world
from lampgate.lab.entra.resources import AKS_SERVER
from lampgate.lab.entra.tenant import Tenant
from tests.lab.entra.browser import AKS_SCOPE, CALLBACK, Browser, answer, forms
from tests.lab.entra.conftest import Clock


async def test_picker_shows_what_differs(browser: Browser) -> None:
    page = await browser.authorize()
    assert page.status_code == 200
    assert "not Microsoft" in page.text
    for account in world.ACCOUNTS:
        assert account.display_name in page.text
        assert account.username in page.text
        assert account.summary in page.text
    for access in ("RBAC Cluster Admin · aks-lab", "RBAC Reader · aks-lab", "RBAC Writer · shop", "No role"):
        assert access in page.text
    assert page.text.count('<span class="spoken">: change</span>') == 5
    assert page.text.count('<span class="spoken">: read</span>') == 1
    assert "form-action" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_pick_approve_and_return(browser: Browser) -> None:
    approval = await browser.pick(await browser.authorize(), "Rita")
    assert "Approve sign-in" in approval.text
    assert "rita@contoso.example" in approval.text
    parameters = answer(await browser.decide(approval, "Approve"))
    assert list(parameters) == ["code", "state", "session_state"]
    assert parameters["state"] == "the-state"
    assert parameters["code"].startswith("1.AX")
    assert 700 < len(parameters["code"]) < 1500


async def test_the_second_sign_in_is_silent(browser: Browser) -> None:
    first = await browser.sign_in()
    second = answer(await browser.authorize(state="again"))
    assert second["state"] == "again"
    assert second["code"] != first["code"]
    assert second["session_state"] == first["session_state"]
    assert "code" in answer(await browser.authorize(prompt="none"))


async def test_no_state_in_no_state_out(browser: Browser) -> None:
    assert "state" not in await browser.sign_in(state=None)


async def test_deny(browser: Browser) -> None:
    approval = await browser.pick(await browser.authorize(), "Ada")
    parameters = answer(await browser.decide(approval, "Deny"))
    assert parameters["error"] == "access_denied"
    assert parameters["error_description"].startswith("AADSTS500121: ")
    assert parameters["state"] == "the-state"
    assert parameters["error_uri"] == "http://127.0.0.1:8081/error?code=500121"
    assert "Pick an account" in (await browser.authorize()).text


async def test_cancel(browser: Browser) -> None:
    parameters = answer(await browser.decide(await browser.authorize(), "Cancel and go back"))
    assert (parameters["error"], parameters["error_subcode"]) == ("access_denied", "cancel")


async def test_another_account_after_all(browser: Browser) -> None:
    approval = await browser.authorize(login_hint="ADA@contoso.example")
    assert "ada@contoso.example" in approval.text
    link = approval.text.partition('<a href="')[2].partition('"')[0]
    page = await browser.http.get(link)
    approval = await browser.pick(page, "Wes")
    assert "wes@contoso.example" in approval.text


async def test_selecting_the_signed_in_account_needs_no_approval(browser: Browser) -> None:
    await browser.sign_in("Ada")
    page = await browser.authorize(prompt="select_account")
    assert "Signed in" in page.text
    assert "code" in answer(await browser.pick(page, "Ada"))
    assert "Approve sign-in" in (await browser.pick(page, "Wes")).text


async def test_a_new_sign_in_replaces_the_session(browser: Browser) -> None:
    first = await browser.sign_in("Ada")
    cookie = dict(browser.http.cookies)
    second = await browser.sign_in("Wes", prompt="select_account")
    assert second["session_state"] != first["session_state"]
    assert dict(browser.http.cookies) != cookie
    browser.http.cookies.update(cookie)
    assert "Pick an account" in (await browser.authorize()).text


async def test_fragment(browser: Browser) -> None:
    approval = await browser.pick(await browser.authorize(response_mode="fragment"), "Ada")
    location = (await browser.decide(approval, "Approve")).headers["location"]
    assert location.startswith(f"{CALLBACK}#code=")


async def test_form_post(browser: Browser) -> None:
    approval = await browser.pick(await browser.authorize(response_mode="form_post", state='"><b>'), "Ada")
    (form,) = forms(await browser.decide(approval, "Approve"))
    assert form.action == CALLBACK
    assert form.fields["code"].startswith("1.AX")
    assert form.fields["state"] == '"><b>'


async def test_client_info(browser: Browser) -> None:
    assert (await browser.sign_in(client_info="1"))["client_info"].startswith("eyJ1aWQi")


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"client_id": "11111111-2222-3333-4444-555555555555"}, 700016, "was not found in the directory"),
        ({"redirect_uri": "https://evil.example/<script>"}, 50011, "https://evil.example/&lt;script&gt;"),
        ({"redirect_uri": None}, 900971, "No reply address provided"),
    ],
)
async def test_error_page(browser: Browser, changes: dict[str, str | None], code: int, words: str) -> None:
    page = await browser.authorize(**changes)
    assert page.status_code == 400
    assert "location" not in page.headers
    assert f"AADSTS{code}" in page.text
    assert words in page.text
    assert "Correlation ID" in page.text


async def test_error_page_lists_the_registered_addresses(browser: Browser) -> None:
    assert CALLBACK in (await browser.authorize(redirect_uri=CALLBACK + "/")).text


async def test_unknown_tenant_is_a_page(browser: Browser) -> None:
    page = await browser.http.get("/nowhere.example/oauth2/v2.0/authorize?client_id=x")
    assert (page.status_code, "AADSTS90002" in page.text) == (400, True)


async def test_errors_go_back_with_the_state(browser: Browser) -> None:
    parameters = answer(await browser.authorize(scope="openid groups"))
    assert parameters["error"] == "invalid_client"
    assert "'groups'" in parameters["error_description"]
    assert parameters["state"] == "the-state"


async def test_a_parameter_given_twice(browser: Browser) -> None:
    page = await browser.http.get(f"{browser.tenant.authorization_endpoint}?client_id=a&client_id=b")
    assert "AADSTS9002313" in page.text


async def test_silent_without_a_session(browser: Browser) -> None:
    parameters = answer(await browser.authorize(prompt="none"))
    assert (parameters["error"], parameters["error_description"][:12]) == ("login_required", "AADSTS50058:")


async def test_a_request_may_be_posted(browser: Browser) -> None:
    query = str((await browser.authorize()).url.query, "ascii")
    page = await browser.http.post(browser.tenant.authorization_endpoint, data=dict(parse_qsl(query)))
    assert "Pick an account" in page.text


async def test_forms_count_only_in_their_browser(browser: Browser, tenant: Tenant) -> None:
    page = await browser.authorize()
    form = next(form for form in forms(page) if "Ada" in form.text)
    other = Browser(tenant)
    async with other.http:
        refused = await other.submit(form)
        assert (refused.status_code, "AADSTS50089" in refused.text) == (400, True)
        await other.authorize()
        assert "AADSTS50089" in (await other.submit(form)).text
    form.fields["flow"] = "guessed"
    assert "AADSTS50089" in (await browser.submit(form)).text


async def test_a_form_left_open_too_long(browser: Browser, clock: Clock) -> None:
    page = await browser.authorize()
    clock.advance(15 * 60 + 1)
    assert "AADSTS50089" in (await browser.pick(page, "Ada")).text


async def test_pressing_approve_twice_gives_a_second_code(browser: Browser) -> None:
    approval = await browser.pick(await browser.authorize(), "Ada")
    first = answer(await browser.decide(approval, "Approve"))
    second = answer(await browser.decide(approval, "Approve"))
    assert first["code"] != second["code"]
    assert (await browser.redeem(second["code"])).status_code == 200


async def test_steps_cannot_be_skipped(browser: Browser) -> None:
    page = await browser.authorize()
    flow = forms(page)[0].fields["flow"]
    base = f"/{world.TENANT_ID}/sign-in"
    approval = await browser.http.post(f"{base}/approval", data={"flow": flow, "decision": "approve"})
    assert urlsplit(approval.headers["location"]).path == f"{base}/account"
    consent = await browser.http.post(f"{base}/consent", data={"flow": flow, "decision": "accept"})
    assert urlsplit(consent.headers["location"]).path == f"{base}/approval"


@pytest.mark.parametrize(
    ("path", "data"),
    [("account", {"username": "mallory"}), ("approval", {}), ("approval", {"decision": "maybe"})],
)
async def test_nonsense_in_a_form(browser: Browser, path: str, data: dict[str, str]) -> None:
    page = await browser.authorize(login_hint="ada@contoso.example")
    flow = forms(page)[0].fields["flow"]
    response = await browser.http.post(f"/{world.TENANT_ID}/sign-in/{path}", data={"flow": flow, **data})
    assert (response.status_code, "AADSTS900144" in response.text) == (400, True)


async def test_consent(browser: Browser, tenant: Tenant) -> None:
    tenant.withdraw_consent(world.GATEWAY_APP_ID)
    approval = await browser.pick(await browser.authorize(), "Ada")
    consent = await browser.decide(approval, "Approve")
    assert "Permissions requested" in consent.text
    assert "Azure Kubernetes Service AAD Server" in consent.text
    silent = answer(await browser.authorize(prompt="none"))
    assert silent["error"] == "consent_required"
    declined = answer(await browser.decide(consent, "Decline"))
    assert (declined["error"], declined["error_description"][:12]) == ("access_denied", "AADSTS65004:")
    assert "code" in answer(await browser.decide(consent, "Accept"))
    assert "code" in answer(await browser.authorize(prompt="none"))
    assert tenant.consented(tenant.directory.applications[world.GATEWAY_APP_ID], AKS_SERVER) == {"user.read"}


async def test_prompt_consent_asks_for_what_is_granted_already(browser: Browser) -> None:
    await browser.sign_in()
    page = await browser.authorize(prompt="consent", scope=f"{AKS_SCOPE} openid User.Read")
    assert "user.read" in page.text
    assert "User.Read" in page.text
    assert "code" in answer(await browser.decide(page, "Accept"))


async def test_approval_again(browser: Browser, tenant: Tenant) -> None:
    await browser.sign_in()
    tenant.require_mfa("ada")
    assert answer(await browser.authorize(prompt="none"))["error"] == "interaction_required"
    page = await browser.authorize()
    assert "Approve sign-in" in page.text
    assert "code" in answer(await browser.decide(page, "Approve"))
    assert "code" in answer(await browser.authorize(prompt="none"))


async def test_revoked_sessions_end(browser: Browser, tenant: Tenant) -> None:
    await browser.sign_in()
    tenant.revoke_refresh_tokens("ada@contoso.example")
    assert "Pick an account" in (await browser.authorize()).text


async def test_cookies_are_kept_from_scripts_and_other_ports(browser: Browser) -> None:
    approval = await browser.pick(await browser.authorize(), "Ada")
    cookie = (await browser.decide(approval, "Approve")).headers["set-cookie"]
    assert cookie.startswith("lab-entra-8081-session=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


async def test_cookies_are_secure_on_https(make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant()
    tenant.origin = "https://login.lab.example"
    https = Browser(tenant)
    async with https.http:
        cookie = (await https.authorize()).headers["set-cookie"]
    assert cookie.startswith("lab-entra-browser=")
    assert "Secure" in cookie


@pytest.mark.parametrize(("code", "status"), [("50011", 200), ("1", 404), ("x", 404), ("", 404), ("9" * 400, 404)])
async def test_error_uri(browser: Browser, code: str, status: int) -> None:
    assert (await browser.http.get("/error", params={"code": code})).status_code == status


async def test_stylesheet_loads_nothing_from_elsewhere(browser: Browser) -> None:
    sheet = await browser.http.get("/lab/style.css")
    assert sheet.headers["content-type"].startswith("text/css")
    assert "url(" not in sheet.text
    assert "@import" not in sheet.text

"""The forms of a sign-in and what follows each: account, approval, consent, then the answer to the client.

A form counts only in the browser that began the sign-in. It stays good until the sign-in times out, so pressing a
button twice gives a second answer instead of an error.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lampgate.lab.entra.authorization_response import code_response, refusal
from lampgate.lab.entra.authorize import browser_state, missing_consent
from lampgate.lab.entra.browser_cookies import BrowserCookies
from lampgate.lab.entra.browser_sessions import SignInFlow
from lampgate.lab.entra.error_page import error_page
from lampgate.lab.entra.errors import EntraError
from lampgate.lab.entra.next_step import Step, may_skip_approval, step_after_approval
from lampgate.lab.entra.parameters import read_form, read_parameters
from lampgate.lab.entra.sign_in_pages import approval_page, consent_page, picker_page
from lampgate.lab.entra.tenant import Tenant


async def account_endpoint(request: Request) -> Response:
    """An account was picked: ``username``, or ``cancel``. GET shows the picker again."""
    tenant: Tenant = request.app.state.tenant
    cookies = BrowserCookies(tenant, request)
    try:
        parameters = await _parameters(request)
        flow = _flow(tenant, cookies, parameters)
        if request.method == "GET":
            return picker_page(tenant, flow, browser_state(tenant, cookies, flow.request).sign_in)
        if "cancel" in parameters:
            return refusal(tenant, flow.request, EntraError(65004), subcode="cancel")
        account = tenant.account(parameters.get("username", ""))
        if account is None:
            raise EntraError(900144, parameter="username")
    except EntraError as error:
        return error_page(tenant, error)
    flow.account = account
    state = browser_state(tenant, cookies, flow.request)
    if state.sign_in is not None and may_skip_approval(flow.request, state, account):
        flow.sign_in = state.sign_in
        return _after_approval(tenant, flow)
    return _see_other(flow, "approval")


async def approval_endpoint(request: Request) -> Response:
    """The second factor: ``decision`` is ``approve`` or ``deny``. GET shows the question."""
    tenant: Tenant = request.app.state.tenant
    cookies = BrowserCookies(tenant, request)
    try:
        parameters = await _parameters(request)
        flow = _flow(tenant, cookies, parameters)
        if flow.account is None:
            return _see_other(flow, "account")
        if request.method == "GET":
            return approval_page(tenant, flow)
        decision = _decision(parameters, "approve", "deny")
    except EntraError as error:
        return error_page(tenant, error)
    if decision == "deny":
        return refusal(tenant, flow.request, EntraError(500121))
    flow.sign_in = tenant.new_sign_in(flow.account, ("pwd", "mfa"))
    session = tenant.browsers.remember(flow.sign_in, cookies.session)
    return cookies.keep_session(_after_approval(tenant, flow), session)


async def consent_endpoint(request: Request) -> Response:
    """Permissions for the application: ``decision`` is ``accept`` or ``decline``. GET shows the question."""
    tenant: Tenant = request.app.state.tenant
    try:
        parameters = await _parameters(request)
        flow = _flow(tenant, BrowserCookies(tenant, request), parameters)
        if flow.sign_in is None:
            return _see_other(flow, "approval")
        missing = missing_consent(tenant, flow.request)
        if request.method == "GET":
            return consent_page(tenant, flow, missing)
        decision = _decision(parameters, "accept", "decline")
    except EntraError as error:
        return error_page(tenant, error)
    if decision == "decline":
        return refusal(tenant, flow.request, EntraError(65004))
    for asked, permissions in missing:
        tenant.consent(flow.request.application, asked.resource, permissions)
    return code_response(tenant, flow.request, flow.sign_in)


def _after_approval(tenant: Tenant, flow: SignInFlow) -> Response:
    missing = missing_consent(tenant, flow.request)
    if flow.sign_in is None or step_after_approval(flow.request, consent_missing=bool(missing)) is Step.CONSENT:
        return _see_other(flow, "consent")
    return code_response(tenant, flow.request, flow.sign_in)


async def _parameters(request: Request) -> Mapping[str, str]:
    return await read_form(request) if request.method == "POST" else read_parameters(request.url.query)


def _flow(tenant: Tenant, cookies: BrowserCookies, parameters: Mapping[str, str]) -> SignInFlow:
    flow = tenant.browsers.flow(parameters.get("flow", ""), cookies.browser)
    if flow is None:
        raise EntraError(50089)
    return flow


def _decision(parameters: Mapping[str, str], *allowed: str) -> str:
    decision = parameters.get("decision", "")
    if decision not in allowed:
        raise EntraError(900144, parameter="decision")
    return decision


def _see_other(flow: SignInFlow, step: str) -> Response:
    location = f"/{flow.request.authority}/sign-in/{step}?flow={flow.id}"
    return RedirectResponse(location, status_code=303, headers={"Cache-Control": "no-store, no-cache"})

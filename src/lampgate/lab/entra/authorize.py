"""The authorization endpoint: judges the request, then answers it or begins a sign-in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from lampgate.lab.entra.authorization_request import AuthorizationRequest, ReturnedError, read_authorization_request
from lampgate.lab.entra.authorization_response import code_response, error_response, refusal
from lampgate.lab.entra.browser_cookies import BrowserCookies
from lampgate.lab.entra.browser_sessions import SignIn
from lampgate.lab.entra.error_page import error_page
from lampgate.lab.entra.errors import EntraError
from lampgate.lab.entra.next_step import BrowserState, Step, first_step
from lampgate.lab.entra.parameters import read_form, read_parameters
from lampgate.lab.entra.scopes import ResourceScopes, missing_permissions
from lampgate.lab.entra.sign_in_pages import approval_page, consent_page, picker_page
from lampgate.lab.entra.tenant import Tenant


async def authorize_endpoint(request: Request) -> Response:
    """Sign a person in for a client."""
    tenant: Tenant = request.app.state.tenant
    try:
        authority = tenant.canonical_authority(request.path_params["tenant"])
        posted = request.method == "POST"
        parameters = await read_form(request) if posted else read_parameters(request.url.query)
    except EntraError as error:
        return error_page(tenant, error)
    try:
        wanted = read_authorization_request(authority, parameters, tenant.directory)
    except EntraError as error:
        return error_page(tenant, error, tenant.directory.applications.get(parameters.get("client_id", "").lower()))
    except ReturnedError as returned:
        return error_response(tenant, returned)
    return _begin(tenant, request, wanted)


def _begin(tenant: Tenant, request: Request, wanted: AuthorizationRequest) -> Response:
    cookies = BrowserCookies(tenant, request)
    state = browser_state(tenant, cookies, wanted)
    try:
        step, account = first_step(wanted, state)
    except EntraError as error:
        return refusal(tenant, wanted, error)
    if step is Step.ANSWER and state.sign_in is not None:
        return code_response(tenant, wanted, state.sign_in)
    flow = tenant.browsers.begin(wanted, cookies.browser)
    flow.account = account
    if step is Step.APPROVE:
        shown = approval_page(tenant, flow)
    elif step is Step.CONSENT:
        flow.sign_in = state.sign_in
        shown = consent_page(tenant, flow, missing_consent(tenant, wanted))
    else:
        shown = picker_page(tenant, flow, state.sign_in)
    return cookies.keep_browser(shown)


def browser_state(tenant: Tenant, cookies: BrowserCookies, wanted: AuthorizationRequest) -> BrowserState:
    """What is known about the browser with regard to a request."""
    sign_in = good_session(tenant, cookies)
    return BrowserState(
        sign_in=sign_in,
        mfa_due=sign_in is not None and tenant.needs_mfa(sign_in),
        hinted=tenant.account(wanted.login_hint) if wanted.login_hint else None,
        consent_missing=bool(missing_consent(tenant, wanted)),
        now=tenant.clock(),
    )


def good_session(tenant: Tenant, cookies: BrowserCookies) -> SignIn | None:
    """Who is signed in in this browser, unless that has been revoked."""
    sign_in = tenant.browsers.signed_in(cookies.session)
    return None if sign_in is None or tenant.is_revoked(sign_in) else sign_in


def missing_consent(tenant: Tenant, wanted: AuthorizationRequest) -> list[tuple[ResourceScopes, tuple[str, ...]]]:
    """What the application asks for and nobody has granted, by resource."""
    missing = []
    for asked in wanted.scopes.resources or (wanted.scopes.first,):
        granted = tenant.consented(wanted.application, asked.resource)
        permissions = missing_permissions(asked, granted, wanted.application)
        if permissions:
            missing.append((asked, permissions))
    return missing

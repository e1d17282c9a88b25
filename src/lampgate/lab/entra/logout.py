"""The end-session endpoint: signs the browser out and lets it go where it may.

Follows OpenID Connect RP-Initiated Logout 1.0 as Entra does it: the address to go to has to be a registered redirect
URI, otherwise the browser stays here. ``logout_hint`` would spare a choice between accounts; a browser of the lab has
only one. Refresh tokens stay good: Entra has no revocation endpoint.
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lampgate.lab.entra.authorize import good_session
from lampgate.lab.entra.browser_cookies import BrowserCookies
from lampgate.lab.entra.error_page import error_page
from lampgate.lab.entra.errors import EntraError
from lampgate.lab.entra.parameters import read_form, read_parameters
from lampgate.lab.entra.rendering import page
from lampgate.lab.entra.tenant import Tenant


async def logout_endpoint(request: Request) -> Response:
    """Sign out."""
    tenant: Tenant = request.app.state.tenant
    try:
        tenant.canonical_authority(request.path_params["tenant"])
        posted = request.method == "POST"
        parameters = await read_form(request) if posted else read_parameters(request.url.query)
    except EntraError as error:
        return error_page(tenant, error)
    cookies = BrowserCookies(tenant, request)
    sign_in = good_session(tenant, cookies)
    tenant.browsers.forget(cookies.session)
    target = parameters.get("post_logout_redirect_uri", "")
    if target and _is_registered(tenant, target):
        location = _with_state(target, parameters.get("state"))
        response: Response = RedirectResponse(location, status_code=302, headers={"Cache-Control": "no-store"})
    else:
        response = page(
            "signed_out",
            {
                "tenant": tenant.name,
                "username": sign_in.account.username if sign_in else "",
                "refused_target": target,
            },
        )
    return cookies.drop_session(response)


def _is_registered(tenant: Tenant, uri: str) -> bool:
    return any(application.accepts_redirect_uri(uri) for application in tenant.directory.applications.values())


def _with_state(target: str, state: str | None) -> str:
    if state is None:
        return target
    parts = urlsplit(target)
    encoded = urlencode({"state": state})
    return urlunsplit(parts._replace(query=f"{parts.query}&{encoded}" if parts.query else encoded))

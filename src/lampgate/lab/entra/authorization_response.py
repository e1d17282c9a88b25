"""The answer to an authorization request, on its way back to the client.

In the query, in the fragment (OAuth 2.0 Multiple Response Type Encoding Practices) or as a form the browser posts
(OAuth 2.0 Form Post Response Mode).
"""

from __future__ import annotations

import secrets
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.responses import RedirectResponse, Response

from lampgate.lab.entra.authorization_request import AuthorizationRequest, ReturnAddress, ReturnedError
from lampgate.lab.entra.browser_sessions import SignIn
from lampgate.lab.entra.errors import EntraError, error_uri, incident
from lampgate.lab.entra.grants import CodeGrant
from lampgate.lab.entra.rendering import form_post_page
from lampgate.lab.entra.tenant import Tenant
from lampgate.lab.entra.tokens import client_info


def code_response(tenant: Tenant, request: AuthorizationRequest, sign_in: SignIn) -> Response:
    """Success: a code."""
    grant = CodeGrant(
        app_id=request.application.app_id,
        redirect_uri=request.address.redirect_uri,
        challenge=request.challenge,
        scopes=request.scopes,
        nonce=request.nonce,
        sign_in=sign_in,
        issued_at=tenant.clock(),
    )
    parameters = {"code": tenant.grants.issue_code(grant)}
    if request.client_info:
        parameters["client_info"] = client_info(sign_in, tenant.id)
    if request.address.state is not None:
        parameters["state"] = request.address.state
    parameters["session_state"] = sign_in.session_id
    return _return(request.address, parameters)


def error_response(tenant: Tenant, returned: ReturnedError, *, subcode: str = "") -> Response:
    """Failure, told to the client.

    :param subcode: ``cancel`` where the person gave up.
    """
    error = returned.error
    parameters = {"error": error.row.at_authorize or error.row.error}
    if subcode:
        parameters["error_subcode"] = subcode
    parameters["error_description"] = incident(tenant.clock(), None).describe(error)
    parameters["error_uri"] = error_uri(error, tenant.origin)
    if returned.address.state is not None:
        parameters["state"] = returned.address.state
    return _return(returned.address, parameters)


def refusal(tenant: Tenant, request: AuthorizationRequest, error: EntraError, *, subcode: str = "") -> Response:
    """Failure of a request that was in order."""
    return error_response(tenant, ReturnedError(error, request.address), subcode=subcode)


def _return(address: ReturnAddress, parameters: dict[str, str]) -> Response:
    if address.response_mode == "form_post":
        return form_post_page(address.redirect_uri, parameters, script_nonce=secrets.token_urlsafe(16))
    parts = urlsplit(address.redirect_uri)
    encoded = urlencode(parameters)
    if address.response_mode == "fragment":
        location = urlunsplit(parts._replace(fragment=encoded))
    else:
        location = urlunsplit(parts._replace(query=f"{parts.query}&{encoded}" if parts.query else encoded))
    return RedirectResponse(location, status_code=302, headers={"Cache-Control": "no-store, no-cache"})

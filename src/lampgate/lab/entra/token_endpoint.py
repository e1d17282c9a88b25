"""The token endpoint on the wire: form in, JSON out, with the headers Entra sends."""

from __future__ import annotations

import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lampgate.lab.entra.errors import EntraError, Incident, incident
from lampgate.lab.entra.parameters import read_form
from lampgate.lab.entra.redemption import redeem
from lampgate.lab.entra.tenant import Tenant

_NO_CACHE: Final = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache", "Expires": "-1"}
_COOKIES: Final = ("x-ms-gateway-slice=estsfd", "stsservicecookie=estsfd")


async def token_endpoint(request: Request) -> Response:
    """Redeem a grant."""
    tenant: Tenant = request.app.state.tenant
    circumstances = incident(tenant.clock(), request.headers.get("client-request-id"))
    try:
        if request.method != "POST":
            raise EntraError(900561, method=request.method)
        authority = tenant.canonical_authority(request.path_params["tenant"])
        form = await read_form(request)
        body = await redeem(
            tenant, authority, form, request.headers.get("authorization"), request.headers.get("origin")
        )
    except EntraError as error:
        return error_response(tenant, error, circumstances)
    return _with_headers(JSONResponse(body), circumstances, "1,0,0,,")


def error_response(tenant: Tenant, error: EntraError, circumstances: Incident) -> Response:
    """An error as JSON (RFC 6749 section 5.2, with Entra's members)."""
    response = JSONResponse(circumstances.body(error, tenant.origin), status_code=error.status)
    return _with_headers(response, circumstances, f"1,{error.code},0,,")


def _with_headers(response: Response, circumstances: Incident, telemetry: str) -> Response:
    response.headers.update(_NO_CACHE)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    response.headers["P3P"] = 'CP="DSP CUR OTPi IND OTRi ONL FIN"'
    response.headers["client-request-id"] = circumstances.correlation_id
    response.headers["x-ms-request-id"] = circumstances.trace_id
    response.headers["x-ms-ests-server"] = "2.1.19005.9 - LAB ProdSlices"
    response.headers["x-ms-clitelem"] = telemetry
    # A client that forwards the cookies of its provider to its own users would be caught by these.
    for cookie in (f"fpc={secrets.token_urlsafe(16)}", *_COOKIES):
        response.headers.append("Set-Cookie", f"{cookie}; path=/; secure; samesite=none; httponly")
    return response

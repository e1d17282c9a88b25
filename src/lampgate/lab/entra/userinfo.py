"""The user info endpoint (OpenID Connect Core section 5.3). It is Graph's: a token for AKS is refused."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lampgate.lab.entra.tenant import Tenant
from lampgate.lab.entra.tokens import pairwise_subject, verify_as_graph


async def userinfo_endpoint(request: Request) -> Response:
    """The claims of the person a Graph token stands for."""
    tenant: Tenant = request.app.state.tenant
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return _refused("Access token is empty.")
    claims = verify_as_graph(token.strip(), tenant.keys, tenant.v1_issuer, tenant.clock())
    if claims is None or "upn" not in claims:
        return _refused("Access token validation failure. Invalid audience.")
    return JSONResponse(
        {
            "sub": pairwise_subject(tenant.id, claims["appid"], claims["oid"]),
            "name": claims["name"],
            "family_name": claims["family_name"],
            "given_name": claims["given_name"],
            "email": claims["upn"],
        },
        headers={"Cache-Control": "no-store"},
    )


def _refused(message: str) -> Response:
    return JSONResponse(
        {"error": {"code": "InvalidAuthenticationToken", "message": message}},
        status_code=401,
        headers={"WWW-Authenticate": 'Bearer realm="", error="invalid_token"', "Cache-Control": "no-store"},
    )

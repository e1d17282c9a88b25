"""The part of Microsoft Graph that tells a person's groups: ``POST /v1.0/me/getMemberObjects``.

It takes Graph's tokens with ``User.Read`` and no others. Follows Microsoft Graph v1.0, "directoryObject:
getMemberObjects", and its error object.
"""

from __future__ import annotations

import json
from typing import Final
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lampgate.lab.entra.errors import iso7
from lampgate.lab.entra.tenant import Tenant
from lampgate.lab.entra.tokens import verify_as_graph

#: Above this Graph answers with an error instead of a list.
_MOST_OBJECTS: Final = 11_000
#: Each of them suffices for one's own groups.
_PERMISSIONS: Final = frozenset({"User.Read", "GroupMember.Read.All"})


async def member_objects_endpoint(request: Request) -> Response:
    """The ids of everything the person is a member of."""
    tenant: Tenant = request.app.state.tenant
    fault = tenant.next_graph_fault()
    if fault is not None:
        return _refused(tenant, fault, "serviceNotAvailable", "The service is not available.")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return _refused(tenant, 401, "InvalidAuthenticationToken", "Access token is empty.")
    claims = verify_as_graph(token.strip(), tenant.keys, tenant.v1_issuer, tenant.clock())
    if claims is None:
        message = "Access token validation failure. Invalid audience."
        return _refused(tenant, 401, "InvalidAuthenticationToken", message)
    account = next((account for account in tenant.accounts if account.oid == claims.get("oid")), None)
    if account is None:
        message = "/me request is only valid with delegated authentication flow."
        return _refused(tenant, 400, "BadRequest", message)
    if _PERMISSIONS.isdisjoint(str(claims.get("scp", "")).split()):
        message = "Insufficient privileges to complete the operation."
        return _refused(tenant, 403, "Authorization_RequestDenied", message)
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("securityEnabledOnly"), bool):
        return _refused(tenant, 400, "Request_BadRequest", "The parameter securityEnabledOnly is missing.")
    if len(account.groups) > _MOST_OBJECTS:
        return _refused(tenant, 400, "Directory_ResultSizeLimitExceeded", "The result has too many objects.")
    context = f"{tenant.origin}/v1.0/$metadata#Collection(Edm.String)"
    return JSONResponse({"@odata.context": context, "value": list(account.groups)})


def _refused(tenant: Tenant, status: int, code: str, message: str) -> Response:
    inner = {"date": iso7(tenant.clock()), "request-id": str(uuid4())}
    return JSONResponse({"error": {"code": code, "message": message, "innerError": inner}}, status_code=status)

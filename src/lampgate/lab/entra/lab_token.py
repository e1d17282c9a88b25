"""The lab's shortcut to an access token, for ``lampgate lab token``: no sign-in, the token kubelogin would get.

Not part of Entra. A web page in the user's browser must not be able to use it: it wants a header that a browser sends
across origins only after asking, and there is nobody to ask; and it answers under the lab's own host names only, so
that a page cannot make its own name point here.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lampgate.lab import world
from lampgate.lab.entra.errors import EntraError
from lampgate.lab.entra.parameters import FORM, read_form
from lampgate.lab.entra.tenant import Tenant

GUARD_HEADER: Final = "X-Lampgate-Lab"
_LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


async def lab_token_endpoint(request: Request) -> Response:
    """An access token for ``username``."""
    tenant: Tenant = request.app.state.tenant
    if request.headers.get(GUARD_HEADER) != "1" or not _is_own_host(tenant, request.headers.get("host", "")):
        return _error(403, "forbidden", f"Send the header {GUARD_HEADER}: 1, to {tenant.origin}.")
    try:
        form = await read_form(request)
    except EntraError:
        return _error(415, "not_a_form", f"Send a body of type {FORM} with the field username.")
    account = tenant.account(form.get("username", ""))
    if account is None:
        usernames = [known.username for known in tenant.accounts]
        message = f"There is no such account in {tenant.name}. The accounts are {', '.join(usernames)}."
        return _error(404, "unknown_username", message, usernames=usernames)
    token = tenant.issue_access_token(account, app_id=world.AKS_CLIENT_APP_ID)
    body = {"access_token": token.value, "expires_in": token.expires_in, "expires_on": token.expires_on}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _is_own_host(tenant: Tenant, host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return host == urlsplit(tenant.origin).netloc or name in _LOOPBACK_NAMES


def _error(status: int, code: str, message: str, **more: object) -> Response:
    return JSONResponse({"error": code, "message": message, **more}, status, headers={"Cache-Control": "no-store"})

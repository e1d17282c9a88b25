"""Entra's own error page: what the browser shows when the application must not be told."""

from __future__ import annotations

from starlette.responses import Response

from lampgate.lab.entra.applications import Application
from lampgate.lab.entra.errors import CODES, EntraError, incident
from lampgate.lab.entra.rendering import page
from lampgate.lab.entra.tenant import Tenant


def error_page(tenant: Tenant, error: EntraError, application: Application | None = None) -> Response:
    """The page for an error.

    :param application: the client, if it is known: with a wrong redirect URI its registered ones are shown.
    """
    circumstances = incident(tenant.clock(), None)
    registered = application.redirect_uris if application is not None and error.code in (50011, 900971) else ()
    return page(
        "error",
        {
            "tenant": tenant.name,
            "code": error.code,
            "message": error.message,
            "advice": error.row.advice,
            "application": application.name if application else "",
            "registered": registered,
            "circumstances": circumstances,
        },
        status=400,
    )


def code_page(tenant: Tenant, code: str) -> Response:
    """The page ``error_uri`` leads to: the text of one code.

    :param code: as written in the address.
    """
    row = CODES.get(int(code)) if code.isascii() and code.isdigit() and len(code) <= 10 else None
    return page("code", {"tenant": tenant.name, "row": row}, status=200 if row else 404)

"""The tenant as a web application: which address leads where."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lampgate.lab.entra.authorize import authorize_endpoint
from lampgate.lab.entra.discovery import (
    HEADERS,
    instance_discovery,
    issuer_template,
    v1_configuration,
    v2_configuration,
)
from lampgate.lab.entra.error_page import code_page
from lampgate.lab.entra.errors import EntraError, incident
from lampgate.lab.entra.graph import member_objects_endpoint
from lampgate.lab.entra.lab_token import lab_token_endpoint
from lampgate.lab.entra.logout import logout_endpoint
from lampgate.lab.entra.rendering import stylesheet
from lampgate.lab.entra.sign_in import account_endpoint, approval_endpoint, consent_endpoint
from lampgate.lab.entra.tenant import Tenant
from lampgate.lab.entra.token_endpoint import error_response, token_endpoint
from lampgate.lab.entra.userinfo import userinfo_endpoint

_GET_AND_POST = ["GET", "POST"]
_WELL_KNOWN = ".well-known/openid-configuration"


def create_app(tenant: Tenant) -> Starlette:
    """The application that serves a tenant. Closes the tenant when it shuts down."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await tenant.aclose()

    app = Starlette(
        routes=[
            Route("/{tenant}/oauth2/v2.0/authorize", authorize_endpoint, methods=_GET_AND_POST),
            Route("/{tenant}/oauth2/v2.0/token", token_endpoint, methods=_GET_AND_POST),
            Route("/{tenant}/oauth2/v2.0/logout", logout_endpoint, methods=_GET_AND_POST),
            Route("/{tenant}/sign-in/account", account_endpoint, methods=_GET_AND_POST),
            Route("/{tenant}/sign-in/approval", approval_endpoint, methods=_GET_AND_POST),
            Route("/{tenant}/sign-in/consent", consent_endpoint, methods=_GET_AND_POST),
            Route("/v1.0/me/getMemberObjects", member_objects_endpoint, methods=["POST"]),
            Route("/oidc/userinfo", userinfo_endpoint, methods=_GET_AND_POST),
            Route("/common/discovery/instance", _instance_discovery),
            Route(f"/{{tenant}}/v2.0/{_WELL_KNOWN}", _v2_configuration),
            Route(f"/sts/{{tenant}}/{_WELL_KNOWN}", _v1_configuration),
            Route(f"/{{tenant}}/{_WELL_KNOWN}", _v1_configuration),
            Route("/{tenant}/discovery/v2.0/keys", _keys),
            Route("/{tenant}/discovery/keys", _keys),
            Route("/lab/token", lab_token_endpoint, methods=["POST"]),
            Route("/lab/style.css", _stylesheet),
            Route("/error", _error_code),
        ],
        lifespan=lifespan,
    )
    app.state.tenant = tenant
    app.add_exception_handler(EntraError, _invalid_tenant)
    return app


async def _v2_configuration(request: Request) -> Response:
    tenant: Tenant = request.app.state.tenant
    authority = tenant.canonical_authority(request.path_params["tenant"])
    return JSONResponse(v2_configuration(tenant, authority), headers=HEADERS)


async def _v1_configuration(request: Request) -> Response:
    tenant: Tenant = request.app.state.tenant
    tenant.canonical_authority(request.path_params["tenant"])
    return JSONResponse(v1_configuration(tenant), headers=HEADERS)


async def _keys(request: Request) -> Response:
    tenant: Tenant = request.app.state.tenant
    tenant.canonical_authority(request.path_params["tenant"])
    return JSONResponse(tenant.keys.document(issuer_template(tenant)), headers=HEADERS)


async def _instance_discovery(request: Request) -> Response:
    tenant: Tenant = request.app.state.tenant
    endpoint = request.query_params.get("authorization_endpoint", "")
    return JSONResponse(instance_discovery(tenant, endpoint), headers=HEADERS)


async def _error_code(request: Request) -> Response:
    return code_page(request.app.state.tenant, request.query_params.get("code", ""))


async def _stylesheet(_: Request) -> Response:
    return stylesheet()


async def _invalid_tenant(request: Request, error: Exception) -> Response:
    """Errors of the metadata addresses: a tenant or an authority that is not here."""
    if not isinstance(error, EntraError):
        raise error
    tenant: Tenant = request.app.state.tenant
    return error_response(tenant, error, incident(tenant.clock(), request.headers.get("client-request-id")))

"""Assembles the dashboard: which path goes where, in Headlamp's order (v0.45, in-cluster mode).

Like Headlamp it routes on the decoded, cleaned path, and answers every unknown path with the page itself. Nothing
here checks a token: that is the Kubernetes API's business.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

from lampgate.lab.dashboard.api_server import ApiServer
from lampgate.lab.dashboard.clean_path import CleanPathRedirect
from lampgate.lab.dashboard.endpoints import ClusterEndpoints, plugins
from lampgate.lab.dashboard.page import Page
from lampgate.lab.dashboard.proxy import ApiProxy
from lampgate.lab.dashboard.tunnel import ApiTunnel


def create_app(api_url: str, ca_file: Path | None, cluster_name: str = "main") -> Starlette:
    """The dashboard as an ASGI application.

    :param api_url: origin of the Kubernetes API, ``https://127.0.0.1:6443``.
    :param ca_file: PEM file with the authority that signed the API's certificate; None: the system's.
    :param cluster_name: the cluster's name in URLs, ``/clusters/<name>/…``.
    """
    api = ApiServer(api_url, ca_file)
    endpoints = ClusterEndpoints(cluster_name)
    proxy = ApiProxy(api, cluster_name)
    page = Page()
    cluster = f"/clusters/{cluster_name}"

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await proxy.close()

    return Starlette(
        lifespan=lifespan,
        middleware=[Middleware(CleanPathRedirect)],
        routes=[
            Route("/plugins", plugins),
            Route("/config", endpoints.config),
            Route(f"{cluster}/me", endpoints.me),
            Route(f"{cluster}/token-facts", endpoints.token_facts),
            Route(f"{cluster}/set-token", endpoints.set_token, methods=["POST"]),
            Route(f"{cluster}/{{api_path:path}}", proxy),
            WebSocketRoute(f"{cluster}/{{api_path:path}}", ApiTunnel(api, cluster_name)),
            Route("/{path:path}", page.answer),
        ],
    )

"""The lab as a whole: four origins on loopback, started in order, watched, and ended together.

Entra, the AKS API front and the dashboard are servers in this process; the gateway is the real ``lampgate serve`` in
a process of its own. They know each other by URL only.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import trustme

from lampgate.lab import state
from lampgate.lab.dashboard.app import create_app as create_dashboard
from lampgate.lab.entra.app import create_app as create_entra
from lampgate.lab.entra.applications import gateway_application
from lampgate.lab.entra.tenant import Tenant
from lampgate.lab.gateway_process import GatewayProcess, scenario_configuration
from lampgate.lab.kubeconfig import write_kubeconfig
from lampgate.lab.kubernetes.app import create_app as create_kubernetes
from lampgate.lab.kubernetes.authentication import Authenticator
from lampgate.lab.kubernetes.azure_rbac import aks_authorizer
from lampgate.lab.kubernetes.cluster import Cluster
from lampgate.lab.kubernetes.front import Front
from lampgate.lab.kubernetes.life import live
from lampgate.lab.kubernetes.seed import seed
from lampgate.lab.kubernetes.service_accounts import ServiceAccountIssuer
from lampgate.lab.origin_server import serve
from lampgate.lab.ports import HOST, free_port, listening_socket
from lampgate.lab.world import (
    CONTEXT_NAME,
    FEDERATION_AUDIENCE,
    GATEWAY_SERVICE_ACCOUNT,
    TENANT_ID,
)

GATEWAY_PORT = 8080
ENTRA_PORT = 8081
DASHBOARD_PORT = 8082
KUBERNETES_PORT = 8443

_SERVICE_ACCOUNT_TOKEN_LIFETIME = 3600


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the running parts are."""

    gateway: str
    entra: str
    kubernetes: str
    dashboard: str
    kubeconfig: Path
    ca_file: Path
    gateway_log: Path
    gateway_pid: int


@dataclass(frozen=True, slots=True)
class Laboratory:
    """A running lab."""

    addresses: Addresses
    gateway: GatewayProcess


@asynccontextmanager
async def laboratory(
    *,
    inject: Literal["access_token", "id_token"] = "access_token",
    headlamp: str | None = None,
) -> AsyncIterator[Laboratory]:
    """Run the lab for as long as the context lasts. Everything it wrote is removed afterwards.

    :param headlamp: URL of a real Headlamp to use in the stand-in's place; it has to talk to this lab's API.
    """
    async with AsyncExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="lampgate-lab-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)

        authority = trustme.CA(organization_name="lampgate lab", organization_unit_name="not for production")
        ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(ca_file)

        entra_socket = listening_socket(ENTRA_PORT)
        kubernetes_socket = listening_socket(KUBERNETES_PORT)
        entra_url = f"http://{HOST}:{entra_socket.getsockname()[1]}"
        kubernetes_url = f"https://{HOST}:{kubernetes_socket.getsockname()[1]}"
        gateway_port = free_port(GATEWAY_PORT)

        service_accounts = ServiceAccountIssuer(f"{kubernetes_url}/", clock=time.time)
        tenant = Tenant(
            entra_url,
            applications=[
                gateway_application(
                    redirect_uris=[f"http://{host}:{gateway_port}/oauth2/callback" for host in ("localhost", HOST)],
                    federated_issuer=service_accounts.issuer,
                )
            ],
            federation_ca_file=ca_file,
        )
        await serve(stack, create_entra(tenant), entra_socket)

        cluster = Cluster()
        seed(cluster, time.time())
        authenticator = Authenticator(entra_url, TENANT_ID, clock=time.time)
        stack.push_async_callback(authenticator.aclose)
        front = Front(cluster, authenticator, aks_authorizer(), service_accounts)
        certificate = authority.issue_cert(HOST, "localhost")
        key_file = folder / "kubernetes.pem"
        certificate.private_key_and_cert_chain_pem.write_to_path(key_file)
        key_file.chmod(0o600)
        await serve(stack, create_kubernetes(front), kubernetes_socket, certificate=key_file)
        # Watches and followed logs end first; a server waits for them.
        stack.callback(cluster.close)
        _run(stack, live(cluster, random.Random()))  # noqa: S311 - it makes up log lines

        if headlamp is None:
            dashboard_socket = listening_socket(DASHBOARD_PORT)
            dashboard_url = f"http://{HOST}:{dashboard_socket.getsockname()[1]}"
            await serve(stack, create_dashboard(kubernetes_url, ca_file, CONTEXT_NAME), dashboard_socket)
        else:
            dashboard_url = headlamp.rstrip("/")

        token_file = folder / "azure-identity-token"
        _write_service_account_token(service_accounts, token_file)
        _run(stack, _rotate_service_account_token(service_accounts, token_file))
        configuration = folder / "configmap.yaml"
        configuration.write_text(
            scenario_configuration(issuer=tenant.issuer, upstream=dashboard_url, inject=inject), encoding="utf-8"
        )
        log_path = folder / "gateway.log"
        gateway = await GatewayProcess.start(
            configuration,
            port=gateway_port,
            environ={"AZURE_FEDERATED_TOKEN_FILE": str(token_file)},
            log=stack.enter_context(log_path.open("ab")),
        )
        stack.push_async_callback(gateway.stop)
        await gateway.wait_until_ready()

        kubeconfig = folder / "kubeconfig.yaml"
        write_kubeconfig(kubeconfig, api_url=kubernetes_url, ca_file=ca_file, entra_url=entra_url)
        announcement = state.announce(entra_url)
        stack.callback(announcement.unlink, missing_ok=True)

        yield Laboratory(
            Addresses(
                gateway=gateway.url,
                entra=entra_url,
                kubernetes=kubernetes_url,
                dashboard=dashboard_url,
                kubeconfig=kubeconfig,
                ca_file=ca_file,
                gateway_log=log_path,
                gateway_pid=gateway.pid,
            ),
            gateway,
        )


def _run(stack: AsyncExitStack, work: Any) -> None:
    task = asyncio.create_task(work)

    async def cancel() -> None:
        task.cancel()
        await asyncio.wait([task])

    stack.push_async_callback(cancel)


def _write_service_account_token(issuer: ServiceAccountIssuer, path: Path) -> None:
    """As the kubelet does it: a new file put in the old one's place."""
    token = issuer.issue(GATEWAY_SERVICE_ACCOUNT, FEDERATION_AUDIENCE, _SERVICE_ACCOUNT_TOKEN_LIFETIME)
    new = path.with_suffix(".new")
    new.write_text(token, encoding="ascii")
    new.chmod(0o600)
    new.replace(path)


async def _rotate_service_account_token(issuer: ServiceAccountIssuer, path: Path) -> None:
    while True:
        await asyncio.sleep(_SERVICE_ACCOUNT_TOKEN_LIFETIME * 0.8)
        _write_service_account_token(issuer, path)

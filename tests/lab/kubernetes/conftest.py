"""The API front in a test: a seeded cluster, a fake Entra, and both ways to reach it (in memory, over TLS)."""

from __future__ import annotations

import random
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
import trustme
import uvicorn
from joserfc.jwk import RSAKey

from lampgate.lab import world
from lampgate.lab.kubernetes.app import Front, create_app
from lampgate.lab.kubernetes.authentication import Authenticator
from lampgate.lab.kubernetes.azure_rbac import aks_authorizer
from lampgate.lab.kubernetes.cluster import Cluster
from lampgate.lab.kubernetes.seed import seed
from lampgate.lab.kubernetes.service_accounts import ServiceAccountIssuer
from tests.lab.kubernetes.fake_entra import ORIGIN, FakeEntra

ADA, RITA, WES, NORA = world.ACCOUNTS
START = 1_795_000_000.0


class Clock:
    """A clock that stands until moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def entra_key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


@pytest.fixture(scope="session")
def service_accounts() -> ServiceAccountIssuer:
    return ServiceAccountIssuer("https://127.0.0.1:6443/", clock=lambda: START)


@pytest.fixture
def entra(clock: Clock, entra_key: RSAKey) -> FakeEntra:
    return FakeEntra(clock, entra_key)


@pytest.fixture
def cluster(clock: Clock) -> Cluster:
    cluster = Cluster(clock=clock, rng=random.Random(7))  # noqa: S311 - the same cluster every time
    seed(cluster, clock())
    return cluster


@pytest.fixture
async def front(
    cluster: Cluster, entra: FakeEntra, clock: Clock, service_accounts: ServiceAccountIssuer
) -> AsyncIterator[Front]:
    authenticator = Authenticator(ORIGIN, world.TENANT_ID, clock=clock, transport=entra.transport)
    yield Front(cluster, authenticator, aks_authorizer(), service_accounts)
    await authenticator.aclose()


@pytest.fixture
async def client_of(front: Front, entra: FakeEntra) -> AsyncIterator[Callable[[world.Account], httpx.AsyncClient]]:
    """A client that talks to the API as somebody, in memory."""
    clients: list[httpx.AsyncClient] = []

    def client(account: world.Account) -> httpx.AsyncClient:
        made = httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(front)),
            base_url="https://aks.test",
            headers={"Authorization": f"Bearer {entra.aks_token(account)}"},
        )
        clients.append(made)
        return made

    yield client
    for made in clients:
        await made.aclose()


@pytest.fixture
def ada(client_of: Callable[[world.Account], httpx.AsyncClient]) -> httpx.AsyncClient:
    return client_of(ADA)


@pytest.fixture
def rita(client_of: Callable[[world.Account], httpx.AsyncClient]) -> httpx.AsyncClient:
    return client_of(RITA)


@pytest.fixture
def wes(client_of: Callable[[world.Account], httpx.AsyncClient]) -> httpx.AsyncClient:
    return client_of(WES)


@dataclass(frozen=True)
class Server:
    """The API front on a TLS port."""

    port: int
    ca_pem: bytes

    @property
    def origin(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def ssl_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.ca_pem.decode())


@pytest.fixture(scope="session")
def certificate_authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_certificate(certificate_authority: trustme.CA) -> trustme.LeafCert:
    return certificate_authority.issue_cert("127.0.0.1")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    # asyncio switches Nagle off only for sockets that say they are TCP; with it each answer takes 40 ms more.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        yield listening


@pytest.fixture
async def server(
    front: Front,
    listener: socket.socket,
    certificate_authority: trustme.CA,
    server_certificate: trustme.LeafCert,
) -> AsyncIterator[Server]:
    config = uvicorn.Config(create_app(front), log_level="error", lifespan="off", timeout_graceful_shutdown=2)
    config.load()
    config.ssl = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_certificate.configure_cert(config.ssl)
    # Started and stopped by hand: `serve` looks only ten times a second whether it shall end.
    running = uvicorn.Server(config)
    running.lifespan = config.lifespan_class(config)
    await running.startup(sockets=[listener])
    yield Server(listener.getsockname()[1], certificate_authority.cert_pem.bytes())
    front.cluster.close()
    await running.shutdown(sockets=[listener])

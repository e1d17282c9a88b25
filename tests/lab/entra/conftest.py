from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from lampgate.lab.entra.applications import gateway_application
from lampgate.lab.entra.keys import SigningKeys
from lampgate.lab.entra.tenant import Tenant
from tests.lab.entra.browser import CALLBACK, SECRET, SIGNED_OUT, Browser

ORIGIN = "http://127.0.0.1:8081"
ISSUER = "https://cluster.example/issuer/"


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def keys() -> SigningKeys:
    """Made once, as making RSA keys takes its time. A test that rolls keys makes its own."""
    return SigningKeys(1_800_000_000.0)


@pytest.fixture
def make_tenant(clock: Clock, keys: SigningKeys) -> Callable[..., Tenant]:
    def make(**changes: object) -> Tenant:
        application = gateway_application((CALLBACK, SIGNED_OUT), ISSUER, secrets=[SECRET])
        settings = {"applications": [application], "clock": clock, "keys": keys, **changes}
        return Tenant(ORIGIN, **settings)  # type: ignore[arg-type]

    return make


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> Tenant:
    return make_tenant()


@pytest.fixture
async def browser(tenant: Tenant) -> AsyncIterator[Browser]:
    browser = Browser(tenant)
    async with browser.http:
        yield browser

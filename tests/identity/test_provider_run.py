"""The background task that keeps discovery and keys current."""

from __future__ import annotations

import asyncio
import logging

import pytest

from lampgate.config.settings import ProviderSettings, PublicClient
from lampgate.identity.provider import Provider
from tests.identity.misbehaving_op import CLIENT_ID, ISSUER, OP, Clock


class Pauses:
    """Stands in for sleeping: remembers how long, and acts before the nth pause ends."""

    def __init__(self) -> None:
        self.lengths: list[float] = []
        self.reached = asyncio.Event()
        self.until = 0

    async def __call__(self, seconds: float) -> None:
        self.lengths.append(seconds)
        if len(self.lengths) >= self.until:
            self.reached.set()
            await asyncio.Event().wait()


def provider_with(op: OP, pauses: Pauses) -> Provider:
    settings = ProviderSettings(issuer_url=ISSUER, client_id=CLIENT_ID, client_authentication=PublicClient())
    return Provider(
        settings,
        place_of=lambda path: f"gateway.yaml, {path}",
        clock=op.clock,
        http_transport=op.transport,
        sleep=pauses,
        jitter=lambda: 1.0,
    )


async def run_until(provider: Provider, pauses: Pauses, count: int) -> None:
    pauses.until = count
    task = asyncio.create_task(provider.run())
    async with asyncio.timeout(5):
        await pauses.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_retries_back_off_to_a_minute_and_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    op, pauses = OP(Clock(), down=True), Pauses()
    provider = provider_with(op, pauses)
    with caplog.at_level(logging.INFO, "lampgate.identity"):
        await run_until(provider, pauses, 9)
    assert pauses.lengths == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert not provider.ready
    assert provider.problem is not None
    assert "gateway.yaml, provider.issuer_url" in str(provider.problem)
    (line,) = caplog.messages
    assert "connection refused" in line


async def test_scopes_left_out_and_open_tenants_are_told(caplog: pytest.LogCaptureFixture) -> None:
    op, pauses = OP(Clock()), Pauses()
    op.issuer, op.discovery = "https://login.example/{tenantid}/v2.0", {"tenant_region_scope": None}
    provider = Provider(
        ProviderSettings(
            issuer_url="https://login.example/organizations/v2.0",
            client_id=CLIENT_ID,
            client_authentication=PublicClient(),
            scopes=("api://one/read", "openid", "User.Read"),
        ),
        place_of=str,
        clock=op.clock,
        http_transport=op.transport,
        sleep=pauses,
    )
    with caplog.at_level(logging.INFO, "lampgate.identity"):
        await run_until(provider, pauses, 1)
    ready, tenants, added, scopes = caplog.messages
    assert ready == "provider ready: issuer=https://login.example/{tenantid}/v2.0"
    assert "every tenant" in tenants
    assert "offline_access" in added
    assert "api://one; left out: User.Read" in scopes


async def test_recovers_when_the_provider_comes_back() -> None:
    op, pauses = OP(Clock(), down=True), Pauses()
    provider = provider_with(op, pauses)

    async def come_back(seconds: float) -> None:
        op.down = False
        await pauses(seconds)

    provider._sleep = come_back
    await run_until(provider, pauses, 2)
    assert pauses.lengths == [1, 3600]
    assert provider.ready
    assert provider.problem is None


async def test_a_provider_that_goes_away_later_stays_usable() -> None:
    op, pauses = OP(Clock()), Pauses()
    provider = provider_with(op, pauses)

    async def go_away(seconds: float) -> None:
        op.down = True
        await pauses(seconds)

    provider._sleep = go_away
    await run_until(provider, pauses, 3)
    assert pauses.lengths == [3600, 1, 2]
    assert provider.ready
    assert provider.problem is None

"""A whole worker takes up settings that were read again, another provider among them."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from lampgate.assembly import Worker
from lampgate.config.settings import ListenAddress, LoadedSettings, PortalSettings, Settings
from tests.gateway.stage import settings


class Running:
    def __init__(self, worker: Worker, port: int, initial: Settings) -> None:
        self.worker = worker
        self.initial = initial
        self.url = f"http://127.0.0.1:{port}"

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(f"{self.url}{path}")

    async def reload(self, **changes: object) -> None:
        await self.worker.reload(LoadedSettings(self.initial.model_copy(update=changes)))


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    nobody_there = settings(9).provider.model_copy(update={"issuer_url": "http://127.0.0.1:9"})
    initial = settings(9, provider=nobody_there)
    worker = Worker(LoadedSettings(initial), write_log=lambda _data: None)
    listener = socket.create_server(("127.0.0.1", 0))
    await worker.start([listener])
    yield Running(worker, listener.getsockname()[1], initial)
    await worker.stop()


async def test_paths_change_and_the_provider_stays(running: Running) -> None:
    before = running.worker.provider
    await running.reload(portal=PortalSettings(prefix="/gate"))
    assert (await running.get("/gate/auth")).status_code == 401
    assert running.worker.provider is before


async def test_another_provider_takes_over(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    other = running.initial.provider.model_copy(update={"issuer_url": "http://127.0.0.1:9/other"})
    await running.reload(provider=other)
    assert running.worker.provider.settings is other
    assert "provider not usable" in caplog.text
    ready = await running.get("/ready")
    assert (ready.status_code, ready.json()["code"][:9]) == (503, "provider.")


async def test_what_cannot_change_is_warned_of(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    await running.reload(listen=(ListenAddress(port=1),), workers=3)
    assert caplog.text.count("config.needs-restart") == 2
    assert (await running.get("/ping")).text == "OK"


async def test_readiness_ends_before_the_listener_does(running: Running) -> None:
    drain = running.initial.drain.model_copy(update={"pre_stop_delay": 30.0})
    await running.reload(drain=drain)
    stopping = asyncio.create_task(running.worker.stop())
    await asyncio.sleep(0)
    answer = await running.get("/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "gateway.stopping")
    stopping.cancel()
    await running.reload()

"""Two hundred requests at the moment a token expires: one renewal, and nobody notices more than its duration."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.replicas.clients import burst
from tests.replicas.deployment import Deployment
from tests.store.servers import Server

REQUESTS = 200


@pytest.mark.parametrize("count", [1, 3])
async def test_in_the_store_once_for_all_replicas(tmp_path: Path, store: Server, count: int) -> None:
    async with Deployment(tmp_path, count=count, store=store) as deployment:
        await expire_under_load(deployment, most=1)


@pytest.mark.parametrize("count", [1, 3])
async def test_in_the_cookie_once_in_each_replica(tmp_path: Path, count: int) -> None:
    async with Deployment(tmp_path, count=count) as deployment:
        await expire_under_load(deployment, most=count)


async def expire_under_load(deployment: Deployment, most: int) -> None:
    expiry = int(time.time()) + 2
    cookie = await deployment.session(token_seconds=expiry - int(time.time()))
    answers = await burst([replica.port for replica in deployment.replicas], cookie, REQUESTS, expiry + 0.01)
    assert [answer.status for answer in answers] == [200] * REQUESTS
    assert 1 <= deployment.entra.token_requests <= most
    assert deployment.dashboard.served == REQUESTS
    assert not deployment.dashboard.wrong

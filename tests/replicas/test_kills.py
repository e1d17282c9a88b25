"""What dies while people work: a replica, the store, the provider. Nobody is signed out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.replicas.clients import Person
from tests.replicas.deployment import Deployment
from tests.store.servers import Server

PEOPLE = 100


async def people(deployment: Deployment, count: int, token_seconds: float = 3000) -> list[Person]:
    ports = [replica.port for replica in deployment.replicas]
    return [Person(await deployment.session(token_seconds=token_seconds), ports) for _ in range(count)]


async def while_working(everybody: list[Person], happens: Callable[[], Awaitable[None]]) -> None:
    """Everybody goes on clicking while it happens, and once more afterwards."""
    over = False

    async def work(person: Person) -> None:
        while not over:
            await person.click()
            await asyncio.sleep(0.1)

    working = [asyncio.create_task(work(person)) for person in everybody]
    await asyncio.sleep(0.5)
    await happens()
    await asyncio.sleep(0.5)
    over = True
    await asyncio.gather(*working)


async def all_are_served(everybody: list[Person]) -> None:
    """Nobody has to sign in again; who is told to come back does, for a while."""
    answers = [503]
    for _ in range(200):
        answers = [await person.click() for person in everybody]
        if 503 not in answers:
            break
        await asyncio.sleep(0.2)
    assert answers == [200] * len(everybody)


@pytest.mark.parametrize("shared", [False, True], ids=["cookie", "store"])
async def test_a_replica_dies(tmp_path: Path, store: Server, *, shared: bool) -> None:
    async with Deployment(tmp_path, count=2, store=store if shared else None) as deployment:
        everybody = await people(deployment, PEOPLE)

        async def dies_and_comes_back() -> None:
            dead = deployment.replicas.pop(0)
            dead.kill()
            await dead.process.wait()
            await asyncio.sleep(0.3)
            deployment.replicas.append(await deployment.start_replica())
            for person in everybody:
                person.ports[:] = [replica.port for replica in deployment.replicas]

        await while_working(everybody, dies_and_comes_back)
        assert [person.failed for person in everybody] == [[]] * PEOPLE
        assert [await person.click() for person in everybody] == [200] * PEOPLE
        assert not deployment.dashboard.wrong


async def test_the_store_dies_and_comes_back(tmp_path: Path, store: Server) -> None:
    async with Deployment(tmp_path, count=2, store=store) as deployment:
        everybody = await people(deployment, PEOPLE)

        async def dies_and_comes_back() -> None:
            store.kill()
            await asyncio.sleep(1.0)
            store.start_again_from_disk()

        await while_working(everybody, dies_and_comes_back)
        assert [person.failed for person in everybody] == [[]] * PEOPLE
        await all_are_served(everybody)


async def test_the_provider_is_away_when_tokens_are_to_be_renewed(tmp_path: Path) -> None:
    async with Deployment(tmp_path, count=2) as deployment:
        # A life of 8 seconds is renewed after 6 at the latest.
        everybody = await people(deployment, 20, token_seconds=8)

        async def away() -> None:
            deployment.entra.away = True
            await asyncio.sleep(6.5)
            assert deployment.entra.token_requests, "nothing was to be renewed meanwhile"
            deployment.entra.away = False

        await while_working(everybody, away)
        assert [person.failed for person in everybody] == [[]] * 20
        await all_are_served(everybody)
        assert not deployment.dashboard.wrong

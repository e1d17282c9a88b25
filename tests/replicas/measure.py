"""Measures what the tests here assert: `python -m tests.replicas.measure` prints the tables.

Latency is that of a burst of 200 requests at once on this machine, with a token that has just expired beside one that
is good; the provider takes 100 ms.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.replicas.clients import Answer, Person, burst
from tests.replicas.deployment import Deployment
from tests.store.servers import Server, until

REQUESTS = 200
PEOPLE = 500


async def expiry(folder: Path, store: Server | None, count: int) -> str:
    async with Deployment(folder, count=count, store=store) as deployment:
        ports = [replica.port for replica in deployment.replicas]
        good = await deployment.session(token_seconds=3000)
        await burst(ports, good, REQUESTS, 0)
        usual = await burst(ports, good, REQUESTS, 0)
        deployment.entra.token_requests = 0
        at = int(time.time()) + 2
        session = await deployment.session(token_seconds=at - int(time.time()))
        late = await burst(ports, session, REQUESTS, at + 0.01)
        failed = sum(answer.status != 200 for answer in late)
        return (
            f"{'store' if store else 'cookie':8}{count:9}{deployment.entra.token_requests:16}{failed:9}"
            f"{_median(usual):12.0f} ms{_median(late):12.0f} ms"
        )


def _median(answers: list[Answer]) -> float:
    return 1000 * statistics.median(answer.seconds for answer in answers)


async def killed(folder: Path, store: Server | None, what: str) -> str:
    async with Deployment(folder, count=3, store=store) as deployment:
        ports = [replica.port for replica in deployment.replicas]
        everybody = [Person(await deployment.session(token_seconds=3000), ports) for _ in range(PEOPLE)]
        over = False

        async def work(person: Person) -> None:
            while not over:
                await person.click()
                await asyncio.sleep(0.5)

        working = [asyncio.create_task(work(person)) for person in everybody]
        await asyncio.sleep(3)
        if what == "a replica":
            deployment.replicas.pop(0).kill()
            await asyncio.sleep(2)
            deployment.replicas.append(await deployment.start_replica())
            ports[:] = [replica.port for replica in deployment.replicas]
        else:
            assert store is not None
            store.kill()
            await asyncio.sleep(3)
            store.start_again_from_disk()
        await asyncio.sleep(2)
        over = True
        await asyncio.gather(*working)
        lost = sum([await person.click() not in (200, 503) for person in everybody])
        answered = sum(person.answered for person in everybody)
        broken = sum(person.broken for person in everybody)
        waits = sum(person.waits for person in everybody)
        failed = sum(len(person.failed) for person in everybody)
        return f"{what:12}{'store' if store else 'cookie':8}{answered:10}{broken:9}{waits:8}{failed:9}{lost:15}"


async def with_store(folder: Path, wanted: bool, measure: Callable[[Server | None], Awaitable[str]]) -> None:
    server = None
    if wanted:
        server = Server(folder / "store")
        server.start(appendonly=True)
        until(server.answers, "the server answers")
    try:
        sys.stdout.write(await measure(server) + "\n")
        sys.stdout.flush()
    finally:
        if server is not None:
            server.stop()


async def main() -> None:
    sys.stdout.write(f"{REQUESTS} requests at the moment of expiry\n")
    sys.stdout.write("sessions replicas  token requests   failed   good token  expired token\n")
    for shared in (True, False):
        for count in (1, 3):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder)
                await with_store(path, shared, lambda store, p=path, n=count: expiry(p, store, n))  # type: ignore[misc]
    sys.stdout.write(f"\n{PEOPLE} people working on 3 replicas, and what is killed meanwhile\n")
    sys.stdout.write("killed      sessions  answered   broken     503   failed  lost sessions\n")
    for shared, what in ((False, "a replica"), (True, "a replica"), (True, "the store")):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            await with_store(path, shared, lambda store, p=path, w=what: killed(p, store, w))  # type: ignore[misc]


if __name__ == "__main__":
    asyncio.run(main())

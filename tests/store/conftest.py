from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.store.replicas import Replicas
from tests.store.servers import Server


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("valkey"))
    try:
        yield server.ready()
    finally:
        server.stop()


@pytest.fixture
def server(running_server: Server) -> Server:
    """A server that the test leaves running."""
    running_server.command("FLUSHALL")
    return running_server


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may kill."""
    server = Server(tmp_path / "mortal")
    try:
        yield server.ready()
    finally:
        server.stop()


@pytest.fixture
async def replicas() -> AsyncIterator[Replicas]:
    replicas = Replicas()
    try:
        yield replicas
    finally:
        await replicas.close()

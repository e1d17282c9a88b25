"""A store that keeps what it was told, as one does that people's sessions are trusted to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.servers import Server, until


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "store")
    server.start(appendonly=True)
    until(server.answers, "the server answers")
    yield server
    server.stop()

"""Real servers for the tests, on loopback and without persistence. Each is stopped by the fixture that started it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import RedisError

from lampgate.config.settings import StoreAddress

#: Seconds for a server to start; a machine that is busy with other tests takes a while.
_PATIENCE = 20.0


def program() -> str:
    """The server. Without one the test is skipped, or fails where ``LAMPGATE_REQUIRE_REDIS`` is set."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    if os.environ.get("LAMPGATE_REQUIRE_REDIS"):
        pytest.fail("no valkey-server or redis-server, and LAMPGATE_REQUIRE_REDIS is set")
    pytest.skip("no valkey-server or redis-server: see the words of scripts/valkey")


def free_port() -> int:
    """A port that nobody listens on now; below the range where its cluster bus (10,000 above) would not fit."""
    for _ in range(100):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port: int = taken.getsockname()[1]
        if port + 10_000 < 65_536:
            return port
        for candidate in range(port - 30_000, port - 29_900):
            with socket.socket() as taken:
                try:
                    taken.bind(("127.0.0.1", candidate))
                except OSError:
                    continue
                return candidate
    raise RuntimeError("no free port")


def until(condition: object, what: str) -> None:
    """Wait for what another process does."""
    assert callable(condition)
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)


class Server:
    """A server process that can be killed, stopped, and started again at the same address."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        port: int | None = None,
        mode: tuple[str, ...] = (),
        tls: Mapping[str, Any] | None = None,
    ) -> None:
        self.port = free_port() if port is None else port
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._arguments = arguments
        self._mode = mode
        self._tls = dict(tls or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> StoreAddress:
        return StoreAddress(host="127.0.0.1", port=self.port)

    def start_again_from_disk(self) -> None:
        """Start it with what ``CONFIG SET appendonly yes`` had it write."""
        self.start(appendonly=True)
        until(self.answers, "the server answers")

    def start(self, *, appendonly: bool = False) -> Server:
        persistence = () if self._mode else ("--save", "", "--appendonly", "yes" if appendonly else "no")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    program(),
                    *self._mode,
                    *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
                    *persistence,
                    *self._arguments,
                ],
                stdout=log,
                stderr=log,
            )
        return self

    def ready(self) -> Server:
        """Start it, and wait until it answers."""
        self.start()
        until(self.answers, "the server answers")
        return self

    def answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError((self.folder / "log").read_text())
        try:
            return bool(self.command("PING"))
        except RedisError:
            return False

    def command(self, *arguments: str | bytes | int) -> object:
        """Do something as an operator, or an attacker, would with ``redis-cli``."""
        with self.client() as client:
            return client.execute_command(*arguments)

    def client(self) -> Redis:
        return Redis(port=self.port, socket_timeout=2, protocol=2, **self._tls)

    def keys(self, pattern: str) -> list[str]:
        found = self.command("KEYS", pattern)
        assert isinstance(found, list)
        return sorted(key.decode() for key in found)

    def kill(self) -> None:
        """As a node that dies."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """As a node that hangs: connections stay and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def stop_all(servers: Iterable[Server]) -> None:
    for server in servers:
        server.stop()

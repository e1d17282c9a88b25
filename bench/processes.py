"""Starts what is measured on its own core, and ends it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 30.0


class BenchmarkError(Exception):
    """Something that is needed did not start, or answered wrongly. ``str()`` says what, for people."""


def program(*names: str, beside: Sequence[Path] = ()) -> str | None:
    """Where the first of these programs is; None where there is none."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *map(str, beside)])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@dataclass(frozen=True, slots=True)
class Running:
    """A process that answers on its port.

    :ivar started_in: seconds from its start until it accepted connections.
    """

    pid: int
    port: int
    started_in: float


@contextmanager
def running(
    command: Sequence[str], port: int, *, core: int, folder: Path, environ: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Run a command until the block ends.

    :param port: where it will accept connections.
    :raises BenchmarkError: it ends, or does not accept connections in time.
    """
    log = folder / "output"
    begun = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, start_new_session=True,
            env={**os.environ, **(environ or {})},
        )  # fmt: skip
    try:
        while not _accepts(port):
            if process.poll() is not None or time.perf_counter() - begun > _PATIENCE:
                raise BenchmarkError(f"{command[0]} did not start: {log.read_text(errors='replace')[-1500:]}")
            time.sleep(0.002)
        yield Running(process.pid, port, time.perf_counter() - begun)
        if process.poll() is not None:
            raise BenchmarkError(f"{command[0]} has ended: {log.read_text(errors='replace')[-1500:]}")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False

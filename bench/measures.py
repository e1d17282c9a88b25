"""The measures: each gives one kind of work to one running peer, and says what it cost.

CPU is that of the peer's processes alone. Everything but the peer runs on another core.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from bench import accounting
from bench.loads import wrk
from bench.origin import FILES
from bench.processes import BenchmarkError

_ROOT = str(Path(__file__).parents[1])
#: Connections at a time, by what is asked for.
CONNECTIONS = {"1k": 32, "64k": 16, "1m": 8}


@dataclass(frozen=True, slots=True)
class Target:
    """A running peer, seen from the load.

    :ivar cookie: of somebody who is signed in; empty where the peer signs nobody in.
    :ivar load_core: the core for the load.
    """

    name: str
    pid: int
    port: int
    cookie: str
    load_core: int

    @property
    def url(self) -> str:
        """Where it is reached, under the name that its cookies are for."""
        return f"http://localhost:{self.port}"


@dataclass(frozen=True, slots=True)
class Cost:
    """Work done, and what it took.

    :ivar rate: of requests (or whatever was counted) a second.
    :ivar cpu: seconds of the peer's CPU for each.
    """

    rate: float
    cpu: float


def brings_token(target: Target, *, signs_in: bool) -> None:
    """See to it that the peer does what it is measured for.

    :raises BenchmarkError: the origin does not get the person's token, or gets one from nowhere.
    """
    answer = httpx.get(f"{target.url}/token", headers={"Cookie": target.cookie}, trust_env=False)
    is_there = answer.text.startswith("Bearer ey")
    if answer.status_code != 200 or is_there != signs_in:
        raise BenchmarkError(f"{target.name} does not inject the token: {answer.status_code} {answer.text[:200]}")


def gets(target: Target, file: str, seconds: int) -> Cost:
    """GET a file on kept-alive connections, as often as it goes."""
    before = accounting.cpu_seconds(target.pid)
    total = wrk.run(
        f"{target.url}/{file}",
        target.cookie,
        connections=CONNECTIONS[file],
        seconds=seconds,
        core=target.load_core,
    )
    cpu = accounting.cpu_seconds(target.pid) - before
    return Cost(total.requests / total.seconds, cpu / total.requests)


@dataclass(frozen=True, slots=True)
class AtRate:
    """1 KB GETs at a fixed rate: their median and 99th percentile, and CPU for each; all in seconds."""

    p50: float
    p99: float
    cpu: float


def at_rate(target: Target, rate: float, seconds: float) -> AtRate:
    """GET at a fixed rate, whatever the answers do."""
    before = accounting.cpu_seconds(target.pid)
    found = _load(target, "open_loop", [target.port, "/1k", rate, seconds], target.cookie)
    cpu = accounting.cpu_seconds(target.pid) - before
    if found["failed"]:
        raise BenchmarkError(f"{target.name}: {found['failed']} requests failed at {rate:.0f} a second")
    return AtRate(found["p50"], found["p99"], cpu / found["count"])


def upgrades(target: Target, seconds: float) -> Cost:
    """Open a WebSocket on a new connection, close it, and again."""
    before = accounting.cpu_seconds(target.pid)
    found = _load(target, "websockets", ["upgrades", target.port, seconds], target.cookie + "\n")
    cpu = accounting.cpu_seconds(target.pid) - before
    return Cost(found["count"] / seconds, cpu / found["count"])


@dataclass(frozen=True, slots=True)
class Idle:
    """What open WebSockets cost that nothing is sent over.

    :ivar bytes_each: growth of the peer's resident memory for each.
    :ivar cpu_share: of one core, while they are open.
    """

    count: int
    bytes_each: float
    cpu_share: float


def idle_websockets(target: Target, count: int, seconds: float) -> Idle:
    """Open so many WebSockets, wait, and see what they take."""
    before = accounting.resident_bytes(target.pid)
    with _kept_open(target, count):
        grown = accounting.resident_bytes(target.pid) - before
        cpu = accounting.cpu_seconds(target.pid)
        time.sleep(seconds)
        share = (accounting.cpu_seconds(target.pid) - cpu) / seconds
    return Idle(count, grown / count, share)


def cold_sessions(target: Target, cookies: Sequence[str]) -> float:
    """Extra CPU seconds of a session's first request in a process, beside its next one."""
    lines = "\n".join(cookies) + "\n"
    costs = []
    for _ in range(2):
        before = accounting.cpu_seconds(target.pid)
        found = _load(target, "cookies", [target.port, "/1k"], lines)
        if found["count"] != len(cookies):
            raise BenchmarkError(f"{target.name}: only {found['count']} of {len(cookies)} sessions were taken")
        costs.append((accounting.cpu_seconds(target.pid) - before) / len(cookies))
    return costs[0] - costs[1]


def slow_stream(target: Target, rate: int) -> tuple[int, int]:
    """How much (bytes) a log stream was, and how much the peer's memory grew at most while a slow reader took it."""
    before = accounting.resident_bytes(target.pid)
    process = _start(target, "slow_reader", [target.port, rate])
    assert process.stdin is not None
    process.stdin.write(target.cookie)
    process.stdin.close()
    process.stdin = None
    most = before
    while process.poll() is None:
        most = max(most, accounting.resident_bytes(target.pid))
        time.sleep(0.1)
    found = json.loads(process.communicate()[0])
    return int(found["bytes"]), most - before


def first_answer(begun: float, port: int) -> float:
    """Seconds from ``begun`` (`time.perf_counter`) until a request is answered, whatever the answer."""
    while True:
        try:
            httpx.get(f"http://localhost:{port}/ping", trust_env=False, timeout=5)
        except httpx.TransportError:
            time.sleep(0.002)
        else:
            return time.perf_counter() - begun


def summary(costs: Sequence[Cost], file: str | None = None) -> dict[str, float]:
    """The medians over the rounds, and how far the rounds were apart."""
    cpu = median(cost.cpu for cost in costs)
    found = {
        "per_second": median(cost.rate for cost in costs),
        "cpu_us": cpu * 1e6,
        "cpu_us_least": min(cost.cpu for cost in costs) * 1e6,
        "cpu_us_most": max(cost.cpu for cost in costs) * 1e6,
    }
    if file is not None:
        found["bytes_per_cpu_second"] = FILES[file] / cpu
    return found


def _load(target: Target, name: str, arguments: Sequence[object], text: str) -> dict[str, float]:
    process = _start(target, name, arguments)
    output, _ = process.communicate(text, timeout=300)
    if process.returncode:
        raise BenchmarkError(f"{target.name}: the load {name} failed")
    found: dict[str, float] = json.loads(output)
    return found


def _start(target: Target, name: str, arguments: Sequence[object]) -> subprocess.Popen[str]:
    words = ["taskset", "-c", str(target.load_core), sys.executable, "-m", f"bench.loads.{name}"]
    return subprocess.Popen(
        [*words, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT
    )


@contextmanager
def _kept_open(target: Target, count: int) -> Iterator[None]:
    process = _start(target, "websockets", ["idle", target.port, count])
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(target.cookie + "\n")
    process.stdin.flush()
    if process.stdout.readline() != "open\n":
        raise BenchmarkError(f"{target.name} does not keep {count} WebSockets")
    try:
        yield
    finally:
        process.communicate()

"""`wrk` as the closed-loop load: as many requests as the other side answers."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from bench.processes import BenchmarkError, program

_TOTAL = re.compile(r"(\d+) requests in ([\d.]+)(ms|s|m)")
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: connect (\d+), read (\d+), write (\d+)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Total:
    """What a run came to."""

    requests: int
    seconds: float


def run(url: str, cookie: str, *, connections: int, seconds: int, core: int) -> Total:
    """Load a URL.

    :raises BenchmarkError: wrk is missing, or not every answer was good.
    """
    wrk = program("wrk")
    if wrk is None:
        raise BenchmarkError("wrk is needed as the load: install it with your system's packages.")
    header = ["-H", f"Cookie: {cookie}"] if cookie else []
    command = ["taskset", "-c", str(core), wrk, "-t1", f"-c{connections}", f"-d{seconds}s", *header, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=False)
    found = _TOTAL.search(done.stdout)
    if found is None or _BAD.search(done.stdout):
        raise BenchmarkError(f"the load on {url} failed: {done.stdout}{done.stderr}")
    return Total(int(found[1]), float(found[2]) * _SECONDS[found[3]])

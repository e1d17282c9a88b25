"""The machine that figures come from, and which core does what."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path


def cores() -> tuple[int, int]:
    """The core for what is measured, and the one for everything else (load, origin, provider).

    :raises SystemExit: there is only one.
    """
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise SystemExit("Two cores are needed: one for what is measured, one for the load and the origin.")
    return usable[1], usable[0]


def describe() -> dict[str, str]:
    """What has to be known about the machine to make sense of the figures."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    megahertz = next(
        (
            line.partition(":")[2].strip().partition(".")[0]
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("cpu MHz")
        ),
        "?",
    )
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": f"{model}, {megahertz} MHz, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }

"""What the kernel has counted for a process and all its children: CPU time and memory. Linux only."""

from __future__ import annotations

from pathlib import Path

_PROC = Path("/proc")


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for each in found:
        for task in (_PROC / str(each) / "task").iterdir():
            found.extend(int(child) for child in (task / "children").read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time of the tree so far, in user space and in the kernel on its behalf, to the nanosecond."""
    total = 0
    for each in tree(pid):
        for task in (_PROC / str(each) / "task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def resident_bytes(pid: int, *, peak: bool = False) -> int:
    """Memory of the tree in RAM: now, or (summed over its processes) at most so far. Shared pages count for each."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    total = 0
    for each in tree(pid):
        for line in (_PROC / str(each) / "status").read_text().splitlines():
            if line.startswith(wanted):
                total += int(line.split()[1]) * 1024
    return total

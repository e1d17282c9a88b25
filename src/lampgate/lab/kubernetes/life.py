"""Makes the cluster breathe: containers print, the broken application crashes again, an event happens now and then.

Only so that watches and followed logs have something to show. With a seeded random source and its own sleep it does
the same every time.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from lampgate.lab.kubernetes import events, log_lines
from lampgate.lab.kubernetes.cluster import Cluster
from lampgate.lab.kubernetes.container_log import LogLine
from lampgate.lab.kubernetes.crash import back_off
from lampgate.lab.kubernetes.pod_summary import container_statuses, pod_status
from lampgate.lab.kubernetes.seed_workloads import APPS
from lampgate.lab.kubernetes.status import Object

#: Seconds between two moments of life.
TICK: Final = 1.0
#: Each how many ticks the broken application crashes and an event happens, on average.
_CRASH_EVERY: Final = 45
_EVENT_EVERY: Final = 30


async def live(
    cluster: Cluster,
    rng: random.Random | None = None,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Let time pass until cancelled.

    :param rng: chooses what happens.
    :param sleep: waits between two moments.
    """
    chance = rng or random.Random()  # noqa: S311 - decoration
    while True:
        await sleep(TICK)
        tick(cluster, chance)


def tick(cluster: Cluster, rng: random.Random) -> None:
    """One moment: some lines printed, and perhaps something more."""
    pods = cluster.select(cluster.kind("pods"))
    running = [pod for pod in pods if pod_status(pod) == "Running"]
    for pod in rng.sample(running, min(len(running), 6)):
        _print(cluster, pod, rng)
    if rng.randrange(_CRASH_EVERY) == 0:
        _crash(cluster, pods, rng)
    if rng.randrange(_EVENT_EVERY) == 0 and running:
        _event(cluster, rng.choice(running))
        events.forget_old(cluster)


def _print(cluster: Cluster, pod: Object, rng: random.Random) -> None:
    metadata = pod["metadata"]
    app = (metadata.get("labels") or {}).get("app.kubernetes.io/name", metadata["name"])
    item = rng.choice(container_statuses(pod))
    log = cluster.logs.running(metadata["namespace"], metadata["name"], item["name"])
    log.append(LogLine(cluster.clock(), log_lines.line(app, item["name"], rng)))


def _crash(cluster: Cluster, pods: list[Object], rng: random.Random) -> None:
    broken = [pod for pod in pods if pod_status(pod) == "CrashLoopBackOff"]
    if not broken:
        return
    metadata = rng.choice(broken)["metadata"]
    app = metadata["labels"].get("app.kubernetes.io/name", "")
    log = cluster.logs.running(metadata["namespace"], metadata["name"], app)
    for text in next((item.crashing for item in APPS if item.name == app), ()):
        log.append(LogLine(cluster.clock(), text))
    back_off(cluster, metadata["namespace"], metadata["name"])


def _event(cluster: Cluster, pod: Object) -> None:
    address = pod["status"].get("podIP", "")
    message = f'Readiness probe failed: Get "http://{address}/healthz": context deadline exceeded'
    events.record(
        cluster, pod, "Unhealthy", message, component="kubelet", warning=True, host=pod["spec"].get("nodeName", "")
    )

"""A pod in a few words, as ``kubectl get pods`` has them: readiness, status, restarts. Pure.

Follows ``printPod`` in pkg/printers/internalversion of Kubernetes.
"""

from __future__ import annotations

from typing import Any

from lampgate.lab.kubernetes import age
from lampgate.lab.kubernetes.status import Object


def container_statuses(pod: Object) -> list[dict[str, Any]]:
    """The statuses of the main containers."""
    statuses: list[dict[str, Any]] = (pod.get("status") or {}).get("containerStatuses") or []
    return statuses


def ready_containers(pod: Object) -> str:
    """``1/2``."""
    ready = sum(1 for item in container_statuses(pod) if item.get("ready"))
    return f"{ready}/{len(pod['spec']['containers'])}"


def pod_status(pod: Object) -> str:
    """``Running``, ``CrashLoopBackOff``, ``Completed`` …: the most telling reason, else the phase."""
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    own = pod.get("status") or {}
    word: str = own.get("reason") or own.get("phase") or "Unknown"
    for item in reversed(container_statuses(pod)):
        state = item.get("state") or {}
        waiting, terminated = state.get("waiting") or {}, state.get("terminated") or {}
        if waiting.get("reason"):
            word = waiting["reason"]
        elif terminated.get("reason"):
            word = terminated["reason"]
        elif terminated:
            word = f"ExitCode:{terminated.get('exitCode', 0)}"
    return word


def restarts(pod: Object, now: float) -> str:
    """``7 (3m12s ago)``."""
    statuses = container_statuses(pod)
    count = sum(int(item.get("restartCount", 0)) for item in statuses)
    ends = [
        item["lastState"]["terminated"]["finishedAt"]
        for item in statuses
        if ((item.get("lastState") or {}).get("terminated") or {}).get("finishedAt")
    ]
    return f"{count} ({age.since(max(ends), now)} ago)" if count and ends else str(count)

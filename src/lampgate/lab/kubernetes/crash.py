"""A container that exits with an error: its log becomes the previous one, its restarts are counted, it waits."""

from __future__ import annotations

from lampgate.lab.kubernetes import events, workloads
from lampgate.lab.kubernetes.cluster import Cluster, timestamp
from lampgate.lab.kubernetes.status import Object


def back_off(cluster: Cluster, namespace: str, name: str) -> Object:
    """The first container of a pod has exited once more and is in CrashLoopBackOff.

    :raises StatusError: 404, the pod is gone.
    """
    kind, now = cluster.kind("pods"), timestamp(cluster.clock())

    def crash(pod: Object) -> None:
        container = pod["spec"]["containers"][0]
        status = pod["status"]
        before = status["containerStatuses"][0]
        ended = {"exitCode": 1, "reason": "Error", "startedAt": now, "finishedAt": now}
        message = f"back-off 5m0s restarting failed container={container['name']} pod={name}_{namespace}"
        status["containerStatuses"][0] = workloads.container_status(
            container,
            state={"waiting": {"reason": "CrashLoopBackOff", "message": message}},
            ready=False,
            restarts=before["restartCount"] + 1,
            last_state={"terminated": ended},
        )
        for condition in status["conditions"]:
            if condition["type"] in ("Ready", "ContainersReady") and condition["status"] != "False":
                condition |= {"status": "False", "reason": "ContainersNotReady", "lastTransitionTime": now}

    pod = cluster.modify(kind, namespace, name, crash)
    container = pod["spec"]["containers"][0]["name"]
    cluster.logs.restart(namespace, name, container)
    events.record(
        cluster,
        pod,
        "BackOff",
        f"Back-off restarting failed container {container} in pod {name}",
        component="kubelet",
        warning=True,
        host=pod["spec"].get("nodeName", ""),
    )
    return pod

"""Fills an empty cluster with a small, believable one: a shop with its monitoring on three machines, one broken
application, a nightly job. The same cluster every time, for the same store.

Deployments are only declared: the controllers make their ReplicaSets and pods, as they will later for a person.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lampgate.lab import world
from lampgate.lab.kubernetes import controllers, defaults, events, log_lines, workloads
from lampgate.lab.kubernetes.cluster import Cluster, timestamp
from lampgate.lab.kubernetes.container_log import LogLine
from lampgate.lab.kubernetes.crash import back_off
from lampgate.lab.kubernetes.seed_objects import manifests, nightly_job, node
from lampgate.lab.kubernetes.seed_workloads import APPS, NAMESPACES, NODES, App
from lampgate.lab.kubernetes.status import Object

_DAY: Final = 86_400.0
_CLUSTER_AGE: Final = 40 * _DAY
_LOG_LINES: Final = 40
_CRASHES: Final = 47


def seed(cluster: Cluster, now: float) -> None:
    """Fill the cluster, and let the controllers work on it from then on.

    :param now: seconds since the epoch; everything is dated relative to it.
    """
    rng = random.Random(world.CLUSTER_NAME)  # noqa: S311 - decoration, the same every time
    controllers.attach(cluster)
    with _at(cluster, now - _CLUSTER_AGE):
        for machine in NODES:
            cluster.create(node(machine))
        for name in NAMESPACES:
            _create(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        for obj in manifests():
            _create(cluster, obj)
    for app in APPS:
        with _at(cluster, now - app.age_days * _DAY):
            _install(cluster, app)
        if app.crashing:
            _crash(cluster, app, now)
    with _at(cluster, now - 6 * 3600):
        _nightly(cluster, now)
    for pod in cluster.select(cluster.kind("pods")):
        _print_log(cluster, pod, now, rng)
    with _at(cluster, now):
        events.forget_old(cluster)
        _recent_events(cluster)


def _install(cluster: Cluster, app: App) -> None:
    labels = {"app.kubernetes.io/name": app.name, "app.kubernetes.io/part-of": app.namespace}
    metadata: Object = {"name": app.name, "namespace": app.namespace, "labels": labels, "generation": 1}
    template: Object = {"metadata": {"labels": labels}, "spec": _pod_spec(app)}
    selector = {"matchLabels": {"app.kubernetes.io/name": app.name}}
    spec: Object = {"replicas": app.replicas, "selector": selector, "template": template}
    if app.controller == "Deployment":
        _create(cluster, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
    elif app.controller == "StatefulSet":
        spec["serviceName"] = app.name
        spec["updateStrategy"] = {"type": "RollingUpdate"}
        counts = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas", "currentReplicas")
        owner = cluster.create(
            {
                "apiVersion": "apps/v1",
                "kind": "StatefulSet",
                "metadata": metadata,
                "spec": spec,
                "status": {"observedGeneration": 1, **dict.fromkeys(counts, app.replicas)},
            }
        )
        for index in range(app.replicas):
            cluster.create(workloads.pod(owner, template, name=f"{app.name}-{index}"))
    else:
        counts = (
            "desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled", "numberReady",
            "numberAvailable",
        )  # fmt: skip
        owner = cluster.create(
            {
                "apiVersion": "apps/v1",
                "kind": "DaemonSet",
                "metadata": metadata,
                "spec": {"selector": selector, "template": template, "updateStrategy": {"type": "RollingUpdate"}},
                "status": {"observedGeneration": 1, "numberMisscheduled": 0, **dict.fromkeys(counts, len(NODES))},
            }
        )
        for machine in NODES:
            cluster.create(workloads.pod(owner, template, node=machine.name))
    if app.port:
        _create(
            cluster,
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": app.name, "namespace": app.namespace, "labels": labels},
                "spec": {"selector": selector["matchLabels"], "ports": [{"name": "main", "port": app.port}]},
            },
        )


def _pod_spec(app: App) -> Object:
    main: Object = {
        "name": app.name,
        "image": app.image,
        "resources": {
            "requests": {"cpu": app.cpu, "memory": app.memory},
            "limits": {"memory": app.memory},
        },
    }
    if app.port:
        main["ports"] = [{"name": "main", "containerPort": app.port}]
    if app.environment:
        main["env"] = [{"name": name, "value": value} for name, value in app.environment.items()]
    containers = [main]
    if app.sidecar:
        containers.append({"name": app.sidecar[0], "image": app.sidecar[1]})
    spec: Object = {"containers": containers, "serviceAccountName": app.service_account}
    workloads.complete_pod_spec(spec)
    return spec


def _crash(cluster: Cluster, app: App, now: float) -> None:
    """The application has failed since it was installed, the last time a few minutes ago."""
    for number in range(_CRASHES):
        with _at(cluster, now - app.age_days * _DAY * (1 - number / _CRASHES) + 90):
            for pod in _pods_of(cluster, app):
                metadata = pod["metadata"]
                log = cluster.logs.running(metadata["namespace"], metadata["name"], app.name)
                for text in app.crashing:
                    log.append(LogLine(cluster.clock(), text))
                back_off(cluster, metadata["namespace"], metadata["name"])


def _nightly(cluster: Cluster, now: float) -> None:
    """Last night's run of the report, done."""
    owner = cluster.get(cluster.kind("cronjobs", "batch"), "shop", "nightly-report")
    job = cluster.create(nightly_job(owner, started=now - 6 * 3600, ended=now - 6 * 3600 + 48))
    pod = cluster.create(workloads.pod(job, job["spec"]["template"]))
    ended = timestamp(now - 6 * 3600 + 47)

    def complete(obj: Object) -> None:
        status = obj["status"]
        status["phase"] = "Succeeded"
        for condition in status["conditions"]:
            if condition["type"] in ("Ready", "ContainersReady"):
                condition |= {"status": "False", "reason": "PodCompleted"}
        state = {
            "terminated": {
                "exitCode": 0,
                "reason": "Completed",
                "startedAt": status["startTime"],
                "finishedAt": ended,
            }
        }
        status["containerStatuses"] = [
            workloads.container_status(item, state=state, ready=False) for item in obj["spec"]["containers"]
        ]

    cluster.modify(cluster.kind("pods"), "shop", pod["metadata"]["name"], complete)
    times = {"lastScheduleTime": timestamp(now - 6 * 3600), "lastSuccessfulTime": ended}
    cluster.modify(
        cluster.kind("cronjobs", "batch"), "shop", "nightly-report", lambda obj: obj["status"].update(times)
    )
    log = cluster.logs.running("shop", pod["metadata"]["name"], "report")
    for seconds, text in ((1, "collecting the orders of yesterday"), (20, "1284 orders in 37 categories"),
                          (46, "report written to reports/daily.csv")):  # fmt: skip
        log.append(LogLine(now - 6 * 3600 + seconds, text))
    log.end()


def _print_log(cluster: Cluster, pod: Object, now: float, rng: random.Random) -> None:
    """The last minutes of what a running pod printed."""
    metadata = pod["metadata"]
    app = metadata["labels"].get("app.kubernetes.io/name", metadata["name"])
    for item in pod["status"].get("containerStatuses", ()):
        if "running" not in item["state"]:
            continue
        log = cluster.logs.running(metadata["namespace"], metadata["name"], item["name"])
        moments = sorted(now - rng.uniform(1, 1800) for _ in range(_LOG_LINES))
        for moment in moments:
            log.append(LogLine(moment, log_lines.line(app, item["name"], rng)))


def _recent_events(cluster: Cluster) -> None:
    cronjob = cluster.get(cluster.kind("cronjobs", "batch"), "shop", "nightly-report")
    events.record(
        cluster, cronjob, "SawCompletedJob", "Saw completed job, status: Complete", component="cronjob-controller"
    )


def _pods_of(cluster: Cluster, app: App) -> list[Object]:
    return cluster.select(
        cluster.kind("pods"),
        app.namespace,
        lambda pod: pod["metadata"]["labels"].get("app.kubernetes.io/name") == app.name,
    )


def _create(cluster: Cluster, obj: Object) -> Object:
    """Store an object with the same defaults as one that comes through the API."""
    defaults.complete(cluster.kinds.of(obj["apiVersion"], obj["kind"]), obj, cluster)
    return cluster.create(obj)


@contextmanager
def _at(cluster: Cluster, moment: float) -> Iterator[None]:
    """Write history: the cluster's clock stands at an earlier moment meanwhile."""
    clock = cluster.clock
    cluster.clock = lambda: moment
    try:
        yield
    finally:
        cluster.clock = clock

"""The objects of the tests' cluster: a small shop, with one pod that crashes and one that waits."""

from __future__ import annotations

import base64
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

Object = dict[str, Any]

_versions = itertools.count(1000)
START = datetime.now(UTC).replace(microsecond=0)


def next_version() -> str:
    """A resource version greater than all before."""
    return str(next(_versions))


def ago(**span: float) -> str:
    return (START - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


def metadata(name: str, namespace: str | None = None, created: str | None = None, **more: Any) -> Object:
    """Object metadata; the uid follows from the name, so that a changed object is the same object."""
    place = {"namespace": namespace} if namespace else {}
    return {
        "name": name,
        "uid": f"{namespace or 'cluster'}/{name}",
        "resourceVersion": next_version(),
        "creationTimestamp": created or ago(days=12),
        **place,
        **more,
    }


def namespace(name: str, days: float = 40) -> Object:
    labels = {"kubernetes.io/metadata.name": name}
    return {"metadata": metadata(name, created=ago(days=days), labels=labels), "status": {"phase": "Active"}}


def pod(
    namespace: str,
    name: str,
    phase: str = "Running",
    waiting: str = "",
    ready: bool = True,
    restarts: int = 0,
    created: str | None = None,
    image: str = "registry.example/shop/checkout:1.8.2",
    sidecar: bool = False,
) -> Object:
    """A pod; ``waiting`` is the reason its container does not run."""
    state: Object = (
        {"waiting": {"reason": waiting, "message": f"{waiting}: back-off"}} if waiting else {"running": {}}
    )
    if phase == "Running" and not waiting:
        state = {"running": {"startedAt": created or ago(hours=30)}}
    if phase == "Succeeded":
        state = {"terminated": {"reason": "Completed", "exitCode": 0}}
    names = ["app", "proxy"] if sidecar else ["app"]
    is_ready = ready and not waiting and phase == "Running"
    return {
        "kind": "Pod",
        "metadata": metadata(
            name, namespace, created=created or ago(hours=30), labels={"app": name.rsplit("-", 2)[0]}
        ),
        "spec": {
            "nodeName": "aks-pool1-0" if phase != "Pending" else None,
            "serviceAccountName": "default",
            "containers": [{"name": each, "image": image} for each in names],
        },
        "status": {
            "phase": phase,
            "podIP": "10.244.1.17",
            "qosClass": "Burstable",
            "conditions": [
                {"type": "PodScheduled", "status": "True", "lastTransitionTime": ago(hours=30)},
                {
                    "type": "Ready",
                    "status": "True" if is_ready else "False",
                    "reason": "" if is_ready else "ContainersNotReady",
                    "message": "" if is_ready else "containers with unready status: [app]",
                    "lastTransitionTime": ago(hours=2),
                },
            ],
            "containerStatuses": [
                {"name": each, "image": image, "ready": is_ready, "restartCount": restarts, "state": state}
                for each in names
            ],
        },
    }


def workload(namespace: str, name: str, wanted: int, ready: int) -> Object:
    image = f"registry.example/{namespace}/{name}:1.8.2"
    return {
        "metadata": metadata(name, namespace),
        "spec": {"replicas": wanted, "template": {"spec": {"containers": [{"name": "app", "image": image}]}}},
        "status": {
            "replicas": wanted,
            "readyReplicas": ready,
            "desiredNumberScheduled": wanted,
            "numberReady": ready,
            "succeeded": ready,
        },
    }


def secret(namespace: str, name: str, kind: str, **values: bytes) -> Object:
    data = {key: base64.b64encode(value).decode() for key, value in values.items()}
    return {"metadata": metadata(name, namespace), "type": kind, "data": data}


def event(namespace: str, subject: str, reason: str, message: str, kind: str = "Warning", count: int = 1) -> Object:
    return {
        "metadata": metadata(f"{subject}.{reason.lower()}", namespace),
        "type": kind,
        "reason": reason,
        "message": message,
        "count": count,
        "lastTimestamp": ago(minutes=3 + count),
        "involvedObject": {"kind": "Pod", "namespace": namespace, "name": subject, "uid": f"{namespace}/{subject}"},
    }


def small_shop() -> dict[str, list[Object]]:
    """All objects, by the plural of their kind."""
    crashing, waiting = "payments-6c9d7f5b8-x2lqv", "search-7b5f9c6d4-kk8wz"
    return {
        "namespaces": [namespace("default"), namespace("kube-system"), namespace("shop", 12), namespace("ledger", 5)],
        "nodes": [
            {
                "metadata": metadata(f"aks-pool1-{index}"),
                "status": {"conditions": [{"type": "Ready", "status": "True"}]},
            }
            for index in range(3)
        ],
        "pods": [
            pod("shop", "checkout-5d8f7c9b6-4tq7m", sidecar=True),
            pod("shop", "checkout-5d8f7c9b6-9hwzc", sidecar=True),
            pod("shop", "catalog-84c6d5f7b-p8n2x", image="registry.example/shop/catalog:3.1.0"),
            pod("shop", crashing, waiting="CrashLoopBackOff", restarts=14),
            pod("shop", waiting, phase="Pending", waiting="ContainerCreating", created=ago(seconds=40)),
            pod("ledger", "ledger-0", created=ago(days=5), image="registry.example/ledger/ledger:2.0.4"),
            pod("ledger", "nightly-report-29313660-z6tqp", phase="Succeeded", created=ago(hours=9)),
            pod(
                "kube-system", "coredns-6f776c8fb5-7x9lm", created=ago(days=40), image="registry.example/coredns:1.13"
            ),
            pod(
                "kube-system", "coredns-6f776c8fb5-tt4rk", created=ago(days=40), image="registry.example/coredns:1.13"
            ),
        ],
        "deployments": [
            workload("shop", "checkout", 2, 2),
            workload("shop", "catalog", 1, 1),
            workload("shop", "payments", 1, 0),
            workload("shop", "search", 2, 1),
            workload("kube-system", "coredns", 2, 2),
        ],
        "statefulsets": [workload("ledger", "ledger", 1, 1)],
        "daemonsets": [workload("kube-system", "kube-proxy", 3, 3)],
        "jobs": [workload("ledger", "nightly-report-29313660", 1, 1)],
        "services": [{"metadata": metadata(name, "shop")} for name in ("checkout", "catalog", "payments", "search")],
        "configmaps": [{"metadata": metadata(name, "shop")} for name in ("checkout-settings", "kube-root-ca.crt")],
        "secrets": [
            secret("shop", "payments-api", "Opaque", key=b"correct horse battery staple", endpoint=b"https://pay"),
            secret(
                "shop", "storefront-tls", "kubernetes.io/tls", **{"tls.crt": b"-----BEGIN", "tls.key": b"\xff\x00"}
            ),
            secret("ledger", "ledger-db", "Opaque", password=b"<script>alert(1)</script>"),
        ],
        "events": [
            event("shop", crashing, "BackOff", "Back-off restarting failed container app", count=14),
            event("shop", waiting, "FailedMount", 'MountVolume.SetUp failed: configmap "search-index" not found'),
            event("shop", waiting, "Scheduled", "Successfully assigned shop/search to aks-pool1-1", kind="Normal"),
        ],
    }

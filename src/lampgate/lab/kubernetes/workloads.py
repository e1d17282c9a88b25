"""How pods and ReplicaSets are made from the templates of what owns them. Pure: builds objects, stores nothing."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any, Final

from lampgate.lab.kubernetes.status import Object

_HASH_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
TEMPLATE_HASH_LABEL: Final = "pod-template-hash"
REVISION_ANNOTATION: Final = "deployment.kubernetes.io/revision"


def owner_reference(owner: Object) -> Object:
    """The reference that ties an object to its controller."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(obj: Object) -> Object | None:
    """The reference to the object's controller."""
    for reference in obj["metadata"].get("ownerReferences", ()):
        if reference.get("controller"):
            found: Object = reference
            return found
    return None


def template_hash(template: Object) -> str:
    """The short, stable name of a pod template."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(_HASH_ALPHABET[byte % len(_HASH_ALPHABET)] for byte in digest[:10])


def replica_set(deployment: Object, replicas: int, revision: int) -> Object:
    """The ReplicaSet for a Deployment's present template."""
    spec = deployment["spec"]
    template = copy.deepcopy(spec["template"])
    name = template_hash(spec["template"])
    labels = {**template.setdefault("metadata", {}).get("labels", {}), TEMPLATE_HASH_LABEL: name}
    template["metadata"]["labels"] = labels
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{deployment['metadata']['name']}-{name}",
            "namespace": deployment["metadata"]["namespace"],
            "labels": labels,
            "annotations": {REVISION_ANNOTATION: str(revision)},
            "ownerReferences": [owner_reference(deployment)],
            "generation": 1,
        },
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
        "status": {"replicas": 0},
    }


def pod(owner: Object, template: Object, *, name: str = "", node: str = "") -> Object:
    """A pod of a controller; without a name the store makes one up."""
    metadata: Object = {
        "namespace": owner["metadata"]["namespace"],
        "labels": dict(template.get("metadata", {}).get("labels", {})),
        "ownerReferences": [owner_reference(owner)],
    }
    if name:
        metadata["name"] = name
    else:
        metadata["generateName"] = f"{owner['metadata']['name']}-"
    spec = copy.deepcopy(template["spec"])
    if node:
        spec["nodeName"] = node
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def complete_pod_spec(spec: Object) -> None:
    """Fill in what the API server fills in."""
    for name, value in (
        ("restartPolicy", "Always"),
        ("terminationGracePeriodSeconds", 30),
        ("dnsPolicy", "ClusterFirst"),
        ("schedulerName", "default-scheduler"),
        ("serviceAccountName", "default"),
        ("securityContext", {}),
    ):
        spec.setdefault(name, value)
    for container in spec["containers"]:
        container.setdefault("imagePullPolicy", "IfNotPresent")
        container.setdefault("resources", {})
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        for port in container.get("ports", ()):
            port.setdefault("protocol", "TCP")


def running_status(pod: Object, *, host_ip: str, pod_ip: str, started: str) -> Object:
    """The status of a pod whose containers all run and are ready."""
    return {
        "phase": "Running",
        "conditions": [
            {"type": word, "status": "True", "lastProbeTime": None, "lastTransitionTime": started}
            for word in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
        ],
        "hostIP": host_ip,
        "hostIPs": [{"ip": host_ip}],
        "podIP": pod_ip,
        "podIPs": [{"ip": pod_ip}],
        "startTime": started,
        "containerStatuses": [
            container_status(container, state={"running": {"startedAt": started}}, ready=True)
            for container in pod["spec"]["containers"]
        ],
        "qosClass": "Burstable",
    }


def container_status(
    container: Object, *, state: Object, ready: bool, restarts: int = 0, last_state: Object | None = None
) -> dict[str, Any]:
    """The status of one container."""
    digest = hashlib.sha256(container["image"].encode()).hexdigest()
    return {
        "name": container["name"],
        "state": state,
        "lastState": last_state or {},
        "ready": ready,
        "restartCount": restarts,
        "image": container["image"],
        "imageID": f"{container['image'].rpartition(':')[0]}@sha256:{digest}",
        "containerID": f"containerd://{digest[::-1]}",
        "started": "running" in state,
    }

"""What the API server adds to an object before it is stored, and the little it refuses: defaults and validation.

Only what readers of the lab's cluster would miss. Follows the defaults of the API types.
"""

from __future__ import annotations

import base64
import re
from typing import Any, Final

from lampgate.lab.kubernetes import status, workloads
from lampgate.lab.kubernetes.cluster import Cluster
from lampgate.lab.kubernetes.kinds import Kind
from lampgate.lab.kubernetes.status import Object

#: RFC 1123 subdomain.
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAME_RULE: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    "and end with an alphanumeric character"
)


def check_name(kind: Kind, obj: Object) -> None:
    """Refuse a missing or malformed name.

    :raises StatusError: 422.
    """
    metadata = obj["metadata"]
    name = metadata.get("name", "")
    if not name and metadata.get("generateName"):
        return
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > 253:
        problem = (
            f'Invalid value: "{name}": {_NAME_RULE}' if name else "Required value: name or generateName is required"
        )
        raise status.invalid(kind.kind, kind.group, str(name), "metadata.name", problem)


def complete(kind: Kind, obj: Object, cluster: Cluster) -> None:
    """Fill in the defaults of an object about to be stored, in place.

    :raises StatusError: 422 where something without a sensible default is missing.
    """
    match kind.plural:
        case "deployments":
            _deployment(kind, obj)
        case "pods":
            _containers(kind, obj, obj)
            workloads.complete_pod_spec(obj["spec"])
        case "services":
            _service(obj, cluster)
        case "secrets":
            _secret(obj)
        case "namespaces":
            obj.setdefault("status", {"phase": "Active"})
            obj.setdefault("spec", {"finalizers": ["kubernetes"]})
            obj["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = obj["metadata"]["name"]
        case "ingresses":
            obj.setdefault("status", {"loadBalancer": {}})


def _deployment(kind: Kind, obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    _containers(kind, obj, spec.get("template"))
    selector = (spec.get("selector") or {}).get("matchLabels") or {}
    labels = spec["template"].setdefault("metadata", {}).get("labels") or {}
    if not selector or any(labels.get(name) != value for name, value in selector.items()):
        raise status.invalid(
            kind.kind,
            kind.group,
            obj["metadata"].get("name", ""),
            "spec.template.metadata.labels",
            "Invalid value: `selector` does not match template `labels`",
        )
    if spec.get("replicas") is None:
        spec["replicas"] = 1
    if not isinstance(spec["replicas"], int) or spec["replicas"] < 0:
        raise status.invalid(
            kind.kind,
            kind.group,
            obj["metadata"].get("name", ""),
            "spec.replicas",
            "Invalid value: must be greater than or equal to 0",
        )
    spec.setdefault(
        "strategy", {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    )
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    workloads.complete_pod_spec(spec["template"]["spec"])
    obj["metadata"].setdefault("generation", 1)


def _containers(kind: Kind, obj: Object, template: Any) -> None:
    containers = ((template or {}).get("spec") or {}).get("containers")
    named = isinstance(containers, list) and all(
        isinstance(item, dict) and item.get("name") and item.get("image") for item in containers
    )
    if not containers or not named:
        raise status.invalid(
            kind.kind,
            kind.group,
            obj["metadata"].get("name", ""),
            "spec.containers",
            "Required value: each container needs a name and an image",
        )


def _service(obj: Object, cluster: Cluster) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    if spec["type"] != "ExternalName" and not spec.get("clusterIP"):
        taken = {item["spec"].get("clusterIP") for item in cluster.select(cluster.kind("services"))}
        free = (f"10.0.{high}.{low}" for high in range(1, 255) for low in range(10, 250))
        spec["clusterIP"] = next(address for address in free if address not in taken)
    if spec.get("clusterIP"):
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
    for port in spec.get("ports", ()):
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
    obj.setdefault("status", {"loadBalancer": {}})


def _secret(obj: Object) -> None:
    """``stringData`` is write-only: it becomes ``data``."""
    obj.setdefault("type", "Opaque")
    plain = obj.pop("stringData", None)
    if isinstance(plain, dict):
        data = obj.setdefault("data", {})
        data |= {name: base64.b64encode(str(value).encode()).decode() for name, value in plain.items()}

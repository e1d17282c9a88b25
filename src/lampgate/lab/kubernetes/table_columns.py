"""The columns of each kind, as data: name, priority (1: only with ``-o wide``) and how a cell is read.

Follows pkg/printers/internalversion of Kubernetes. A kind without an entry shows its name and age.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from lampgate.lab.kubernetes import age
from lampgate.lab.kubernetes.kinds import Kind
from lampgate.lab.kubernetes.pod_summary import pod_status, ready_containers, restarts
from lampgate.lab.kubernetes.status import Object

Cell = str | int
NONE: Final = "<none>"


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    cell: Callable[[Object, float], Cell]
    priority: int = 0
    type: str = "string"
    description: str = ""


def read(obj: Any, path: str, default: Any = None) -> Any:
    """A member by its dotted path; the default where it, or one above it, is missing or empty."""
    for part in path.split("."):
        obj = obj.get(part) if isinstance(obj, dict) else None
    return default if obj in (None, "", [], {}) else obj


def columns_of(kind: Kind) -> tuple[Column, ...]:
    """The columns a kind is shown with."""
    return _COLUMNS.get((kind.group, kind.plural), _DEFAULT)


def _text(name: str, path: str, default: str = NONE, priority: int = 0) -> Column:
    return Column(name, lambda obj, _: str(read(obj, path, default)), priority)


def _number(name: str, path: str, priority: int = 0) -> Column:
    return Column(name, lambda obj, _: int(read(obj, path, 0)), priority, type="integer")


def _count(name: str, path: str) -> Column:
    return Column(name, lambda obj, _: len(read(obj, path, ())), type="integer")


def _computed(name: str, cell: Callable[[Object], Cell], priority: int = 0, type_: str = "string") -> Column:
    return Column(name, lambda obj, _: cell(obj), priority, type_)


def _age_of(name: str, path: str, missing: str = "<unknown>") -> Column:
    return Column(name, lambda obj, now: age.since(read(obj, path), now) if read(obj, path) else missing)


def _comma(values: Iterable[Any]) -> str:
    return ",".join(str(value) for value in values) or NONE


def _pairs(labels: dict[str, str] | None) -> str:
    return _comma(f"{name}={value}" for name, value in sorted((labels or {}).items()))


def _template(obj: Object) -> Object:
    template: Object = read(obj, "spec.jobTemplate.spec.template") or read(obj, "spec.template", {})
    return template


def _images(obj: Object) -> str:
    return _comma(item["image"] for item in read(_template(obj), "spec.containers", ()))


def _containers(obj: Object) -> str:
    return _comma(item["name"] for item in read(_template(obj), "spec.containers", ()))


def _service_ports(obj: Object) -> str:
    return _comma(
        f"{port['port']}{':' + str(port['nodePort']) if port.get('nodePort') else ''}/{port.get('protocol', 'TCP')}"
        for port in read(obj, "spec.ports", ())
    )


def _external_ip(obj: Object) -> str:
    addresses = [item.get("ip") or item.get("hostname") for item in read(obj, "status.loadBalancer.ingress", ())]
    if addresses:
        return _comma(addresses)
    return "<pending>" if read(obj, "spec.type") == "LoadBalancer" else NONE


def _node_status(obj: Object) -> str:
    ready = next(
        (item for item in read(obj, "status.conditions", ()) if item["type"] == "Ready"), {"status": "Unknown"}
    )
    words = ["Ready" if ready["status"] == "True" else "NotReady"]
    if read(obj, "spec.unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _node_roles(obj: Object) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = read(obj, "metadata.labels", {})
    return _comma(sorted(name.removeprefix(prefix) for name in labels if name.startswith(prefix)))


def _node_address(type_: str) -> Callable[[Object], str]:
    return lambda obj: _comma(item["address"] for item in read(obj, "status.addresses", ()) if item["type"] == type_)


def _event_object(obj: Object) -> str:
    return f"{read(obj, 'involvedObject.kind', '').lower()}/{read(obj, 'involvedObject.name', '')}"


def _last_seen(obj: Object, now: float) -> str:
    seen = read(obj, "lastTimestamp") or read(obj, "eventTime") or read(obj, "metadata.creationTimestamp")
    return age.since(seen, now)


def _job_status(obj: Object) -> str:
    for wanted, word in (("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended")):
        if any(item["type"] == wanted and item["status"] == "True" for item in read(obj, "status.conditions", ())):
            return word
    return "Running"


def _job_duration(obj: Object, now: float) -> str:
    started, ended = read(obj, "status.startTime"), read(obj, "status.completionTime")
    if not started:
        return ""
    return age.human(_seconds(ended, now) - _seconds(started, now))


def _seconds(timestamp: str | None, now: float) -> float:
    return datetime.fromisoformat(timestamp).timestamp() if timestamp else now


def _endpoints(obj: Object) -> str:
    return _comma(
        f"{address['ip']}:{port['port']}"
        for subset in read(obj, "subsets", ())
        for address in subset.get("addresses", ())
        for port in subset.get("ports", ())
    )


def _slice_endpoints(obj: Object) -> str:
    return _comma(address for item in read(obj, "endpoints", ()) for address in item.get("addresses", ()))


def _hosts(obj: Object) -> str:
    return _comma(rule.get("host", "*") for rule in read(obj, "spec.rules", ()))


def _hpa_targets(obj: Object) -> str:
    wanted = read(obj, "spec.metrics", [{}])[0]
    current = read(obj, "status.currentMetrics", [{}])[0]
    now_at = read(current, "resource.current.averageUtilization", "<unknown>")
    return f"cpu: {now_at}%/{read(wanted, 'resource.target.averageUtilization', '<auto>')}%"


def _subjects(subject_kind: str) -> Callable[[Object], str]:
    return lambda obj: ", ".join(
        f"{item['namespace']}/{item['name']}" if "namespace" in item else item["name"]
        for item in read(obj, "subjects", ())
        if item["kind"] == subject_kind
    )


_NAME = _text("Name", "metadata.name")
_AGE = _age_of("Age", "metadata.creationTimestamp")
_DEFAULT: Final = (_NAME, _AGE)
_WIDE_TEMPLATE: Final = (_computed("Containers", _containers, 1), _computed("Images", _images, 1))
_SELECTOR = _computed("Selector", lambda obj: _pairs(read(obj, "spec.selector.matchLabels")), 1)
_ROLE_REF = _computed("Role", lambda obj: f"{obj['roleRef']['kind']}/{obj['roleRef']['name']}")
_SUBJECTS: Final = tuple(
    _computed(title, _subjects(kind), 1)
    for title, kind in (("Users", "User"), ("Groups", "Group"), ("ServiceAccounts", "ServiceAccount"))
)

_COLUMNS: Final[dict[tuple[str, str], tuple[Column, ...]]] = {
    ("", "pods"): (
        _NAME,
        _computed("Ready", ready_containers),
        _computed("Status", pod_status),
        Column("Restarts", restarts),
        _AGE,
        _text("IP", "status.podIP", priority=1),
        _text("Node", "spec.nodeName", priority=1),
        _text("Nominated Node", "status.nominatedNodeName", priority=1),
        _computed("Readiness Gates", lambda _: NONE, 1),
    ),
    ("apps", "deployments"): (
        _NAME,
        _computed("Ready", lambda obj: f"{read(obj, 'status.readyReplicas', 0)}/{read(obj, 'spec.replicas', 0)}"),
        _number("Up-to-date", "status.updatedReplicas"),
        _number("Available", "status.availableReplicas"),
        _AGE,
        *_WIDE_TEMPLATE,
        _SELECTOR,
    ),
    ("apps", "replicasets"): (
        _NAME,
        _number("Desired", "spec.replicas"),
        _number("Current", "status.replicas"),
        _number("Ready", "status.readyReplicas"),
        _AGE,
        *_WIDE_TEMPLATE,
        _SELECTOR,
    ),
    ("apps", "statefulsets"): (
        _NAME,
        _computed("Ready", lambda obj: f"{read(obj, 'status.readyReplicas', 0)}/{read(obj, 'spec.replicas', 0)}"),
        _AGE,
        *_WIDE_TEMPLATE,
    ),
    ("apps", "daemonsets"): (
        _NAME,
        _number("Desired", "status.desiredNumberScheduled"),
        _number("Current", "status.currentNumberScheduled"),
        _number("Ready", "status.numberReady"),
        _number("Up-to-date", "status.updatedNumberScheduled"),
        _number("Available", "status.numberAvailable"),
        _computed("Node Selector", lambda obj: _pairs(read(obj, "spec.template.spec.nodeSelector"))),
        _AGE,
        *_WIDE_TEMPLATE,
        _SELECTOR,
    ),
    ("batch", "jobs"): (
        _NAME,
        _computed("Status", _job_status),
        _computed(
            "Completions", lambda obj: f"{read(obj, 'status.succeeded', 0)}/{read(obj, 'spec.completions', 1)}"
        ),
        Column("Duration", _job_duration),
        _AGE,
        *_WIDE_TEMPLATE,
        _SELECTOR,
    ),
    ("batch", "cronjobs"): (
        _NAME,
        _text("Schedule", "spec.schedule"),
        _text("Timezone", "spec.timeZone"),
        _computed("Suspend", lambda obj: str(bool(read(obj, "spec.suspend")))),
        _count("Active", "status.active"),
        _age_of("Last Schedule", "status.lastScheduleTime", NONE),
        _AGE,
        *_WIDE_TEMPLATE,
        _SELECTOR,
    ),
    ("", "services"): (
        _NAME,
        _text("Type", "spec.type"),
        _text("Cluster-IP", "spec.clusterIP"),
        _computed("External-IP", _external_ip),
        _computed("Port(s)", _service_ports),
        _AGE,
        _computed("Selector", lambda obj: _pairs(read(obj, "spec.selector")), 1),
    ),
    ("", "namespaces"): (_NAME, _text("Status", "status.phase"), _AGE),
    ("", "nodes"): (
        _NAME,
        _computed("Status", _node_status),
        _computed("Roles", _node_roles),
        _AGE,
        _text("Version", "status.nodeInfo.kubeletVersion"),
        _computed("Internal-IP", _node_address("InternalIP"), 1),
        _computed("External-IP", _node_address("ExternalIP"), 1),
        _text("OS-Image", "status.nodeInfo.osImage", priority=1),
        _text("Kernel-Version", "status.nodeInfo.kernelVersion", priority=1),
        _text("Container-Runtime", "status.nodeInfo.containerRuntimeVersion", priority=1),
    ),
    ("", "events"): (
        Column("Last Seen", _last_seen),
        _text("Type", "type"),
        _text("Reason", "reason"),
        _computed("Object", _event_object),
        _text("Subobject", "involvedObject.fieldPath", "", 1),
        _text("Source", "source.component", "", 1),
        _computed("Message", lambda obj: str(read(obj, "message", "")).strip()),
        _age_of("First Seen", "firstTimestamp"),
        _number("Count", "count", 1),
        _text("Name", "metadata.name", priority=1),
    ),
    ("", "configmaps"): (_NAME, _count("Data", "data"), _AGE),
    ("", "secrets"): (_NAME, _text("Type", "type"), _count("Data", "data"), _AGE),
    ("", "serviceaccounts"): (_NAME, _count("Secrets", "secrets"), _AGE),
    ("", "endpoints"): (_NAME, _computed("Endpoints", _endpoints), _AGE),
    ("", "persistentvolumeclaims"): (
        _NAME,
        _text("Status", "status.phase"),
        _text("Volume", "spec.volumeName", ""),
        _text("Capacity", "status.capacity.storage", ""),
        _computed("Access Modes", lambda obj: _access_modes(read(obj, "status.accessModes", ()))),
        _text("StorageClass", "spec.storageClassName", ""),
        _AGE,
    ),
    ("", "persistentvolumes"): (
        _NAME,
        _text("Capacity", "spec.capacity.storage", ""),
        _computed("Access Modes", lambda obj: _access_modes(read(obj, "spec.accessModes", ()))),
        _text("Reclaim Policy", "spec.persistentVolumeReclaimPolicy", ""),
        _text("Status", "status.phase"),
        _computed(
            "Claim", lambda obj: "/".join(read(obj, f"spec.claimRef.{part}", "") for part in ("namespace", "name"))
        ),
        _text("StorageClass", "spec.storageClassName", ""),
        _AGE,
    ),
    ("discovery.k8s.io", "endpointslices"): (
        _NAME,
        _text("AddressType", "addressType"),
        _computed("Ports", lambda obj: _comma(port["port"] for port in read(obj, "ports", ()))),
        _computed("Endpoints", _slice_endpoints),
        _AGE,
    ),
    ("networking.k8s.io", "ingresses"): (
        _NAME,
        _text("Class", "spec.ingressClassName"),
        _computed("Hosts", _hosts),
        _computed("Address", lambda obj: "" if _external_ip(obj) == NONE else _external_ip(obj)),
        _computed("Ports", lambda obj: "80, 443" if read(obj, "spec.tls") else "80"),
        _AGE,
    ),
    ("networking.k8s.io", "ingressclasses"): (
        _NAME,
        _text("Controller", "spec.controller"),
        _text("Parameters", "spec.parameters.name"),
        _AGE,
    ),
    ("autoscaling", "horizontalpodautoscalers"): (
        _NAME,
        _computed(
            "Reference", lambda obj: "/".join(read(obj, f"spec.scaleTargetRef.{part}") for part in ("kind", "name"))
        ),
        _computed("Targets", _hpa_targets),
        _number("MinPods", "spec.minReplicas"),
        _number("MaxPods", "spec.maxReplicas"),
        _number("Replicas", "status.currentReplicas"),
        _AGE,
    ),
    ("policy", "poddisruptionbudgets"): (
        _NAME,
        _text("Min Available", "spec.minAvailable", "N/A"),
        _text("Max Unavailable", "spec.maxUnavailable", "N/A"),
        _number("Allowed Disruptions", "status.disruptionsAllowed"),
        _AGE,
    ),
    ("storage.k8s.io", "storageclasses"): (
        _NAME,
        _text("Provisioner", "provisioner"),
        _text("ReclaimPolicy", "reclaimPolicy"),
        _text("VolumeBindingMode", "volumeBindingMode"),
        _computed("AllowVolumeExpansion", lambda obj: str(bool(obj.get("allowVolumeExpansion"))).lower()),
        _AGE,
    ),
    ("scheduling.k8s.io", "priorityclasses"): (
        _NAME,
        _number("Value", "value"),
        _computed("Global-Default", lambda obj: str(bool(obj.get("globalDefault"))).lower()),
        _AGE,
    ),
    ("rbac.authorization.k8s.io", "roles"): (_NAME, _text("Created At", "metadata.creationTimestamp")),
    ("rbac.authorization.k8s.io", "clusterroles"): (_NAME, _text("Created At", "metadata.creationTimestamp")),
    ("rbac.authorization.k8s.io", "rolebindings"): (_NAME, _ROLE_REF, _AGE, *_SUBJECTS),
    ("rbac.authorization.k8s.io", "clusterrolebindings"): (_NAME, _ROLE_REF, _AGE, *_SUBJECTS),
    ("coordination.k8s.io", "leases"): (_NAME, _text("Holder", "spec.holderIdentity", ""), _AGE),
    ("apiextensions.k8s.io", "customresourcedefinitions"): (_NAME, _text("Created At", "metadata.creationTimestamp")),
}

_ACCESS_MODES: Final = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def _access_modes(modes: Iterable[str]) -> str:
    return ",".join(_ACCESS_MODES.get(mode, mode) for mode in modes)

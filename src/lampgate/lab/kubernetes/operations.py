"""The data actions Azure knows for AKS, as data: what a wildcard question (``can-i '*' '*'``) expands to.

Follows the operations list of the resource provider Microsoft.ContainerService; custom resources and non-resource
paths are left out, as no wildcard expands to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Operation:
    """One data action, e.g. ``apps/deployments/read``; ``action`` is its last part (or last two: ``exec/action``)."""

    group: str
    resource: str
    action: str
    namespaced: bool


_RWD = ("read", "write", "delete")
_CLUSTER_SCOPED: Final = {
    "admissionregistration.k8s.io": ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"),
    "apiextensions.k8s.io": ("customresourcedefinitions",),
    "apiregistration.k8s.io": ("apiservices",),
    "certificates.k8s.io": ("certificatesigningrequests",),
    "flowcontrol.apiserver.k8s.io": ("flowschemas", "prioritylevelconfigurations"),
    "networking.k8s.io": ("ingressclasses",),
    "node.k8s.io": ("runtimeclasses",),
    "policy": ("podsecuritypolicies",),
    "rbac.authorization.k8s.io": ("clusterrolebindings", "clusterroles"),
    "scheduling.k8s.io": ("priorityclasses",),
    "storage.k8s.io": ("csidrivers", "csinodes", "storageclasses", "volumeattachments"),
    "": ("componentstatuses", "namespaces", "nodes", "persistentvolumes"),
}
_NAMESPACED: Final = {
    "": (
        "configmaps", "endpoints", "events", "limitranges", "persistentvolumeclaims", "pods", "podtemplates",
        "replicationcontrollers", "resourcequotas", "secrets", "serviceaccounts", "services",
    ),
    "apps": ("controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
    "coordination.k8s.io": ("leases",),
    "discovery.k8s.io": ("endpointslices",),
    "events.k8s.io": ("events",),
    "extensions": ("daemonsets", "deployments", "ingresses", "networkpolicies", "replicasets"),
    "networking.k8s.io": ("ingresses", "networkpolicies"),
    "policy": ("poddisruptionbudgets",),
    "rbac.authorization.k8s.io": ("rolebindings", "roles"),
    "storage.k8s.io": ("csistoragecapacities",),
}  # fmt: skip
_SPECIAL: Final = (
    Operation("", "bindings", "write", True),
    Operation("", "pods", "exec/action", True),
    Operation("", "groups", "impersonate/action", False),
    Operation("", "serviceaccounts", "impersonate/action", True),
    Operation("", "users", "impersonate/action", False),
    Operation("authentication.k8s.io", "tokenreviews", "write", False),
    Operation("authentication.k8s.io", "userextras", "impersonate/action", False),
    Operation("authorization.k8s.io", "localsubjectaccessreviews", "write", True),
    Operation("authorization.k8s.io", "selfsubjectaccessreviews", "write", False),
    Operation("authorization.k8s.io", "selfsubjectrulesreviews", "write", False),
    Operation("authorization.k8s.io", "subjectaccessreviews", "write", False),
    Operation("metrics.k8s.io", "nodes", "read", False),
    Operation("metrics.k8s.io", "pods", "read", True),
    Operation("policy", "podsecuritypolicies", "use/action", False),
    *(
        Operation("rbac.authorization.k8s.io", resource, action, namespaced)
        for resource, namespaced in (("clusterroles", False), ("roles", True))
        for action in ("bind/action", "escalate/action")
    ),
)

OPERATIONS: Final[tuple[Operation, ...]] = (
    *(
        Operation(group, resource, action, namespaced)
        for table, namespaced in ((_CLUSTER_SCOPED, False), (_NAMESPACED, True))
        for group, resources in table.items()
        for resource in resources
        for action in _RWD
    ),
    *_SPECIAL,
)

"""The kinds the lab's cluster knows, as data: discovery, routing, selectors and writes all read this table.

To add a kind, add a row here, its columns in `table_columns` and, if something has to act on it, a reaction in
`controllers`. A kind whose effect nothing here would bring about (a NetworkPolicy, a RoleBinding) can be read and not
written: the lab does not pretend.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

READ: Final = ("get", "list", "watch")
READ_AND_DELETE: Final = ("delete", "deletecollection", *READ)
ALL: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
#: An object that is answered and not kept (a review).
CREATE_ONLY: Final = ("create",)


@dataclass(frozen=True, slots=True)
class Subresource:
    """Something below an object, e.g. ``pods/log``.

    :ivar kind: what it takes and gives; the parent's own kind for ``status`` and ``log``.
    """

    name: str
    verbs: tuple[str, ...]
    kind: str = ""
    group: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind in one version. Compared by identity: there is one row per kind."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    verbs: tuple[str, ...] = READ
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[Subresource, ...] = ()
    #: Fields a field selector may name, besides ``metadata.name`` and ``metadata.namespace``.
    selectable: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """``apps/v1``, or ``v1`` in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        """``pod``."""
        return self.kind.lower()

    def subresource(self, name: str) -> Subresource | None:
        """The subresource with this name."""
        return next((item for item in self.subresources if item.name == name), None)


_STATUS = Subresource("status", ("get",))
_SCALE = Subresource("scale", ("get", "patch", "update"), kind="Scale", group="autoscaling", version="v1")
_ALL_CATEGORY = ("all",)
_EVENT_FIELDS = (
    "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
    "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
    "reportingComponent", "source", "type",
)  # fmt: skip
_POD_FIELDS = (
    "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
    "status.phase", "status.podIP", "status.nominatedNodeName",
)  # fmt: skip

KINDS: Final[tuple[Kind, ...]] = (
    Kind("", "v1", "configmaps", "ConfigMap", verbs=ALL, short_names=("cm",)),
    Kind("", "v1", "endpoints", "Endpoints", short_names=("ep",)),
    Kind("", "v1", "events", "Event", verbs=READ_AND_DELETE, short_names=("ev",), selectable=_EVENT_FIELDS),
    Kind("", "v1", "limitranges", "LimitRange", short_names=("limits",)),
    Kind(
        "", "v1", "namespaces", "Namespace", namespaced=False, short_names=("ns",), subresources=(_STATUS,),
        verbs=("create", "delete", "get", "list", "patch", "update", "watch"), selectable=("status.phase",),
    ),
    Kind("", "v1", "nodes", "Node", namespaced=False, short_names=("no",), subresources=(_STATUS,),
         selectable=("spec.unschedulable",)),
    Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", short_names=("pvc",), subresources=(_STATUS,)),
    Kind("", "v1", "persistentvolumes", "PersistentVolume", namespaced=False, short_names=("pv",)),
    Kind(
        "", "v1", "pods", "Pod", verbs=ALL, short_names=("po",), categories=_ALL_CATEGORY, selectable=_POD_FIELDS,
        subresources=(Subresource("log", ("get",)), _STATUS),
    ),
    Kind("", "v1", "replicationcontrollers", "ReplicationController", short_names=("rc",), categories=_ALL_CATEGORY),
    Kind("", "v1", "resourcequotas", "ResourceQuota", short_names=("quota",), subresources=(_STATUS,)),
    Kind("", "v1", "secrets", "Secret", verbs=ALL, selectable=("type",)),
    Kind("", "v1", "serviceaccounts", "ServiceAccount", verbs=ALL, short_names=("sa",)),
    Kind("", "v1", "services", "Service", verbs=ALL, short_names=("svc",), categories=_ALL_CATEGORY,
         subresources=(_STATUS,), selectable=("spec.clusterIP", "spec.type")),
    Kind("apps", "v1", "controllerrevisions", "ControllerRevision"),
    Kind("apps", "v1", "daemonsets", "DaemonSet", short_names=("ds",), categories=_ALL_CATEGORY,
         subresources=(_STATUS,)),
    Kind("apps", "v1", "deployments", "Deployment", verbs=ALL, short_names=("deploy",), categories=_ALL_CATEGORY,
         subresources=(_SCALE, _STATUS)),
    Kind("apps", "v1", "replicasets", "ReplicaSet", verbs=READ_AND_DELETE, short_names=("rs",),
         categories=_ALL_CATEGORY, subresources=(_STATUS,)),
    Kind("apps", "v1", "statefulsets", "StatefulSet", short_names=("sts",), categories=_ALL_CATEGORY,
         subresources=(_STATUS,)),
    Kind("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False,
         short_names=("crd", "crds"), categories=("api-extensions",), subresources=(_STATUS,)),
    Kind("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False,
         verbs=CREATE_ONLY),
    Kind("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False,
         verbs=CREATE_ONLY),
    Kind("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", namespaced=False,
         verbs=CREATE_ONLY),
    Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", short_names=("hpa",),
         categories=_ALL_CATEGORY, subresources=(_STATUS,)),
    Kind("batch", "v1", "cronjobs", "CronJob", verbs=READ_AND_DELETE, short_names=("cj",), categories=_ALL_CATEGORY,
         subresources=(_STATUS,)),
    Kind("batch", "v1", "jobs", "Job", verbs=READ_AND_DELETE, categories=_ALL_CATEGORY, subresources=(_STATUS,),
         selectable=("status.successful",)),
    Kind("coordination.k8s.io", "v1", "leases", "Lease"),
    Kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
    Kind("networking.k8s.io", "v1", "ingressclasses", "IngressClass", namespaced=False),
    Kind("networking.k8s.io", "v1", "ingresses", "Ingress", verbs=ALL, short_names=("ing",), subresources=(_STATUS,)),
    Kind("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", short_names=("netpol",)),
    Kind("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", short_names=("pdb",),
         subresources=(_STATUS,)),
    Kind("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    Kind("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False),
    Kind("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
    Kind("rbac.authorization.k8s.io", "v1", "roles", "Role"),
    Kind("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", namespaced=False, short_names=("pc",)),
    Kind("storage.k8s.io", "v1", "storageclasses", "StorageClass", namespaced=False, short_names=("sc",)),
)  # fmt: skip


class Registry:
    """The kinds by group, version and plural."""

    def __init__(self, kinds: Iterable[Kind] = KINDS) -> None:
        self._kinds = tuple(kinds)
        self._by_resource = {(kind.group, kind.version, kind.plural): kind for kind in self._kinds}
        self._by_kind = {(kind.api_version, kind.kind): kind for kind in self._kinds}

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._kinds)

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        """The kind behind a path."""
        return self._by_resource.get((group, version, plural))

    def of(self, api_version: str, kind: str) -> Kind:
        """The kind an object says it is.

        :raises KeyError: there is no such kind.
        """
        return self._by_kind[api_version, kind]

    def group_versions(self) -> dict[str, list[str]]:
        """The named groups with their versions, in the order of the table; the core group is not among them."""
        groups: dict[str, list[str]] = {}
        for kind in self._kinds:
            if kind.group and kind.version not in groups.setdefault(kind.group, []):
                groups[kind.group].append(kind.version)
        return groups

    def of_group_version(self, group: str, version: str) -> list[Kind]:
        """The kinds of one group and version."""
        return [kind for kind in self._kinds if (kind.group, kind.version) == (group, version)]

"""The four built-in Azure roles of the AKS data plane, as data.

Only data actions matter for the Kubernetes API; the roles' control-plane actions are not here. State of the
definitions: "Azure built-in roles for Containers" of June 2025.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from lampgate.lab import world

#: Every data action starts with it.
PREFIX: Final = "Microsoft.ContainerService/managedClusters"


@dataclass(frozen=True, slots=True)
class RoleDefinition:
    """A role: what it lets do, less what it takes back.

    ``notDataActions`` subtract from this role's own data actions only, never from another role's.
    """

    role: world.Role
    data_actions: tuple[str, ...]
    not_data_actions: tuple[str, ...] = ()
    _allow: re.Pattern[str] = field(init=False, repr=False)
    _except: re.Pattern[str] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_allow", _pattern(self.data_actions))
        object.__setattr__(self, "_except", _pattern(self.not_data_actions) if self.not_data_actions else None)

    def allows(self, data_action: str) -> bool:
        """Whether this role grants a data action (full form, with the provider's prefix)."""
        return bool(self._allow.fullmatch(data_action)) and not (
            self._except is not None and self._except.fullmatch(data_action)
        )


def _pattern(actions: tuple[str, ...]) -> re.Pattern[str]:
    """Azure's matching: case-insensitive, ``*`` stands for any run of characters, ``/`` included."""
    return re.compile(
        "|".join(re.escape(f"{PREFIX}/{action}").replace(r"\*", ".*") for action in actions), re.IGNORECASE
    )


_READ_ONLY_FOR_WRITERS = (
    "apps/controllerrevisions/read",
    "discovery.k8s.io/endpointslices/read",
    "events.k8s.io/events/read",
    "limitranges/read",
    "metrics.k8s.io/pods/read",
    "metrics.k8s.io/nodes/read",
    "namespaces/read",
    "resourcequotas/read",
)
#: What a Reader reads and a Writer may do anything with.
_WORKLOADS = (
    "apps/daemonsets",
    "apps/deployments",
    "apps/replicasets",
    "apps/statefulsets",
    "autoscaling/horizontalpodautoscalers",
    "batch/cronjobs",
    "batch/jobs",
    "configmaps",
    "endpoints",
    "events",
    "extensions/daemonsets",
    "extensions/deployments",
    "extensions/ingresses",
    "extensions/networkpolicies",
    "extensions/replicasets",
    "networking.k8s.io/ingresses",
    "networking.k8s.io/networkpolicies",
    "persistentvolumeclaims",
    "pods",
    "policy/poddisruptionbudgets",
    "replicationcontrollers",
    "serviceaccounts",
    "services",
)

READER = RoleDefinition(world.READER, _READ_ONLY_FOR_WRITERS + tuple(f"{item}/read" for item in _WORKLOADS))
WRITER = RoleDefinition(
    world.WRITER,
    _READ_ONLY_FOR_WRITERS
    + tuple(f"{item}/*" for item in _WORKLOADS)
    + (
        "coordination.k8s.io/leases/read",
        "coordination.k8s.io/leases/write",
        "coordination.k8s.io/leases/delete",
        "secrets/*",
    ),
)
ADMIN = RoleDefinition(
    world.ADMIN, ("*",), ("resourcequotas/write", "resourcequotas/delete", "namespaces/write", "namespaces/delete")
)
CLUSTER_ADMIN = RoleDefinition(world.CLUSTER_ADMIN, ("*",))

#: By role id.
DEFINITIONS: Final = {definition.role.id: definition for definition in (READER, WRITER, ADMIN, CLUSTER_ADMIN)}

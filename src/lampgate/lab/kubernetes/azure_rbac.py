"""Azure RBAC for Kubernetes: a question of the API server -> an Azure data action and scope -> a decision.

Pure. Follows the authorization webhook AKS runs (kubeguard/guard, ``authz/providers/azure``), its reasons word for
word, and Azure's own rules for assignments. Resource names and API versions never reach Azure, and neither does any
subresource but ``pods/exec``: ``pods/log`` is judged as ``pods``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from lampgate.lab import world
from lampgate.lab.kubernetes import roles
from lampgate.lab.kubernetes.authorization import Attributes, Chain, Decision, User, Verdict
from lampgate.lab.kubernetes.default_rbac import DefaultRbac
from lampgate.lab.kubernetes.operations import OPERATIONS

_ACTIONS: Final = {
    "get": "read", "list": "read", "watch": "read",
    "create": "write", "update": "write", "patch": "write",
    "delete": "delete", "deletecollection": "delete",
    "bind": "bind/action", "escalate": "escalate/action", "use": "use/action", "impersonate": "impersonate/action",
}  # fmt: skip
#: Non-resource GETs that anyone with an account may do. ``/livez`` and ``/readyz`` are not among them.
_DISCOVERY_PREFIXES: Final = ("/api", "/openapi", "/version", "/healthz")

REASON_SYSTEM_USER = "Azure does not have opinion for this user."
REASON_NOT_ENTRA = (
    "Azure does not have opinion for this non AAD user. If you are an AAD user, please set Extra:oid parameter for "
    "impersonated user in the kubeconfig"
)
REASON_DISCOVERY = "Access allowed by Azure RBAC"
REASON_NO_ASSIGNMENT = "User does not have access to the resource in Azure. Update role assignment to allow access."


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """A role given to a user, group or service principal on a scope (a resource id).

    :ivar principal_oid: the object id of the user or of a group.
    """

    principal_oid: str
    role: world.Role
    scope: str

    @property
    def id(self) -> str:
        """The assignment's own GUID; the same for the same assignment."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.scope}#{self.role.id}#{self.principal_oid}".lower()))

    def covers(self, scope: str) -> bool:
        """Whether the assignment reaches a scope: its own or any below it."""
        own, asked = self.scope.rstrip("/").lower(), scope.lower()
        return asked == own or asked.startswith(f"{own}/")

    def concerns(self, user: User) -> bool:
        """Whether the principal is the user or one of the user's groups."""
        principal = self.principal_oid.lower()
        return principal == user.oid.lower() or any(principal == group.lower() for group in user.groups)


def assignments_of_the_world() -> tuple[RoleAssignment, ...]:
    """The assignments the lab's accounts start with."""
    return tuple(
        RoleAssignment(account.oid, account.role, account.scope)
        for account in world.ACCOUNTS
        if account.role is not None
    )


def data_actions(attributes: Attributes) -> list[str]:
    """The Azure data actions a question needs, all of them; more than one only where it has a wildcard."""
    action = _ACTIONS.get(attributes.verb, "")
    if not attributes.resource:
        return [_join(attributes.path, action or attributes.verb)]
    if "*" in (attributes.verb, attributes.group, attributes.resource):
        return [
            _join(operation.group, operation.resource, operation.action)
            for operation in OPERATIONS
            if attributes.resource in ("*", operation.resource)
            and attributes.group in ("*", operation.group)
            and (attributes.verb == "*" or action == operation.action)
            and (operation.namespaced or not attributes.namespace)
        ]
    if attributes.resource == "pods" and attributes.subresource == "exec":
        return [_join("pods/exec/action")]
    return [_join(attributes.group, attributes.resource, action)]


def scope_of(cluster_resource_id: str, namespace: str) -> str:
    """The Azure resource a question is about: a namespace or the cluster as a whole."""
    return f"{cluster_resource_id}/namespaces/{namespace}" if namespace else cluster_resource_id


class AzureRbac:
    """The decision over a set of role assignments, which may be replaced while the lab runs."""

    def __init__(self, cluster_resource_id: str, assignments: Iterable[RoleAssignment]) -> None:
        self._cluster_resource_id = cluster_resource_id
        self.assignments: tuple[RoleAssignment, ...] = tuple(assignments)

    def authorize(self, attributes: Attributes) -> Decision:
        """Decide as the webhook does: no opinion on anyone who is not an Entra user, else allow or deny."""
        user = attributes.user
        if user.name.lower().startswith("system:"):
            return Decision(Verdict.NO_OPINION, REASON_SYSTEM_USER)
        if not user.oid:
            return Decision(Verdict.NO_OPINION, REASON_NOT_ENTRA)
        if not attributes.resource and attributes.verb == "get" and attributes.path.startswith(_DISCOVERY_PREFIXES):
            return Decision(Verdict.ALLOW, REASON_DISCOVERY)
        held = self._held(user, scope_of(self._cluster_resource_id, attributes.namespace))
        actions = data_actions(attributes)
        granting: RoleAssignment | None = None
        for action in actions:
            granting = next((item for item in held if roles.DEFINITIONS[item.role.id].allows(action)), None)
            if granting is None:
                break
        if granting is None:  # no grant for one of the actions, or a wildcard that stands for nothing known
            return Decision(Verdict.DENY, REASON_NO_ASSIGNMENT)
        return Decision(
            Verdict.ALLOW,
            f"Access allowed by Azure RBAC Role Assignment {_dashless(granting.id)} "
            f"of Role {_dashless(granting.role.id)} to user {user.name}",
        )

    def _held(self, user: User, scope: str) -> Sequence[RoleAssignment]:
        return [item for item in self.assignments if item.concerns(user) and item.covers(scope)]


def aks_authorizer(assignments: Iterable[RoleAssignment] | None = None) -> Chain:
    """The authorization of the lab's cluster: Kubernetes RBAC first, then Azure.

    :param assignments: those of the lab's accounts unless given.
    """
    held = assignments_of_the_world() if assignments is None else assignments
    return Chain([DefaultRbac(), AzureRbac(world.CLUSTER_RESOURCE_ID, held)])


def _join(*parts: str) -> str:
    """As Go's ``path.Join``: empty parts vanish, slashes do not double."""
    return "/".join([roles.PREFIX, *(part.strip("/") for part in parts if part.strip("/"))])


def _dashless(guid: str) -> str:
    return guid.replace("-", "")

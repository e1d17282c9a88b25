"""Questions, the Azure data actions they become, and what the four roles answer."""

from __future__ import annotations

from typing import Any

import pytest

from lampgate.lab import world
from lampgate.lab.kubernetes import azure_rbac, roles
from lampgate.lab.kubernetes.authorization import Attributes, Decision, User, Verdict
from lampgate.lab.kubernetes.azure_rbac import AzureRbac, RoleAssignment, aks_authorizer, data_actions
from tests.lab.kubernetes.conftest import ADA, NORA, RITA, WES

PREFIX = "Microsoft.ContainerService/managedClusters/"


def user(account: world.Account, **changes: Any) -> User:
    groups = (*account.groups, "system:authenticated")
    return User(**{"name": account.username, "groups": groups, "extra": {"oid": [account.oid]}, **changes})


def question(who: User, verb: str, resource: str, namespace: str = "", **more: str) -> Attributes:
    """``resource`` as ``plural``, ``group/plural`` or, with a leading slash, a path."""
    if resource.startswith("/"):
        return Attributes(who, verb, path=resource)
    group, _, plural = resource.rpartition("/")
    return Attributes(who, verb, group=group, resource=plural, namespace=namespace, **more)


@pytest.mark.parametrize(
    ("verb", "resource", "subresource", "action"),
    [
        ("get", "pods", "", "pods/read"),
        ("list", "pods", "", "pods/read"),
        ("watch", "apps/deployments", "", "apps/deployments/read"),
        ("create", "apps/deployments", "", "apps/deployments/write"),
        ("update", "pods", "", "pods/write"),
        ("patch", "apps/deployments", "scale", "apps/deployments/write"),
        ("delete", "secrets", "", "secrets/delete"),
        ("deletecollection", "secrets", "", "secrets/delete"),
        ("get", "pods", "log", "pods/read"),
        ("create", "pods", "exec", "pods/exec/action"),
        ("get", "pods", "exec", "pods/exec/action"),
        ("get", "pods", "portforward", "pods/read"),
        ("create", "pods", "portforward", "pods/write"),
        ("create", "pods", "eviction", "pods/write"),
        ("get", "nodes", "proxy", "nodes/read"),
        ("bind", "rbac.authorization.k8s.io/roles", "", "rbac.authorization.k8s.io/roles/bind/action"),
        (
            "escalate",
            "rbac.authorization.k8s.io/clusterroles",
            "",
            "rbac.authorization.k8s.io/clusterroles/escalate/action",
        ),
        ("use", "policy/podsecuritypolicies", "", "policy/podsecuritypolicies/use/action"),
        ("impersonate", "users", "", "users/impersonate/action"),
        ("get", "example.com/widgets", "", "example.com/widgets/read"),
        ("get", "/metrics", "", "metrics/read"),
        ("get", "/readyz/ping", "", "readyz/ping/read"),
    ],
)
def test_data_actions(verb: str, resource: str, subresource: str, action: str) -> None:
    asked = (
        question(user(ADA), verb, resource, "shop", subresource=subresource)
        if resource[0] != "/"
        else question(user(ADA), verb, resource)
    )
    assert data_actions(asked) == [PREFIX + action]


def test_wildcards_expand_to_what_azure_knows() -> None:
    everything = data_actions(question(user(ADA), "*", "*/*"))
    assert PREFIX + "pods/exec/action" in everything
    assert PREFIX + "nodes/read" in everything
    in_a_namespace = data_actions(question(user(ADA), "*", "*/*", "shop"))
    assert PREFIX + "pods/exec/action" in in_a_namespace
    assert PREFIX + "nodes/read" not in in_a_namespace
    assert data_actions(question(user(ADA), "get", "apps/*")) == [
        f"{PREFIX}apps/{plural}/read"
        for plural in ("controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets")
    ]


ALLOWED, REFUSED = True, False


@pytest.mark.parametrize(
    ("who", "verb", "resource", "namespace", "expected"),
    [
        (ADA, "list", "secrets", "", ALLOWED),
        (ADA, "delete", "nodes", "", ALLOWED),
        (ADA, "list", "example.com/widgets", "", ALLOWED),
        (ADA, "get", "/metrics", "", ALLOWED),
        (ADA, "*", "*/*", "", ALLOWED),
        (RITA, "list", "pods", "", ALLOWED),
        (RITA, "list", "namespaces", "", ALLOWED),
        (RITA, "watch", "apps/deployments", "shop", ALLOWED),
        (RITA, "list", "secrets", "shop", REFUSED),
        (RITA, "list", "nodes", "", REFUSED),
        (RITA, "list", "persistentvolumes", "", REFUSED),
        (RITA, "list", "rbac.authorization.k8s.io/roles", "shop", REFUSED),
        (RITA, "list", "example.com/widgets", "shop", REFUSED),
        (RITA, "delete", "pods", "shop", REFUSED),
        (RITA, "create", "pods", "shop", REFUSED),
        (RITA, "get", "/metrics", "", REFUSED),
        (RITA, "get", "*/*", "", REFUSED),
        (WES, "list", "pods", "shop", ALLOWED),
        (WES, "delete", "apps/deployments", "shop", ALLOWED),
        (WES, "list", "secrets", "shop", ALLOWED),
        (WES, "list", "pods", "", REFUSED),
        (WES, "list", "pods", "shopping", REFUSED),
        (WES, "list", "namespaces", "", REFUSED),
        (WES, "get", "namespaces", "shop", ALLOWED),
        (WES, "delete", "namespaces", "shop", REFUSED),
        (WES, "create", "resourcequotas", "shop", REFUSED),
        (WES, "list", "rbac.authorization.k8s.io/roles", "shop", REFUSED),
        (NORA, "list", "pods", "default", REFUSED),
    ],
    ids=lambda value: value.display_name if isinstance(value, world.Account) else str(value),
)
def test_what_the_people_may_do(who: world.Account, verb: str, resource: str, namespace: str, expected: bool) -> None:
    decision = aks_authorizer().authorize(question(user(who), verb, resource, namespace))
    assert decision.allowed is expected
    if not expected:
        assert decision == Decision(Verdict.DENY, azure_rbac.REASON_NO_ASSIGNMENT)


@pytest.mark.parametrize(
    ("who", "expected"), [(RITA, REFUSED), (WES, ALLOWED), (ADA, ALLOWED)], ids=["Reader", "Writer", "Cluster Admin"]
)
def test_exec(who: world.Account, expected: bool) -> None:
    for verb in ("get", "create"):
        asked = question(user(who), verb, "pods", "shop", subresource="exec")
        assert aks_authorizer().authorize(asked).allowed is expected


@pytest.mark.parametrize(
    ("action", "allowed"),
    [("secrets/read", True), ("namespaces/read", True), ("namespaces/write", False), ("NAMESPACES/DELETE", False),
     ("resourcequotas/write", False), ("resourcequotas/read", True), ("rbac.authorization.k8s.io/roles/write", True)],
)  # fmt: skip
def test_admin_cannot_touch_namespaces_and_quotas(action: str, allowed: bool) -> None:
    assert roles.ADMIN.allows(PREFIX + action) is allowed


def test_the_reason_names_assignment_and_role_without_dashes() -> None:
    (assignment,) = (item for item in azure_rbac.assignments_of_the_world() if item.principal_oid == RITA.oid)
    decision = aks_authorizer().authorize(question(user(RITA), "list", "pods", "shop"))
    assert decision.reason == (
        f"Access allowed by Azure RBAC Role Assignment {assignment.id.replace('-', '')} "
        f"of Role 7f6c6a51bcf842ba922052d62157d7db to user {RITA.username}"
    )


def test_exceptions_of_one_role_do_not_weaken_another() -> None:
    both = [
        RoleAssignment(NORA.oid, world.ADMIN, world.CLUSTER_RESOURCE_ID),
        RoleAssignment(NORA.oid, world.CLUSTER_ADMIN, world.CLUSTER_RESOURCE_ID),
    ]
    assert aks_authorizer(both).authorize(question(user(NORA), "delete", "namespaces")).allowed
    assert not aks_authorizer(both[:1]).authorize(question(user(NORA), "delete", "namespaces")).allowed


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (f"/subscriptions/{world.SUBSCRIPTION_ID}", True),
        (f"/subscriptions/{world.SUBSCRIPTION_ID}/resourcegroups/RG-LAB", True),
        (f"/subscriptions/{world.SUBSCRIPTION_ID}/resourceGroups/rg-la", False),
        (world.CLUSTER_RESOURCE_ID.upper(), True),
        (f"{world.CLUSTER_RESOURCE_ID}/namespaces/shop", True),
        (f"{world.CLUSTER_RESOURCE_ID}/namespaces/sho", False),
        (f"{world.CLUSTER_RESOURCE_ID}-2", False),
    ],
)
def test_scopes_are_inherited_downwards(scope: str, expected: bool) -> None:
    authorizer = aks_authorizer([RoleAssignment(NORA.oid, world.READER, scope)])
    assert authorizer.authorize(question(user(NORA), "list", "pods", "shop")).allowed is expected


def test_a_group_can_hold_the_role() -> None:
    group = "9c0d4b1e-55aa-4d0c-9a8f-3f1f0c7b6e99"
    authorizer = aks_authorizer([RoleAssignment(group.upper(), world.READER, world.CLUSTER_RESOURCE_ID)])
    asked = question(user(NORA, groups=(group, "system:authenticated")), "list", "pods")
    assert authorizer.authorize(asked).allowed


@pytest.mark.parametrize(
    "path", ["/api", "/apis/apps/v1", "/openapi/v2", "/version", "/healthz", "/livez", "/readyz"]
)
def test_looking_around_needs_no_role(path: str) -> None:
    assert aks_authorizer().authorize(question(user(NORA), "get", path)).allowed


def test_azure_itself_leaves_livez_to_kubernetes() -> None:
    azure = AzureRbac(world.CLUSTER_RESOURCE_ID, ())
    assert azure.authorize(question(user(NORA), "get", "/version")).reason == "Access allowed by Azure RBAC"
    assert azure.authorize(question(user(NORA), "get", "/livez")).verdict is Verdict.DENY


def test_azure_has_no_opinion_on_users_that_are_not_its_own() -> None:
    azure = AzureRbac(world.CLUSTER_RESOURCE_ID, azure_rbac.assignments_of_the_world())
    system = user(ADA, name="System:serviceaccount:headlamp:gateway")
    assert azure.authorize(question(system, "list", "pods")) == Decision(
        Verdict.NO_OPINION, "Azure does not have opinion for this user."
    )
    stranger = user(ADA, extra={})
    assert azure.authorize(question(stranger, "list", "pods")).reason.startswith(
        "Azure does not have opinion for this non AAD user."
    )

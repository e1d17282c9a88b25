"""The fixed facts of the lab's world: one tenant, one cluster, four people and what Azure lets each of them do.

Identifiers of Microsoft's own applications and roles are the real ones (the same in every tenant).
"""

from __future__ import annotations

from dataclasses import dataclass

TENANT_ID = "0f3c9a52-6f0e-4c57-9d43-6a1f2b7c8d10"
TENANT_DOMAIN = "contoso.example"
TENANT_NAME = "Contoso Lab"

#: "Azure Kubernetes Service AAD Server": the resource whose access tokens AKS accepts.
AKS_SERVER_APP_ID = "6dae42f8-4368-4678-94ff-3960e28e3630"
#: "Azure Kubernetes Service AAD Client": the public client kubelogin uses.
AKS_CLIENT_APP_ID = "80faf920-1908-4b52-b5ef-a8e7bedfc67a"
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"

#: The gateway's own app registration in the lab's tenant.
GATEWAY_APP_ID = "5b1e0c44-2f7d-4a86-8c1e-9d3f60a7b215"
GATEWAY_APP_NAME = "headlamp-gateway"
#: The federated credential of that registration: the gateway's service account.
GATEWAY_SERVICE_ACCOUNT = "system:serviceaccount:headlamp:gateway"
FEDERATION_AUDIENCE = "api://AzureADTokenExchange"

SUBSCRIPTION_ID = "7c2d1e9b-3a64-4f0d-b8a5-1e6f4c2d9a07"
RESOURCE_GROUP = "rg-lab"
CLUSTER_NAME = "aks-lab"
CLUSTER_RESOURCE_ID = (
    f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{RESOURCE_GROUP}"
    f"/providers/Microsoft.ContainerService/managedClusters/{CLUSTER_NAME}"
)
#: The cluster's name in Headlamp's URLs.
CONTEXT_NAME = "main"


@dataclass(frozen=True, slots=True)
class Role:
    """A built-in Azure role for the data plane of AKS."""

    id: str
    name: str


CLUSTER_ADMIN = Role("b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b", "Azure Kubernetes Service RBAC Cluster Admin")
ADMIN = Role("3498e952-d568-435e-9b2c-8d77e338d7f7", "Azure Kubernetes Service RBAC Admin")
WRITER = Role("a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb", "Azure Kubernetes Service RBAC Writer")
READER = Role("7f6c6a51-bcf8-42ba-9220-52d62157d7db", "Azure Kubernetes Service RBAC Reader")


@dataclass(frozen=True, slots=True)
class Account:
    """A person of the lab's tenant, with at most one role assignment.

    :ivar namespace: the scope of the assignment; None: the whole cluster.
    :ivar summary: what this person gets to see, in a few words, for the account picker and the start-up table.
    """

    username: str
    display_name: str
    oid: str
    role: Role | None
    namespace: str | None
    groups: tuple[str, ...]
    summary: str

    @property
    def scope(self) -> str:
        """The resource id the role is assigned on; empty without a role."""
        if self.role is None:
            return ""
        return f"{CLUSTER_RESOURCE_ID}/namespaces/{self.namespace}" if self.namespace else CLUSTER_RESOURCE_ID


ACCOUNTS: tuple[Account, ...] = (
    Account(
        username=f"ada@{TENANT_DOMAIN}",
        display_name="Ada Admin",
        oid="a1c7f0de-1b2f-4f6a-8f31-0d7f5b9e2a01",
        role=CLUSTER_ADMIN,
        namespace=None,
        groups=("9c0d4b1e-55aa-4d0c-9a8f-3f1f0c7b6e01",),
        summary="sees and changes everything, secrets too",
    ),
    Account(
        username=f"rita@{TENANT_DOMAIN}",
        display_name="Rita Reader",
        oid="b2d8f1ef-2c30-4a7b-9f42-1e806caf3b02",
        role=READER,
        namespace=None,
        groups=("9c0d4b1e-55aa-4d0c-9a8f-3f1f0c7b6e02",),
        summary="reads workloads everywhere; no secrets, no nodes",
    ),
    Account(
        username=f"wes@{TENANT_DOMAIN}",
        display_name="Wes Writer",
        oid="c3e902f0-3d41-4b8c-a053-2f917db04c03",
        role=WRITER,
        namespace="shop",
        groups=("9c0d4b1e-55aa-4d0c-9a8f-3f1f0c7b6e03",),
        summary="works in the namespace shop and nowhere else",
    ),
    Account(
        username=f"nora@{TENANT_DOMAIN}",
        display_name="Nora Norole",
        oid="d4fa1301-4e52-4c9d-b164-30a28ec15d04",
        role=None,
        namespace=None,
        groups=(),
        summary="signs in, and the cluster refuses every request",
    ),
)

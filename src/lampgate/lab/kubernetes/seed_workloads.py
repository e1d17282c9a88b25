"""The applications of the lab's cluster, as data: a small shop, its monitoring, the dashboard, and what AKS runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Controller = Literal["Deployment", "StatefulSet", "DaemonSet"]


@dataclass(frozen=True, slots=True)
class App:
    """One application: a controller, its pods, and a Service if it has a port.

    :ivar age_days: how long it has been there.
    :ivar crashing: what its container says before it exits; its pods are in CrashLoopBackOff.
    """

    namespace: str
    name: str
    image: str
    replicas: int = 1
    port: int = 0
    controller: Controller = "Deployment"
    age_days: float = 40.0
    cpu: str = "100m"
    memory: str = "128Mi"
    environment: dict[str, str] = field(default_factory=dict)
    service_account: str = "default"
    sidecar: tuple[str, str] | None = None
    crashing: tuple[str, ...] = ()


APPS: Final[tuple[App, ...]] = (
    App("kube-system", "coredns", "mcr.microsoft.com/oss/v2/kubernetes/coredns:v1.12.4", 2, 53, memory="170Mi"),
    App("kube-system", "metrics-server", "mcr.microsoft.com/oss/v2/kubernetes/metrics-server:v0.8.0", 2, 443),
    App("kube-system", "konnectivity-agent",
        "mcr.microsoft.com/oss/v2/kubernetes/proxy-agent:v0.31.4", 2),
    App("kube-system", "azure-wi-webhook", "mcr.microsoft.com/oss/v2/azure/workload-identity/webhook:v1.6.0", 2, 443),
    App("kube-system", "kube-proxy", "mcr.microsoft.com/oss/v2/kubernetes/kube-proxy:v1.34.4",
        controller="DaemonSet"),
    App("kube-system", "cloud-node-manager", "mcr.microsoft.com/oss/v2/kubernetes/azure-cloud-node-manager:v1.34.2",
        controller="DaemonSet"),
    App("kube-system", "csi-azuredisk-node", "mcr.microsoft.com/oss/v2/kubernetes-csi/azuredisk-csi:v1.33.5",
        controller="DaemonSet", memory="600Mi"),
    App("headlamp", "headlamp", "ghcr.io/headlamp-k8s/headlamp:v0.45.0", 1, 80, age_days=12.0,
        service_account="headlamp"),
    App("headlamp", "gateway", "registry.contoso.example/lampgate:0.1.0", 2, 4180, age_days=3.0,
        service_account="gateway"),
    App("shop", "web", "registry.contoso.example/shop/web:2.14.1", 3, 8080, age_days=6.2,
        environment={"CATALOG_URL": "http://catalog:8080", "CART_URL": "http://cart:8080"}),
    App("shop", "catalog", "registry.contoso.example/shop/catalog:1.9.0", 2, 8080, age_days=20.0,
        environment={"DATABASE_URL": "postgres://orders-db:5432/catalog"}),
    App("shop", "cart", "registry.contoso.example/shop/cart:3.2.5", 2, 8080, age_days=9.5,
        sidecar=("cache", "docker.io/valkey/valkey:8.1-alpine")),
    App("shop", "checkout", "registry.contoso.example/shop/checkout:1.4.2", 2, 8080, age_days=1.3),
    App("shop", "payments", "registry.contoso.example/shop/payments:0.8.0-rc2", 1, 8080, age_days=0.16,
        crashing=(
            "level=info msg=\"payments 0.8.0-rc2 starting\" port=8080",
            "level=info msg=\"reading the key of the payment provider\" path=/etc/payments/api-key",
            "level=error msg=\"the payment provider refused the key\" status=401 provider=sandbox",
            "level=fatal msg=\"cannot start without a payment provider\"",
        )),
    App("shop", "orders-db", "docker.io/library/postgres:17.6", 1, 5432, "StatefulSet", age_days=38.0, cpu="500m",
        memory="1Gi"),
    App("monitoring", "prometheus", "quay.io/prometheus/prometheus:v3.6.0", 1, 9090, "StatefulSet", age_days=30.0,
        cpu="500m", memory="2Gi"),
    App("monitoring", "alertmanager", "quay.io/prometheus/alertmanager:v0.28.1", 1, 9093, age_days=30.0),
    App("monitoring", "grafana", "docker.io/grafana/grafana:12.2.0", 1, 3000, age_days=30.0),
    App("monitoring", "node-exporter", "quay.io/prometheus/node-exporter:v1.9.1", port=9100, controller="DaemonSet",
        age_days=30.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One machine."""

    name: str
    pool: str
    address: str
    size: str = "Standard_D4s_v5"


NODES: Final = (
    NodeSpec("aks-system-31415926-vmss000000", "system", "10.224.0.4"),
    NodeSpec("aks-user-27182818-vmss000000", "user", "10.224.0.5"),
    NodeSpec("aks-user-27182818-vmss000001", "user", "10.224.0.6"),
)

NAMESPACES: Final = ("default", "kube-system", "headlamp", "shop", "monitoring")

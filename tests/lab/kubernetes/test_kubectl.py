"""A real kubectl against the API front, over TLS, as several people."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lampgate.lab import world
from lampgate.lab.kubernetes.cluster import Cluster
from lampgate.lab.kubernetes.container_log import LogLine
from tests.lab.kubernetes.conftest import ADA, NORA, RITA, WES, Server
from tests.lab.kubernetes.fake_entra import FakeEntra

pytestmark = [
    pytest.mark.kubectl,
    pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed"),
]


class Kubectl:
    """kubectl as one person, with nothing of this machine's own configuration."""

    def __init__(self, server: Server, token: str, home: Path, *, acting: world.Account | None = None) -> None:
        home.mkdir(parents=True)
        ca = home / "ca.pem"
        ca.write_bytes(server.ca_pem)
        user = f'token: "{token}"'
        if acting is not None:
            user += f', as: "{acting.username}", as-user-extra: {{oid: ["{acting.oid}"]}}'
        self.kubeconfig = home / "kubeconfig"
        self.kubeconfig.write_text(
            f"""
apiVersion: v1
kind: Config
clusters: [{{name: lab, cluster: {{server: "{server.origin}", certificate-authority: "{ca}"}}}}]
users: [{{name: me, user: {{{user}}}}}]
contexts: [{{name: lab, context: {{cluster: lab, user: me}}}}]
current-context: lab
"""
        )
        self.environment = {"HOME": str(home), "KUBECONFIG": str(self.kubeconfig), "PATH": "/usr/bin:/bin"}
        self.arguments = ["--cache-dir", str(home / "cache")]

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            str(shutil.which("kubectl")),
            *self.arguments,
            *arguments,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def __call__(self, *arguments: str, code: int = 0) -> str:
        """Run to the end; what it printed, errors included."""
        process = await self.start(*arguments)
        out, err = await asyncio.wait_for(process.communicate(), 30)
        printed = (out + err).decode()
        assert process.returncode == code, printed
        return printed


As = Callable[[world.Account], Kubectl]


@pytest.fixture
def kubectl_as(server: Server, entra: FakeEntra, tmp_path: Path) -> As:
    return lambda account: Kubectl(server, entra.aks_token(account), tmp_path / account.oid)


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 20)).decode()


async def _end(process: asyncio.subprocess.Process) -> None:
    process.kill()
    await process.communicate()


async def test_reader(kubectl_as: As) -> None:
    kubectl = kubectl_as(RITA)
    async with asyncio.TaskGroup() as group:

        def run(*arguments: str, code: int = 0) -> Awaitable[str]:
            return group.create_task(kubectl(*arguments, code=code))

        namespaces, pods = run("get", "ns"), run("get", "pods", "-A")
        secrets = run("get", "secrets", "-A", code=1)
        nodes = run("get", "nodes", code=1)
        wide = run("get", "deploy", "-n", "shop", "-o", "wide")
        can, cannot = run("auth", "can-i", "get", "pods"), run("auth", "can-i", "get", "secrets", code=1)
        rules = run("auth", "can-i", "--list")
        identity = run("auth", "whoami")
    print_ = (await namespaces).splitlines()
    assert print_[0].split() == ["NAME", "STATUS", "AGE"]
    assert ["shop", "Active", "40d"] in [line.split() for line in print_]
    lines = (await pods).splitlines()
    assert lines[0].split() == ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    (payments,) = (line.split() for line in lines if "payments" in line)
    assert payments[2:5] == ["0/1", "CrashLoopBackOff", "47"]
    refusal = (
        f'Error from server (Forbidden): {{}} is forbidden: User "{RITA.username}" cannot list resource "{{}}" in '
        'API group "" at the cluster scope: User does not have access to the resource in Azure. '
        "Update role assignment to allow access.\n"
    )
    assert await secrets == refusal.format("secrets", "secrets")
    assert await nodes == refusal.format("nodes", "nodes")
    header, *deployments = (await wide).splitlines()
    assert header.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]
    assert any(line.split()[:4] == ["payments", "0/1", "1", "0"] for line in deployments)
    assert await can == "yes\n"
    assert (await cannot).startswith("no - User does not have access to the resource in Azure.")
    assert "webhook authorizer does not support user rule resolution" in await rules
    assert "selfsubjectaccessreviews.authorization.k8s.io" in await rules
    for expected in (RITA.username, RITA.groups[0], "system:authenticated", RITA.oid):
        assert expected in await identity


async def test_admin_looks_around(kubectl_as: As, cluster: Cluster) -> None:
    kubectl = kubectl_as(ADA)
    (crashing,) = (
        pod["metadata"]["name"]
        for pod in cluster.select(cluster.kind("pods"), "shop")
        if pod["metadata"]["name"].startswith("payments")
    )
    async with asyncio.TaskGroup() as group:

        def run(*arguments: str, code: int = 0) -> Awaitable[str]:
            return group.create_task(kubectl(*arguments, code=code))

        secrets, everything = run("get", "secrets", "-n", "shop"), run("get", "all", "-n", "shop")
        description = run("describe", "pod", "-n", "shop", crashing)
        nodes, kinds = run("describe", "nodes"), run("api-resources")
        logs = run("logs", "-n", "shop", crashing, "--previous", "--tail=1")
        as_yaml = run("get", "deploy", "web", "-n", "shop", "-o", "yaml")
        explained = run("explain", "pods")
        missing = run("get", "pod", "nobody", code=1)
        everywhere = run("auth", "can-i", "*", "*")
    assert "orders-db" in await secrets
    assert "cronjob.batch/nightly-report" in await everything
    assert "Back-off restarting failed container payments" in await description
    assert "KubeletReady" in await nodes
    assert "deploy" in await kinds
    assert await logs == 'level=fatal msg="cannot start without a payment provider"\n'
    assert "image: registry.contoso.example/shop/web:2.14.1" in await as_yaml
    assert "KIND:       Pod" in await explained
    assert await missing == 'Error from server (NotFound): pods "nobody" not found\n'
    assert "yes" in await everywhere


async def test_nobody_without_a_role_sees_anything(kubectl_as: As) -> None:
    kubectl = kubectl_as(NORA)
    assert "Update role assignment to allow access." in await kubectl("get", "pods", code=1)
    assert NORA.username in await kubectl("auth", "whoami")


async def test_acting_as_somebody_else(server: Server, entra: FakeEntra, tmp_path: Path) -> None:
    ada_as_rita = Kubectl(server, entra.aks_token(ADA), tmp_path / "ada", acting=RITA)
    assert f'User "{RITA.username}" cannot list resource "secrets"' in await ada_as_rita("get", "secrets", code=1)
    assert "web" in await ada_as_rita("get", "deploy", "-n", "shop")


async def test_an_expired_token(server: Server, entra: FakeEntra, tmp_path: Path) -> None:
    expired = Kubectl(server, entra.aks_token(ADA, exp=int(entra.clock()) - 1), tmp_path / "expired")
    refusal = (
        "error: You must be logged in to the server (the server has asked for the client to provide credentials)"
    )
    assert (await expired("get", "ns", code=1)).splitlines()[-1] == refusal


async def test_writer_works_in_the_shop_only(kubectl_as: As, tmp_path: Path) -> None:
    kubectl = kubectl_as(WES)
    assert "deployment.apps/web scaled" in await kubectl("scale", "deploy/web", "-n", "shop", "--replicas=5")
    assert "5/5" in await kubectl("get", "deploy", "web", "-n", "shop")
    assert (
        len((await kubectl("get", "pods", "-n", "shop", "-l", "app.kubernetes.io/name=web", "-o", "name")).split())
        == 5
    )
    assert "created" in await kubectl("create", "configmap", "colours", "-n", "shop", "--from-literal=sky=blue")
    assert await kubectl("get", "cm", "colours", "-n", "shop", "-o", "jsonpath={.data.sky}") == "blue"
    assert "restarted" in await kubectl("rollout", "restart", "deploy/cart", "-n", "shop")
    assert "successfully rolled out" in await kubectl("rollout", "status", "deploy/cart", "-n", "shop")
    assert "deleted" in await kubectl("delete", "cm", "colours", "-n", "shop")
    manifest = tmp_path / "job.yaml"
    manifest.write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: lamp, namespace: shop}\nspec:\n  replicas: 2\n"
        "  selector: {matchLabels: {app: lamp}}\n  template:\n    metadata: {labels: {app: lamp}}\n"
        "    spec: {containers: [{name: lamp, image: lamp:1}]}\n"
    )
    assert "deployment.apps/lamp created" in await kubectl("apply", "-f", str(manifest))
    manifest.write_text(manifest.read_text().replace("lamp:1", "lamp:2").replace("replicas: 2", "replicas: 1"))
    assert "deployment.apps/lamp configured" in await kubectl("apply", "-f", str(manifest))
    images = await kubectl(
        "get", "pods", "-n", "shop", "-l", "app=lamp", "-o", "jsonpath={.items[*].spec.containers[*].image}"
    )
    assert images == "lamp:2"
    assert "deleted" in await kubectl("delete", "deploy", "lamp", "-n", "shop")
    assert "No resources found" in await kubectl("get", "pods,rs", "-n", "shop", "-l", "app=lamp")
    assert "forbidden" in await kubectl("get", "pods", "-A", code=1)
    assert "forbidden" in await kubectl("create", "configmap", "colours", "-n", "headlamp", code=1)


async def test_watch_shows_what_happens(kubectl_as: As, cluster: Cluster) -> None:
    watching = await kubectl_as(RITA).start("get", "pods", "-n", "shop", "-w", "--no-headers")
    before = len(cluster.select(cluster.kind("pods"), "shop"))
    for _ in range(before):
        await _line(watching)
    cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "visitor", "namespace": "shop"},
            "spec": {"containers": [{"name": "main", "image": "visitor:1"}]},
        }
    )
    assert (await _line(watching)).split()[:2] == ["visitor", "0/1"]
    assert (await _line(watching)).split()[:3] == ["visitor", "1/1", "Running"]
    await _end(watching)


async def test_followed_logs(kubectl_as: As, cluster: Cluster) -> None:
    following = await kubectl_as(RITA).start("logs", "-f", "--tail=0", "-n", "shop", "orders-db-0")
    log = cluster.logs.running("shop", "orders-db-0", "orders-db")
    # Nothing tells when kubectl has connected, so the line is printed again until it shows.
    reading = asyncio.create_task(_line(following))
    while not reading.done():
        log.append(LogLine(cluster.clock(), "one more line"))
        await asyncio.wait((reading,), timeout=0.05)
    assert reading.result() == "one more line\n"
    await _end(following)

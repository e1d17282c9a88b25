"""Changing the cluster through the API, and what the controllers make of it."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from lampgate.lab.kubernetes.cluster import Cluster

SHOP = "/api/v1/namespaces/shop"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"


def pods(cluster: Cluster, app: str, namespace: str = "shop") -> list[Any]:
    return cluster.select(
        cluster.kind("pods"), namespace, lambda pod: pod["metadata"]["labels"].get("app.kubernetes.io/name") == app
    )


async def test_a_config_map_from_birth_to_death(wes: httpx.AsyncClient) -> None:
    created = await wes.post(f"{SHOP}/configmaps", json={"metadata": {"name": "colours"}, "data": {"sky": "blue"}})
    assert created.status_code == 201
    stored = created.json()
    assert (stored["kind"], stored["metadata"]["namespace"]) == ("ConfigMap", "shop")
    again = await wes.post(f"{SHOP}/configmaps", json={"metadata": {"name": "colours"}})
    assert (again.status_code, again.json()["reason"]) == (409, "AlreadyExists")

    stored["data"]["sky"] = "grey"
    changed = (await wes.put(f"{SHOP}/configmaps/colours", json=stored)).json()
    assert int(changed["metadata"]["resourceVersion"]) > int(stored["metadata"]["resourceVersion"])
    assert changed["metadata"]["uid"] == stored["metadata"]["uid"]
    late = await wes.put(f"{SHOP}/configmaps/colours", json=stored)
    assert (late.status_code, late.json()["reason"]) == (409, "Conflict")

    gone = await wes.delete(f"{SHOP}/configmaps/colours")
    assert (gone.json()["status"], gone.json()["details"]["uid"]) == ("Success", stored["metadata"]["uid"])
    assert (await wes.get(f"{SHOP}/configmaps/colours")).status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"metadata": {"name": "Not_A_Name"}}, 422),
        ({"metadata": {}}, 422),
        ({"metadata": {"name": "a", "namespace": "default"}}, 400),
        ({"kind": "Secret", "metadata": {"name": "a"}}, 400),
        ({"metadata": "a"}, 400),
        ({"metadata": {"name": "a", "labels": {"x": 1}}}, 400),
        ({"metadata": {"name": "a", "labels": "x"}}, 400),
        ({"metadata": {"name": "a", "ownerReferences": [{}]}}, 400),
        ({"metadata": {"name": "a"}, "data": "x"}, 400),
        (["a"], 400),
    ],
)
async def test_bodies_that_are_refused(wes: httpx.AsyncClient, cluster: Cluster, body: Any, code: int) -> None:
    before = cluster.resource_version
    assert (await wes.post(f"{SHOP}/configmaps", json=body)).status_code == code
    assert cluster.resource_version == before


async def test_what_cannot_be_done_faithfully_is_refused(wes: httpx.AsyncClient, cluster: Cluster) -> None:
    before = cluster.resource_version
    body = {"metadata": {"name": "a"}}
    assert (await wes.post(f"{SHOP}/configmaps?dryRun=All", json=body)).status_code == 501
    applied = await wes.patch(
        f"{SHOP}/configmaps/a", content=b"{}", headers={"Content-Type": "application/apply-patch+yaml"}
    )
    assert applied.status_code in (404, 415)
    yaml = await wes.post(f"{SHOP}/configmaps", content=b"a: b", headers={"Content-Type": "application/yaml"})
    assert yaml.status_code == 415
    assert (await wes.post(f"{SHOP}/configmaps", content=b"{")).status_code == 400
    assert cluster.resource_version == before


async def test_into_a_namespace_that_is_not_there(ada: httpx.AsyncClient) -> None:
    answer = await ada.post("/api/v1/namespaces/nowhere/configmaps", json={"metadata": {"name": "a"}})
    assert (answer.status_code, answer.json()["message"]) == (404, 'namespaces "nowhere" not found')


async def test_string_data_of_a_secret_becomes_data(wes: httpx.AsyncClient) -> None:
    body = {"metadata": {"name": "a"}, "stringData": {"word": "open"}}
    stored = (await wes.post(f"{SHOP}/secrets", json=body)).json()
    assert stored["data"] == {"word": base64.b64encode(b"open").decode()}
    assert "stringData" not in stored


@pytest.mark.parametrize(
    ("media_type", "patch"),
    [
        ("application/merge-patch+json", {"data": {"currency": None, "colour": "red"}}),
        ("application/strategic-merge-patch+json", {"data": {"currency": None, "colour": "red"}}),
        ("application/json-patch+json", [{"op": "remove", "path": "/data/currency"},
                                         {"op": "add", "path": "/data/colour", "value": "red"}]),
    ],
)  # fmt: skip
async def test_patches(wes: httpx.AsyncClient, media_type: str, patch: Any) -> None:
    answer = await wes.patch(f"{SHOP}/configmaps/catalog", json=patch, headers={"Content-Type": media_type})
    assert answer.status_code == 200
    assert answer.json()["data"] == {"page-size": "24", "features": "search,reviews", "colour": "red"}


async def test_a_patch_does_not_rename(wes: httpx.AsyncClient) -> None:
    answer = await wes.patch(
        f"{SHOP}/configmaps/catalog",
        json={"metadata": {"name": "other"}},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert answer.status_code == 422


async def test_scaling(wes: httpx.AsyncClient, cluster: Cluster) -> None:
    merge = {"Content-Type": "application/merge-patch+json"}
    scaled = await wes.patch(f"{DEPLOYMENTS}/web/scale", json={"spec": {"replicas": 5}}, headers=merge)
    assert (scaled.json()["kind"], scaled.json()["spec"]["replicas"]) == ("Scale", 5)
    assert len(pods(cluster, "web")) == 5
    deployment = (await wes.get(f"{DEPLOYMENTS}/web")).json()
    assert deployment["status"]["readyReplicas"] == 5
    endpoints = cluster.get(cluster.kind("endpoints"), "shop", "web")
    assert len(endpoints["subsets"][0]["addresses"]) == 5

    scale = (await wes.get(f"{DEPLOYMENTS}/web/scale")).json()
    scale["spec"]["replicas"] = 0
    assert (await wes.put(f"{DEPLOYMENTS}/web/scale", json=scale)).status_code == 200
    assert pods(cluster, "web") == []
    assert "readyReplicas" not in (await wes.get(f"{DEPLOYMENTS}/web")).json()["status"]
    assert cluster.get(cluster.kind("endpoints"), "shop", "web")["subsets"] == []
    refused = await wes.patch(f"{DEPLOYMENTS}/web/scale", json={"spec": {"replicas": -1}}, headers=merge)
    assert refused.status_code == 422


async def test_a_new_image_replaces_the_pods_and_keeps_the_sidecar(wes: httpx.AsyncClient, cluster: Cluster) -> None:
    before = {pod["metadata"]["name"] for pod in pods(cluster, "cart")}
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "cart", "image": "cart:new"}]}}}}
    headers = {"Content-Type": "application/strategic-merge-patch+json"}
    answer = await wes.patch(f"{DEPLOYMENTS}/cart", json=patch, headers=headers)
    assert answer.json()["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    scaled = [
        item for item in cluster.select(cluster.kind("events"), "shop") if item["reason"] == "ScalingReplicaSet"
    ]
    assert sorted((item["message"].split(" ")[1], item["count"]) for item in scaled) == [("down", 1), ("up", 1)]
    after = pods(cluster, "cart")
    assert len(after) == 2
    assert before.isdisjoint(pod["metadata"]["name"] for pod in after)
    for pod in after:
        assert [item["name"] for item in pod["spec"]["containers"]] == ["cart", "cache"]
        assert pod["spec"]["containers"][0]["image"] == "cart:new"


async def test_a_deleted_pod_comes_back(wes: httpx.AsyncClient, cluster: Cluster) -> None:
    (catalog, _) = pods(cluster, "catalog")
    assert (await wes.delete(f"{SHOP}/pods/{catalog['metadata']['name']}")).json()["kind"] == "Pod"
    names = [pod["metadata"]["name"] for pod in pods(cluster, "catalog")]
    assert len(names) == 2
    assert catalog["metadata"]["name"] not in names
    (database,) = pods(cluster, "orders-db")
    await wes.delete(f"{SHOP}/pods/orders-db-0")
    (again,) = pods(cluster, "orders-db")
    assert again["metadata"]["name"] == "orders-db-0"
    assert again["metadata"]["uid"] != database["metadata"]["uid"]


async def test_a_deployment_takes_its_pods_along(wes: httpx.AsyncClient, cluster: Cluster) -> None:
    assert (await wes.delete(f"{DEPLOYMENTS}/web")).status_code == 200
    assert pods(cluster, "web") == []
    assert (
        await wes.delete(f"{SHOP}/pods", params={"labelSelector": "app.kubernetes.io/name=nightly-report"})
    ).status_code == 200
    assert pods(cluster, "nightly-report") == []


async def test_a_namespace_is_filled_and_emptied(ada: httpx.AsyncClient, cluster: Cluster) -> None:
    assert (await ada.post("/api/v1/namespaces", json={"metadata": {"name": "try"}})).status_code == 201
    assert (await ada.get("/api/v1/namespaces/try/serviceaccounts/default")).status_code == 200
    pod = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}}
    assert (await ada.post("/api/v1/namespaces/try/pods", json=pod)).status_code == 201
    assert (await ada.get("/api/v1/namespaces/try/pods/a")).json()["status"]["phase"] == "Running"
    assert (await ada.delete("/api/v1/namespaces/try")).status_code == 200
    for kind in cluster.kinds:
        assert cluster.select(kind, "try") == [], kind.plural


async def test_a_service_gets_an_address(wes: httpx.AsyncClient, cluster: Cluster) -> None:
    spec = {"selector": {"app.kubernetes.io/name": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}
    service = (await wes.post(f"{SHOP}/services", json={"metadata": {"name": "front"}, "spec": spec})).json()
    taken = [item["spec"]["clusterIP"] for item in cluster.select(cluster.kind("services"))]
    assert taken.count(service["spec"]["clusterIP"]) == 1
    (subset,) = cluster.get(cluster.kind("endpoints"), "shop", "front")["subsets"]
    assert (len(subset["addresses"]), subset["ports"][0]["port"]) == (3, 8080)
    await wes.delete(f"{SHOP}/services/front")
    assert cluster.find(cluster.kind("endpoints"), "shop", "front") is None


async def test_a_broken_pod_is_no_endpoint(cluster: Cluster) -> None:
    assert cluster.get(cluster.kind("endpoints"), "shop", "payments")["subsets"] == []


async def test_without_a_machine_a_pod_waits(ada: httpx.AsyncClient, cluster: Cluster) -> None:
    for node in cluster.select(cluster.kind("nodes")):
        cluster.delete(cluster.kind("nodes"), "", node["metadata"]["name"])
    pod = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}}
    assert (await ada.post(f"{SHOP}/pods", json=pod)).json()["status"] == {"phase": "Pending"}
    log = await ada.get(f"{SHOP}/pods/a/log")
    assert (log.status_code, "ContainerCreating" in log.json()["message"]) == (400, True)


async def test_protobuf_that_would_lose_something_is_refused(wes: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/vnd.kubernetes.protobuf"}

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    def body(kind: bytes, content: bytes) -> bytes:
        return b"k8s\x00" + field(1, field(1, b"v1") + field(2, kind)) + field(2, content)

    metadata = field(1, field(1, b"wire"))
    made = await wes.post(f"{SHOP}/configmaps", content=body(b"ConfigMap", metadata), headers=headers)
    assert (made.status_code, made.json()["metadata"]["name"]) == (201, "wire")
    unknown_field = body(b"ConfigMap", metadata + field(9, b"x"))
    assert (await wes.post(f"{SHOP}/configmaps", content=unknown_field, headers=headers)).status_code == 415
    assert (await wes.post(f"{SHOP}/pods", content=body(b"Pod", metadata), headers=headers)).status_code == 415
    for broken in (
        b"",
        b"{}",
        b"k8s\x00",
        b"k8s\x00\xff",
        body(b"ConfigMap", b"\x0a\x7f"),
        body(b"ConfigMap", b"\x0d1234"),
    ):
        assert (await wes.post(f"{SHOP}/configmaps", content=broken, headers=headers)).status_code == 400, broken

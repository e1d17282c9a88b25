"""Conversations with the API over HTTP: what is answered, in which form, and how it says no."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest

from lampgate.lab import world
from lampgate.lab.kubernetes.app import Front
from lampgate.lab.kubernetes.cluster import Cluster
from tests.lab.kubernetes.conftest import ADA, NORA, RITA, WES

NO_ROLE = "User does not have access to the resource in Azure. Update role assignment to allow access."
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


async def test_403_in_the_api_servers_words(rita: httpx.AsyncClient) -> None:
    answer = await rita.get("/api/v1/namespaces/shop/secrets/orders-db")
    assert answer.status_code == 403
    assert list(answer.json()) == ["kind", "apiVersion", "metadata", "status", "message", "reason", "details", "code"]
    assert answer.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f'secrets "orders-db" is forbidden: User "{RITA.username}" cannot get resource "secrets" in API '
        f'group "" in the namespace "shop": {NO_ROLE}',
        "reason": "Forbidden",
        "details": {"name": "orders-db", "kind": "secrets"},
        "code": 403,
    }


@pytest.mark.parametrize(
    ("method", "path", "subject", "action"),
    [
        ("GET", "/api/v1/pods", "pods is ", 'list resource "pods" in API group "" at the cluster scope'),
        (
            "GET",
            "/apis/apps/v1/namespaces/headlamp/deployments",
            "deployments.apps is ",
            'list resource "deployments" in API group "apps" in the namespace "headlamp"',
        ),
        (
            "DELETE",
            "/api/v1/namespaces/headlamp",
            'namespaces "headlamp" is ',
            'delete resource "namespaces" in API group "" in the namespace "headlamp"',
        ),
        (
            "GET",
            "/api/v1/namespaces/monitoring/pods/x/log",
            'pods "x" is ',
            'get resource "pods/log" in API group "" in the namespace "monitoring"',
        ),
        ("GET", "/metrics", "", 'get path "/metrics"'),
        (
            "GET",
            "/apis/example.com/v1/widgets",
            "widgets.example.com is ",
            'list resource "widgets" in API group "example.com" at the cluster scope',
        ),
    ],
)
async def test_refusals(wes: httpx.AsyncClient, method: str, path: str, subject: str, action: str) -> None:
    answer = await wes.request(method, path)
    expected = f'{subject}forbidden: User "{WES.username}" cannot {action}: {NO_ROLE}'
    assert (answer.status_code, answer.json()["message"]) == (403, expected)


async def test_the_writer_of_one_namespace(wes: httpx.AsyncClient) -> None:
    for path in ("/api/v1/namespaces/shop", "/api/v1/namespaces/shop/pods", "/api/v1/namespaces/shop/secrets"):
        assert (await wes.get(path)).status_code == 200, path
    for path in ("/api/v1/namespaces", "/api/v1/pods", "/api/v1/namespaces/default/pods", "/api/v1/nodes"):
        assert (await wes.get(path)).status_code == 403, path


async def test_not_found(ada: httpx.AsyncClient) -> None:
    missing = await ada.get("/apis/apps/v1/namespaces/shop/deployments/nothing")
    assert (missing.status_code, missing.json()["message"]) == (404, 'deployments.apps "nothing" not found')
    assert missing.json()["details"] == {"name": "nothing", "group": "apps", "kind": "deployments"}
    for path in (
        "/apis/example.com/v1/widgets",
        "/apis/gateway.networking.k8s.io/v1",
        "/apis/metrics.k8s.io/v1beta1/pods",
        "/api/v1/namespaces/shop/nodes",
        "/api/v1/pods/web",
        "/api/v1/namespaces/shop/pods/x/nothing",
        "/nothing",
    ):
        answer = await ada.get(path)
        assert (answer.status_code, answer.text) == (404, "404 page not found\n"), path


async def test_what_a_kind_does_not_do(ada: httpx.AsyncClient) -> None:
    for method, path in (
        ("POST", "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"),
        ("DELETE", "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:basic-user"),
        ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
        ("DELETE", "/api/v1/namespaces/shop/pods/orders-db-0/log"),
        ("POST", "/version"),
    ):
        answer = await ada.request(method, path, json={})
        assert (answer.status_code, answer.json()["reason"]) == (405, "MethodNotAllowed"), path
    unavailable = await ada.post("/api/v1/namespaces/shop/pods/orders-db-0/exec")
    assert (unavailable.status_code, unavailable.json()["reason"]) == (501, "NotImplemented")


async def test_the_body_must_be_wanted_as_json(ada: httpx.AsyncClient) -> None:
    refusal = await ada.get("/api/v1/pods", headers={"Accept": "application/vnd.kubernetes.protobuf"})
    assert (refusal.status_code, refusal.json()["reason"]) == (406, "NotAcceptable")
    fallback = await ada.get(
        "/api/v1/pods", headers={"Accept": "application/vnd.kubernetes.protobuf,application/json"}
    )
    assert fallback.headers["content-type"] == "application/json"


async def test_lists(rita: httpx.AsyncClient, cluster: Cluster) -> None:
    pods = (await rita.get("/api/v1/namespaces/shop/pods")).json()
    assert (pods["kind"], pods["apiVersion"]) == ("PodList", "v1")
    assert int(pods["metadata"]["resourceVersion"]) == cluster.resource_version
    assert {pod["metadata"]["namespace"] for pod in pods["items"]} == {"shop"}
    assert all(pod["metadata"]["uid"] for pod in pods["items"])
    everywhere = (await rita.get("/api/v1/pods")).json()["items"]
    assert len(everywhere) > len(pods["items"])


async def test_pages(rita: httpx.AsyncClient, cluster: Cluster) -> None:
    names: list[str] = []
    query: dict[str, Any] = {"limit": 7}
    first_version = cluster.resource_version
    while True:
        page = (await rita.get("/api/v1/pods", params=query)).json()
        names += [item["metadata"]["name"] for item in page["items"]]
        assert page["metadata"]["resourceVersion"] == str(first_version)
        if "continue" not in page["metadata"]:
            break
        assert len(page["items"]) == 7
        assert page["metadata"]["remainingItemCount"] == 38 - len(names)
        query["continue"] = page["metadata"]["continue"]
    assert len(names) == len(set(names)) == len(cluster.select(cluster.kind("pods")))
    broken = await rita.get("/api/v1/pods", params={"continue": "%%%"})
    assert (broken.status_code, broken.json()["message"]) == (400, "continue key is not valid")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"labelSelector": "app.kubernetes.io/name=payments"}, 1),
        ({"labelSelector": "app.kubernetes.io/name in (web, cart)"}, 5),
        ({"labelSelector": "app.kubernetes.io/name notin (web,cart),app.kubernetes.io/part-of==shop"}, 7),
        ({"labelSelector": "!pod-template-hash"}, 2),
        ({"labelSelector": "pod-template-hash,app.kubernetes.io/name!=web"}, 7),
        ({"fieldSelector": "status.phase=Succeeded"}, 1),
        ({"fieldSelector": "status.phase!=Running"}, 1),
        ({"fieldSelector": "metadata.name=orders-db-0"}, 1),
        ({"fieldSelector": "metadata.name=orders-db-0,status.phase=Failed"}, 0),
    ],
)
async def test_selectors(rita: httpx.AsyncClient, query: dict[str, str], expected: int) -> None:
    assert len((await rita.get("/api/v1/namespaces/shop/pods", params=query)).json()["items"]) == expected


@pytest.mark.parametrize(
    "query", [{"labelSelector": "a in b"}, {"labelSelector": "a=b=c"}, {"fieldSelector": "spec.colour=blue"},
              {"fieldSelector": "metadata.name"}, {"watch": "1", "resourceVersion": "now"}]
)  # fmt: skip
async def test_malformed_queries(rita: httpx.AsyncClient, query: dict[str, str]) -> None:
    answer = await rita.get("/api/v1/namespaces/shop/pods", params=query)
    assert (answer.status_code, answer.json()["reason"]) == (400, "BadRequest")


async def test_tables(rita: httpx.AsyncClient) -> None:
    table = (await rita.get("/api/v1/namespaces/shop/pods", headers={"Accept": TABLE})).json()
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    wide = {column["name"] for column in table["columnDefinitions"] if column["priority"]}
    assert wide == {"IP", "Node", "Nominated Node", "Readiness Gates"}
    (database,) = (row for row in table["rows"] if row["cells"][0] == "orders-db-0")
    assert database["cells"][:5] == ["orders-db-0", "1/1", "Running", "0", "38d"]
    assert database["object"]["kind"] == "PartialObjectMetadata"
    whole = (await rita.get("/api/v1/namespaces/shop/pods?includeObject=Object", headers={"Accept": TABLE})).json()
    assert whole["rows"][0]["object"]["kind"] == "Pod"
    one = (await rita.get("/api/v1/namespaces/shop/pods/orders-db-0", headers={"Accept": TABLE})).json()
    assert [row["cells"][0] for row in one["rows"]] == ["orders-db-0"]


async def test_every_kind_has_a_table(ada: httpx.AsyncClient, cluster: Cluster) -> None:
    for kind in cluster.kinds:
        if "list" not in kind.verbs:
            continue
        path = f"/apis/{kind.api_version}" if kind.group else "/api/v1"
        table = (await ada.get(f"{path}/{kind.plural}", headers={"Accept": TABLE})).json()
        assert len(table["rows"]) == len(cluster.select(kind)), kind.plural
        for row in table["rows"]:
            assert len(row["cells"]) == len(table["columnDefinitions"])
            for cell, column in zip(row["cells"], table["columnDefinitions"], strict=True):
                assert isinstance(cell, int if column["type"] == "integer" else str), (
                    kind.plural,
                    column["name"],
                    cell,
                )


async def test_metadata_only(rita: httpx.AsyncClient) -> None:
    accept = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
    listed = (await rita.get("/api/v1/namespaces/shop/pods", headers=accept)).json()
    assert listed["kind"] == "PartialObjectMetadataList"
    assert set(listed["items"][0]) == {"kind", "apiVersion", "metadata"}


async def test_large_answers_are_compressed_when_asked(ada: httpx.AsyncClient) -> None:
    for index in range(3):
        data = {"text": str(index) * 60_000}
        body = {"metadata": {"name": f"large-{index}"}, "data": data}
        assert (await ada.post("/api/v1/namespaces/default/configmaps", json=body)).status_code == 201
    plain = await ada.get("/api/v1/namespaces/default/configmaps", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    async with ada.stream(
        "GET", "/api/v1/namespaces/default/configmaps", headers={"Accept-Encoding": "gzip"}
    ) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        raw = b"".join([chunk async for chunk in packed.aiter_raw()])
    assert gzip.decompress(raw) == plain.content
    small = await ada.get("/api/v1/namespaces/shop/configmaps", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small.headers


async def test_discovery_in_both_forms(rita: httpx.AsyncClient) -> None:
    legacy = (await rita.get("/apis/apps/v1")).json()
    (deployments,) = (item for item in legacy["resources"] if item["name"] == "deployments")
    assert deployments["shortNames"] == ["deploy"]
    assert {item["name"] for item in legacy["resources"]} >= {"deployments/scale", "deployments/status"}
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
    aggregated = await rita.get("/apis", headers={"Accept": accept})
    assert aggregated.headers["content-type"] == (
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    )
    groups = {item["metadata"]["name"]: item["versions"] for item in aggregated.json()["items"]}
    (apps,) = groups["apps"]
    assert {item["resource"] for item in apps["resources"]} == {
        item["name"] for item in legacy["resources"] if "/" not in item["name"]
    }
    core = (await rita.get("/api", headers={"Accept": accept})).json()
    assert [item["metadata"]["name"] for item in core["items"]] == [""]
    assert (await rita.get("/apis")).json()["kind"] == "APIGroupList"
    assert (await rita.get("/api")).json()["versions"] == ["v1"]
    assert (await rita.get("/apis/apps")).json()["preferredVersion"]["groupVersion"] == "apps/v1"


async def test_version_health_and_schema(rita: httpx.AsyncClient, cluster: Cluster) -> None:
    assert (await rita.get("/version")).json()["gitVersion"].startswith("v1.")
    for path in ("/healthz", "/livez", "/readyz"):
        assert (await rita.get(path)).text == "ok"
    definitions = (await rita.get("/openapi/v2")).json()["definitions"]
    assert len(definitions) == len(list(cluster.kinds))
    index = (await rita.get("/openapi/v3")).json()["paths"]
    for entry in index.values():
        assert (await rita.get(entry["serverRelativeURL"])).json()["openapi"] == "3.0.0"
    assert (await rita.get("/openapi/v3/apis/none/v1")).status_code == 404


async def test_who_am_i(rita: httpx.AsyncClient) -> None:
    answer = await rita.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json={})
    assert answer.status_code == 201
    assert answer.json()["status"]["userInfo"] == {
        "username": RITA.username,
        "groups": [*RITA.groups, "system:authenticated"],
        "extra": {"oid": [RITA.oid]},
    }


async def test_may_i(rita: httpx.AsyncClient) -> None:
    async def ask(**attributes: str) -> dict[str, Any]:
        answer = await rita.post(
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            json={"spec": {"resourceAttributes": attributes}},
        )
        assert answer.status_code == 201
        status: dict[str, Any] = answer.json()["status"]
        return status

    allowed = await ask(verb="get", resource="pods", subresource="log", namespace="shop")
    assert allowed["allowed"] is True
    assert f"of Role {world.READER.id.replace('-', '')} to user {RITA.username}" in allowed["reason"]
    assert await ask(verb="list", resource="secrets") == {"allowed": False, "denied": True, "reason": NO_ROLE}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    other = {"spec": {"nonResourceAttributes": {"verb": "get", "path": "/healthz"}}}
    assert (await rita.post(path, json=other)).json()["status"]["allowed"] is True
    assert (await rita.post(path, json={"spec": {}})).status_code == 422


async def test_what_may_i(client_of: Any) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    answer = await client_of(NORA).post(path, json={"spec": {"namespace": "default"}})
    assert answer.status_code == 201
    status = answer.json()["status"]
    assert status["incomplete"] is True
    assert status["evaluationError"] == "webhook authorizer does not support user rule resolution"
    assert {"selfsubjectreviews"} <= {name for rule in status["resourceRules"] for name in rule["resources"]}
    assert status["nonResourceRules"]
    assert (await client_of(NORA).post(path, json={})).status_code == 400


async def test_impersonation(ada: httpx.AsyncClient, rita: httpx.AsyncClient) -> None:
    as_rita = {"Impersonate-User": RITA.username, "Impersonate-Extra-Oid": RITA.oid}
    assert (await ada.get("/api/v1/pods", headers=as_rita)).status_code == 200
    refused = await ada.get("/api/v1/secrets", headers=as_rita)
    assert f'User "{RITA.username}" cannot list resource "secrets"' in refused.json()["message"]
    account = {"Impersonate-User": "system:serviceaccount:shop:default"}
    assert "Azure does not have opinion for this user." in (await ada.get("/api/v1/pods", headers=account)).text
    for headers in ({"Impersonate-User": ADA.username}, account):
        denied = await rita.get("/api/v1/pods", headers=headers)
        assert denied.status_code == 403
        assert "cannot impersonate resource" in denied.json()["message"]
    assert (await ada.get("/api/v1/pods", headers={"Impersonate-Group": "system:masters"})).status_code == 400


async def test_the_service_account_issuer_is_public(front: Front, rita: httpx.AsyncClient) -> None:
    del rita.headers["Authorization"]
    document = (await rita.get("/.well-known/openid-configuration")).json()
    assert document["issuer"] == front.service_accounts.issuer == "https://127.0.0.1:6443/"
    assert document["jwks_uri"] == "https://127.0.0.1:6443/openid/v1/jwks"
    (key,) = (await rita.get("/openid/v1/jwks")).json()["keys"]
    assert key["use"] == "sig"
    assert not {"d", "p", "q"} & set(key)
    assert (await rita.get("/api")).status_code == 401


async def test_a_fault_of_the_labs_own_is_a_500_status(
    rita: httpx.AsyncClient, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Cluster, "page", lambda *_, **__: 1 / 0)
    answer = await rita.get("/api/v1/pods")
    assert (answer.status_code, answer.json()["reason"]) == (500, "InternalError")
    assert "ZeroDivisionError" in caplog.text

"""Watches and logs as they happen, over chunked HTTP and over WebSocket, on a TLS server."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedOK, InvalidStatus

from lampgate.lab.kubernetes.cluster import Cluster, timestamp
from lampgate.lab.kubernetes.container_log import LogLine
from tests.lab.kubernetes.conftest import RITA, WES, Clock, Server
from tests.lab.kubernetes.fake_entra import FakeEntra

CONFIG_MAPS = "/api/v1/namespaces/shop/configmaps"
LOG = "/api/v1/namespaces/shop/pods/orders-db-0/log"
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}


@pytest.fixture
async def rita(server: Server, entra: FakeEntra) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {entra.aks_token(RITA)}"}
    async with httpx.AsyncClient(base_url=server.origin, verify=server.ssl_context(), headers=headers) as client:
        yield client


def config_map(name: str, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "labels": {"colour": data.get("colour", "none")}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


async def next_event(lines: AsyncIterator[str]) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(await asyncio.wait_for(anext(lines), 10))
    return event


def summary(event: dict[str, Any]) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"]["name"]


async def test_a_watch_tells_every_change_in_order(rita: httpx.AsyncClient, cluster: Cluster) -> None:
    listed = (await rita.get(CONFIG_MAPS)).json()["metadata"]["resourceVersion"]
    cluster.create(config_map("a"))
    async with rita.stream("GET", CONFIG_MAPS, params={"watch": "1", "resourceVersion": listed}) as answer:
        assert answer.headers["transfer-encoding"] == "chunked"
        lines = answer.aiter_lines()
        assert summary(await next_event(lines)) == ("ADDED", "a")
        cluster.modify(cluster.kind("configmaps"), "shop", "a", lambda obj: obj["data"].update(word="new"))
        cluster.create({**config_map("elsewhere"), "metadata": {"name": "elsewhere", "namespace": "headlamp"}})
        cluster.delete(cluster.kind("configmaps"), "shop", "a")
        modified, deleted = await next_event(lines), await next_event(lines)
        assert [summary(modified), summary(deleted)] == [("MODIFIED", "a"), ("DELETED", "a")]
        versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in (modified, deleted)]
        assert int(listed) < versions[0] < versions[1]


async def test_a_watch_from_nowhere_begins_with_what_is_there(rita: httpx.AsyncClient) -> None:
    query = {"watch": "true", "fieldSelector": "metadata.name=catalog"}
    async with rita.stream("GET", CONFIG_MAPS, params=query) as answer:
        assert summary(await next_event(answer.aiter_lines())) == ("ADDED", "catalog")


async def test_a_selector_makes_objects_come_and_go(rita: httpx.AsyncClient, cluster: Cluster) -> None:
    cluster.create(config_map("a", colour="red"))
    query = {"watch": "1", "labelSelector": "colour=blue", "resourceVersion": str(cluster.resource_version)}

    def paint(colour: str) -> None:
        cluster.modify(
            cluster.kind("configmaps"), "shop", "a", lambda obj: obj["metadata"]["labels"].update(colour=colour)
        )

    async with rita.stream("GET", CONFIG_MAPS, params=query) as answer:
        lines = answer.aiter_lines()
        paint("green")
        paint("blue")
        paint("red")
        assert [summary(await next_event(lines)) for _ in range(2)] == [("ADDED", "a"), ("DELETED", "a")]


async def test_a_moment_too_long_ago_is_an_error_event(rita: httpx.AsyncClient, cluster: Cluster) -> None:
    cluster.create(config_map("a"))
    for number in range(1001):
        cluster.modify(cluster.kind("configmaps"), "shop", "a", partial(_number, number))
    answer = await rita.get(CONFIG_MAPS, params={"watch": "1", "resourceVersion": "1"})
    (event,) = (json.loads(line) for line in answer.text.splitlines())
    assert (answer.status_code, event["type"]) == (200, "ERROR")
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert event["object"]["message"].startswith("too old resource version: 1 (")


async def test_a_table_describes_its_columns_once(rita: httpx.AsyncClient, cluster: Cluster) -> None:
    query = {"watch": "1", "resourceVersion": str(cluster.resource_version)}
    async with rita.stream("GET", CONFIG_MAPS, params=query, headers=TABLE) as answer:
        lines = answer.aiter_lines()
        cluster.create(config_map("a"))
        cluster.create(config_map("b", word="x"))
        first, second = await next_event(lines), await next_event(lines)
    assert [column["name"] for column in first["object"]["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert second["object"]["columnDefinitions"] is None
    assert second["object"]["rows"][0]["cells"] == ["b", 1, "0s"]


async def test_a_watch_ends_when_its_time_is_up(rita: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lampgate.lab.kubernetes.resources.WATCH_SECONDS", 0.01)
    answer = await rita.get("/api/v1/namespaces", params={"watch": "1"})
    assert len(answer.text.splitlines()) == 5


async def test_a_streamed_list_ends_with_its_bookmark(rita: httpx.AsyncClient) -> None:
    query = {"watch": "1", "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    async with rita.stream("GET", "/api/v1/namespaces", params=query) as answer:
        lines = answer.aiter_lines()
        *added, bookmark = [await next_event(lines) for _ in range(6)]
    assert [event["type"] for event in added] == ["ADDED"] * 5
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def socket(server: Server, entra: FakeEntra, path: str, **options: Any) -> connect:
    who = options.pop("who", RITA)
    headers = {"Authorization": f"Bearer {entra.aks_token(who)}"}
    options.setdefault("origin", "https://headlamp.example.com")
    uri = f"wss://127.0.0.1:{server.port}{path}"
    return connect(uri, ssl=server.ssl_context(), additional_headers=headers, proxy=None, **options)


async def message(connection: ClientConnection) -> Any:
    return await asyncio.wait_for(connection.recv(), 10)


@pytest.mark.parametrize("protocol", [None, "base64.binary.k8s.io"])
async def test_a_watch_over_websocket(server: Server, entra: FakeEntra, cluster: Cluster, protocol: Any) -> None:
    path = f"{CONFIG_MAPS}?watch=1&resourceVersion={cluster.resource_version}"
    async with socket(server, entra, path, subprotocols=[protocol] if protocol else None) as connection:
        assert connection.subprotocol == protocol
        cluster.create(config_map("a"))
        cluster.delete(cluster.kind("configmaps"), "shop", "a")
        first, second = await message(connection), await message(connection)
        assert isinstance(first, str)
        assert [summary(json.loads(text)) for text in (first, second)] == [("ADDED", "a"), ("DELETED", "a")]


@pytest.mark.parametrize(
    ("path", "options", "code"),
    [
        (f"{CONFIG_MAPS}?watch=1", {"origin": None}, 403),
        (f"{CONFIG_MAPS}?watch=1", {"origin": "null"}, 403),
        (f"{CONFIG_MAPS}?watch=1", {"subprotocols": ["base64.binary.k8s.io", "other"]}, 400),
        ("/api/v1/nodes?watch=1", {}, 403),
        (f"{LOG}?follow=true", {"subprotocols": ["v4.channel.k8s.io"]}, 403),
        ("/api/v1/namespaces/shop/pods/orders-db-0/exec?command=sh", {}, 403),
        ("/api/v1/namespaces/shop/pods/orders-db-0/exec?command=sh", {"who": WES}, 501),
        ("/apis/example.com/v1/widgets?watch=1", {}, 403),
        ("/api/v1/namespaces/shop/pods/nobody/log", {}, 404),
        ("/version", {}, 200),
    ],
)
async def test_upgrades_that_are_refused(
    server: Server, entra: FakeEntra, path: str, options: dict[str, Any], code: int
) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with socket(server, entra, path, **options):
            pass
    assert refusal.value.response.status_code == code


async def test_an_upgrade_without_a_token_is_a_401_status(server: Server) -> None:
    uri = f"wss://127.0.0.1:{server.port}{CONFIG_MAPS}?watch=1"
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(uri, ssl=server.ssl_context(), origin="https://a.test", proxy=None):  # type: ignore[arg-type]
            pass
    response = refusal.value.response
    assert (response.status_code, json.loads(response.body or b"")["message"]) == (401, "Unauthorized")


async def test_logs_over_http(rita: httpx.AsyncClient, cluster: Cluster, clock: Clock) -> None:
    log = cluster.logs.running("shop", "orders-db-0", "orders-db")
    clock.now += 1000
    for number in range(3):
        log.append(LogLine(clock.now + number, f"line {number}"))
    assert (await rita.get(LOG, params={"tailLines": "2"})).text == "line 1\nline 2\n"
    assert (await rita.get(LOG, params={"tailLines": "0"})).text == ""
    assert (await rita.get(LOG, params={"sinceSeconds": "60"})).text == "line 0\nline 1\nline 2\n"
    assert (await rita.get(LOG, params={"sinceTime": timestamp(clock.now + 1)})).text == "line 1\nline 2\n"
    assert (await rita.get(LOG, params={"tailLines": "2", "limitBytes": "9"})).text == "line 1\nli"
    stamped = (await rita.get(LOG, params={"tailLines": "1", "timestamps": "true"})).text
    assert stamped == f"{timestamp(clock.now + 2).removesuffix('Z')}.000000000Z line 2\n"
    assert len((await rita.get(LOG)).text.splitlines()) == 43


async def test_logs_that_are_not_there(rita: httpx.AsyncClient, cluster: Cluster) -> None:
    cart = next(
        pod["metadata"]["name"]
        for pod in cluster.select(cluster.kind("pods"), "shop")
        if pod["metadata"]["name"].startswith("cart-")
    )
    base = "/api/v1/namespaces/shop/pods"
    for path, query, code, words in (
        (f"{base}/nobody/log", {}, 404, 'pods "nobody" not found'),
        (LOG, {"previous": "true"}, 400, 'previous terminated container "orders-db" in pod "orders-db-0" not found'),
        (LOG, {"container": "none"}, 400, "container none is not valid for pod orders-db-0"),
        (f"{base}/{cart}/log", {}, 400, "choose one of: [cart cache]"),
        (LOG, {"tailLines": "-1"}, 422, "tailLines"),
        (LOG, {"sinceSeconds": "0"}, 422, "sinceSeconds"),
        (LOG, {"sinceSeconds": "5", "sinceTime": "2026-11-18T13:33:21Z"}, 422, "at most one"),
    ):  # fmt: skip
        answer = await rita.get(path, params=query)
        assert answer.status_code == code
        assert words in answer.json()["message"]
    assert (await rita.get(f"{base}/{cart}/log", params={"container": "cache"})).status_code == 200


async def test_a_followed_log_ends_with_its_container(
    rita: httpx.AsyncClient, cluster: Cluster, clock: Clock
) -> None:
    async with rita.stream("GET", LOG, params={"follow": "true", "tailLines": "1"}) as answer:
        lines = answer.aiter_lines()
        await asyncio.wait_for(anext(lines), 10)
        cluster.logs.running("shop", "orders-db-0", "orders-db").append(LogLine(clock(), "last words"))
        assert await asyncio.wait_for(anext(lines), 10) == "last words"
        cluster.delete(cluster.kind("pods"), "shop", "orders-db-0")
        assert [line async for line in lines] == []


@pytest.mark.parametrize("protocol", ["base64.binary.k8s.io", "binary.k8s.io", None])
async def test_a_log_over_websocket(
    server: Server, entra: FakeEntra, cluster: Cluster, clock: Clock, protocol: Any
) -> None:
    path = f"{LOG}?follow=true&tailLines=0"
    offered = [protocol] if protocol else None
    async with socket(server, entra, path, subprotocols=offered, origin=None) as connection:
        assert connection.subprotocol == protocol
        opening = await message(connection)
        assert opening == ("" if protocol == "base64.binary.k8s.io" else b"")
        cluster.logs.running("shop", "orders-db-0", "orders-db").append(LogLine(clock(), "grüße"))
        sent = await message(connection)
        text = base64.b64decode(sent) if protocol == "base64.binary.k8s.io" else sent
        assert text.decode() == "grüße\n"
        cluster.delete(cluster.kind("pods"), "shop", "orders-db-0")
        with pytest.raises(ConnectionClosedOK):
            await message(connection)


async def test_a_client_that_leaves_is_forgotten(server: Server, entra: FakeEntra, cluster: Cluster) -> None:
    before = asyncio.all_tasks()
    async with socket(server, entra, f"{CONFIG_MAPS}?watch=1&resourceVersion=0") as connection:
        assert summary(json.loads(await message(connection)))[0] == "ADDED"
    left = asyncio.all_tasks() - before
    if left:
        _, still_there = await asyncio.wait(left, timeout=10)
        assert not still_there


def _number(number: int, obj: dict[str, Any]) -> None:
    obj["data"].update(n=str(number))

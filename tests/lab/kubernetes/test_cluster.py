"""The store, its history, its seed and its life, without any HTTP."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import Any

import pytest

from lampgate.lab.kubernetes import age, life
from lampgate.lab.kubernetes.cluster import Cluster
from lampgate.lab.kubernetes.pod_summary import pod_status
from lampgate.lab.kubernetes.seed import seed
from lampgate.lab.kubernetes.status import StatusError
from tests.lab.kubernetes.conftest import START, Clock


def note(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "a"}, "data": {}}


@pytest.fixture
def small(clock: Clock) -> Cluster:
    return Cluster(clock=clock, rng=random.Random(1), history_limit=3)  # noqa: S311 - the same every time


def test_every_change_has_a_later_version(small: Cluster) -> None:
    kind = small.kind("configmaps")
    versions = [int(small.create(note(name))["metadata"]["resourceVersion"]) for name in ("x", "y")]
    versions.append(
        int(small.modify(kind, "a", "x", lambda obj: obj["data"].update(k="v"))["metadata"]["resourceVersion"])
    )
    versions.append(int(small.delete(kind, "a", "y")["metadata"]["resourceVersion"]))
    assert versions == sorted(set(versions))
    assert small.resource_version == versions[-1]


def test_a_change_that_changes_nothing_is_none(small: Cluster) -> None:
    stored = small.create(note("x"))
    assert small.update(stored) is stored
    assert small.resource_version == int(stored["metadata"]["resourceVersion"])


def test_what_is_handed_in_stays_the_callers(small: Cluster) -> None:
    mine = note("x")
    small.create(mine)
    mine["data"]["later"] = "change"
    assert small.get(small.kind("configmaps"), "a", "x")["data"] == {}


def test_an_old_continue_token_is_gone(small: Cluster) -> None:
    kind = small.kind("configmaps")
    for name in ("x", "y", "z"):
        small.create(note(name))
    page = small.page(kind, limit=1)
    assert [item["metadata"]["name"] for item in small.page(kind, continue_token=page.continue_token).items] == [
        "y",
        "z",
    ]
    for number in range(4):
        small.modify(kind, "a", "x", partial(_number, number))
    with pytest.raises(StatusError) as gone:
        small.page(kind, continue_token=page.continue_token)
    assert (gone.value.code, gone.value.reason) == (410, "Expired")


async def test_a_slow_watcher_is_sent_to_list_again(small: Cluster) -> None:
    changes = small.watch(small.kind("configmaps"), resource_version=small.resource_version)
    small.create(note("first"))
    assert (await anext(changes)).object["metadata"]["name"] == "first"
    for number in range(5):
        small.create(note(f"n{number}"))
    with pytest.raises(StatusError) as gone:
        await anext(changes)
    assert gone.value.code == 410


async def test_watches_end_with_the_cluster(small: Cluster) -> None:
    changes = small.watch(small.kind("configmaps"), resource_version=small.resource_version)
    waiting = asyncio.ensure_future(anext(changes, None))
    await asyncio.sleep(0)
    assert not waiting.done()
    small.close()
    assert await waiting is None


def test_the_seed_is_the_same_every_time(cluster: Cluster, clock: Clock) -> None:
    again = Cluster(clock=clock, rng=random.Random(7))  # noqa: S311 - the same every time
    seed(again, clock())
    for kind in cluster.kinds:
        assert cluster.select(kind) == again.select(kind), kind.plural


def test_the_seed_hangs_together(cluster: Cluster) -> None:
    namespaces = {item["metadata"]["name"] for item in cluster.select(cluster.kind("namespaces"))}
    assert namespaces == {"default", "kube-system", "headlamp", "shop", "monitoring"}
    nodes = {item["metadata"]["name"] for item in cluster.select(cluster.kind("nodes"))}
    uids = {obj["metadata"]["uid"] for kind in cluster.kinds for obj in cluster.select(kind)}
    accounts = {
        (obj["metadata"]["namespace"], obj["metadata"]["name"])
        for obj in cluster.select(cluster.kind("serviceaccounts"))
    }
    for kind in cluster.kinds:
        for obj in cluster.select(kind):
            assert bool(obj["metadata"].get("namespace")) is kind.namespaced
            assert obj["metadata"].get("namespace", "shop") in namespaces
            assert {reference["uid"] for reference in obj["metadata"].get("ownerReferences", ())} <= uids
    for pod in cluster.select(cluster.kind("pods")):
        assert pod["spec"]["nodeName"] in nodes
        assert (pod["metadata"]["namespace"], pod["spec"]["serviceAccountName"]) in accounts
    broken = [
        pod["metadata"]["name"]
        for pod in cluster.select(cluster.kind("pods"))
        if pod_status(pod) == "CrashLoopBackOff"
    ]
    assert [name.partition("-")[0] for name in broken] == ["payments"]
    payments = cluster.get(cluster.kind("deployments", "apps"), "shop", "payments")
    assert payments["status"]["unavailableReplicas"] == 1
    events = cluster.select(cluster.kind("events"), "shop")
    assert {event["reason"] for event in events} >= {"BackOff", "SawCompletedJob"}


def test_nothing_in_the_seed_is_from_the_future(cluster: Cluster) -> None:
    latest = max(obj["metadata"]["creationTimestamp"] for kind in cluster.kinds for obj in cluster.select(kind))
    assert age.since(latest, START) == "0s"


async def test_life_goes_on_and_is_the_same_every_time(clock: Clock) -> None:
    async def an_hour_of(cluster: Cluster) -> None:
        seed(cluster, START)
        clock.now = START
        left = 3600

        async def sleep(seconds: float) -> None:
            nonlocal left
            clock.now += seconds
            left -= 1
            if left < 0:
                raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await life.live(cluster, random.Random(3), sleep=sleep)  # noqa: S311 - the same every time

    clusters = [Cluster(clock=clock, rng=random.Random(7)) for _ in range(2)]  # noqa: S311 - the same every time
    for cluster in clusters:
        await an_hour_of(cluster)
    one, other = clusters
    assert one.resource_version == other.resource_version
    (payments,) = (pod for pod in one.select(one.kind("pods"), "shop") if "payments" in pod["metadata"]["name"])
    assert payments["status"]["containerStatuses"][0]["restartCount"] > 47
    previous = one.logs.previous("shop", payments["metadata"]["name"], "payments")
    assert previous is not None
    assert "cannot start without a payment provider" in previous.lines()[-1].text
    assert any(event["reason"] == "Unhealthy" for event in one.select(one.kind("events")))
    assert one.logs.running("shop", "orders-db-0", "orders-db").lines()[-1].time > START


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (119, "119s"), (120, "2m"), (312, "5m12s"), (600, "10m"), (10_799, "179m"), (10_800, "3h"),
     (11_000, "3h3m"), (28_800, "8h"), (172_799, "47h"), (172_800, "2d"), (266_400, "3d2h"), (691_200, "8d"),
     (63_072_000, "2y"), (-2, "<invalid>")],
)  # fmt: skip
def test_ages(seconds: int, text: str) -> None:
    assert age.human(seconds) == text


def _number(number: int, obj: dict[str, Any]) -> None:
    obj["data"].update(n=str(number))

"""Recording events about objects, and forgetting them after an hour, as the API server does."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from lampgate.lab.kubernetes.cluster import Cluster, timestamp
from lampgate.lab.kubernetes.status import Object

#: ``--event-ttl`` of the API server, seconds.
EVENT_TTL: Final = 3600.0


def record(
    cluster: Cluster,
    about: Object,
    reason: str,
    message: str,
    *,
    component: str,
    warning: bool = False,
    host: str = "",
) -> Object:
    """Record an event; the same one again only raises its count."""
    kind = cluster.kind("events")
    metadata, now = about["metadata"], timestamp(cluster.clock())
    namespace = metadata.get("namespace") or "default"
    for known in cluster.select(kind, namespace):
        same = known["involvedObject"].get("uid") == metadata.get("uid")
        if same and (known["reason"], known["message"]) == (reason, message):

            def again(event: Object) -> None:
                event["count"] = event.get("count", 1) + 1
                event["lastTimestamp"] = now

            return cluster.modify(kind, namespace, known["metadata"]["name"], again)
    source: Object = {"component": component}
    if host:
        source["host"] = host
    return cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"namespace": namespace, "generateName": f"{metadata['name']}."},
            "involvedObject": {
                "kind": about["kind"],
                "namespace": metadata.get("namespace", ""),
                "name": metadata["name"],
                "uid": metadata.get("uid", ""),
                "apiVersion": about["apiVersion"],
                "resourceVersion": metadata.get("resourceVersion", ""),
            },
            "reason": reason,
            "message": message,
            "source": source,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": "Warning" if warning else "Normal",
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": host,
        }
    )


def forget_old(cluster: Cluster) -> None:
    """Delete the events whose hour is over."""
    kind, oldest = cluster.kind("events"), cluster.clock() - EVENT_TTL
    for event in cluster.select(kind):
        metadata = event["metadata"]
        seen = event.get("lastTimestamp") or metadata["creationTimestamp"]
        if datetime.fromisoformat(seen).timestamp() < oldest:
            cluster.delete(kind, metadata["namespace"], metadata["name"])

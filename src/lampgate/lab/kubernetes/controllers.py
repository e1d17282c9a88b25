"""What acts on the cluster's objects: Deployments get ReplicaSets, ReplicaSets get pods, pods get to run, Services
get endpoints, namespaces get what every namespace has, and what lost its owner goes.

Works at once instead of in the background: each reaction runs inside the write that caused it, so a reader never sees
a half-done cluster. Rolling updates are therefore a single step.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

from lampgate.lab.kubernetes import events, workloads
from lampgate.lab.kubernetes.cluster import Cluster, timestamp
from lampgate.lab.kubernetes.kinds import CREATE_ONLY, Kind
from lampgate.lab.kubernetes.status import Object
from lampgate.lab.kubernetes.watch import ADDED, DELETED, Change

#: Pods of these come back when deleted; the lab does not scale them.
_REPLACING: Final = frozenset({"DaemonSet", "StatefulSet"})


def attach(cluster: Cluster) -> Controllers:
    """Let the controllers work on a cluster from now on."""
    controllers = Controllers(cluster)
    cluster.reactions.append(controllers.react)
    return controllers


class Controllers:
    """All controllers of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._addresses = 10
        self._reactions: dict[tuple[str, str], Callable[[Change], None]] = {
            ("", "namespaces"): self._namespace,
            ("", "pods"): self._pod,
            ("", "services"): self._service,
            ("apps", "deployments"): self._deployment,
            ("apps", "replicasets"): self._replica_set,
        }

    def react(self, kind: Kind, change: Change) -> None:
        """Do what a change calls for."""
        reaction = self._reactions.get((kind.group, kind.plural))
        if reaction is not None:
            reaction(change)
        if change.type == DELETED and kind.plural != "events":
            self._collect_dependents(change.object["metadata"]["uid"])

    # Namespaces and ownership

    def _namespace(self, change: Change) -> None:
        name = change.object["metadata"]["name"]
        if change.type == ADDED:
            self._cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _meta("default", name)})
            self._cluster.create(
                {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": _meta("kube-root-ca.crt", name),
                    "data": {"ca.crt": "-----BEGIN CERTIFICATE-----\n(the lab's own)\n-----END CERTIFICATE-----\n"},
                }
            )
        elif change.type == DELETED:
            for kind in self._cluster.kinds:
                if kind.namespaced and kind.verbs != CREATE_ONLY:
                    self._delete_all(kind, name, lambda _: True)

    def _collect_dependents(self, uid: str) -> None:
        for kind in self._cluster.kinds:
            if kind.verbs != CREATE_ONLY:
                self._delete_all(
                    kind, "", lambda obj: any(ref["uid"] == uid for ref in obj["metadata"].get("ownerReferences", ()))
                )

    def _delete_all(self, kind: Kind, namespace: str, matches: Callable[[Object], bool]) -> None:
        for obj in self._cluster.select(kind, namespace, matches):
            metadata = obj["metadata"]
            if self._cluster.find(kind, metadata.get("namespace", ""), metadata["name"]) is not None:
                self._cluster.delete(kind, metadata.get("namespace", ""), metadata["name"])

    def _owned(self, plural: str, group: str, owner: Object) -> list[Object]:
        uid = owner["metadata"]["uid"]

        def owned(obj: Object) -> bool:
            reference = workloads.controller_of(obj)
            return reference is not None and reference["uid"] == uid

        return self._cluster.select(self._cluster.kind(plural, group), owner["metadata"]["namespace"], owned)

    # Deployments and ReplicaSets

    def _deployment(self, change: Change) -> None:
        if change.type == DELETED:
            return
        deployment, replicas = change.object, change.object["spec"]["replicas"]
        namespace, sets = deployment["metadata"]["namespace"], self._owned("replicasets", "apps", deployment)
        current = f"{deployment['metadata']['name']}-{workloads.template_hash(deployment['spec']['template'])}"
        if not any(item["metadata"]["name"] == current for item in sets):
            self._cluster.create(workloads.replica_set(deployment, replicas, len(sets) + 1))
            self._scaled(deployment, current, "up", 0, replicas)
        kind = self._cluster.kind("replicasets", "apps")
        for name in [item["metadata"]["name"] for item in sets]:
            # Looked up anew: each change here reports to the Deployment, which comes back to this very place.
            found = self._cluster.find(kind, namespace, name)
            wanted = replicas if name == current else 0
            if found is not None and (before := found["spec"]["replicas"]) != wanted:
                self._scaled(deployment, name, "up" if wanted > before else "down", before, wanted)
                self._cluster.modify(kind, namespace, name, functools.partial(_set_replicas, wanted))
        self._deployment_status(namespace, deployment["metadata"]["name"])

    def _scaled(self, deployment: Object, replica_set: str, way: str, before: int, after: int) -> None:
        message = f"Scaled {way} replica set {replica_set} from {before} to {after}"
        events.record(self._cluster, deployment, "ScalingReplicaSet", message, component="deployment-controller")

    def _deployment_status(self, namespace: str, name: str) -> None:
        kind = self._cluster.kind("deployments", "apps")
        deployment = self._cluster.find(kind, namespace, name)
        if deployment is None:
            return
        current = f"{name}-{workloads.template_hash(deployment['spec']['template'])}"
        sets = self._owned("replicasets", "apps", deployment)
        newest = [item for item in sets if item["metadata"]["name"] == current]
        revision = newest[0]["metadata"]["annotations"][workloads.REVISION_ANNOTATION] if newest else "1"
        total, ready = (sum(item["status"].get(key, 0) for item in sets) for key in ("replicas", "readyReplicas"))
        enough = ready >= deployment["spec"]["replicas"]
        now = timestamp(self._cluster.clock())

        def report(obj: Object) -> None:
            obj["metadata"].setdefault("annotations", {})[workloads.REVISION_ANNOTATION] = revision
            conditions = [
                _condition(
                    "Available", enough, "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable"
                ),
                _condition("Progressing", True, "NewReplicaSetAvailable"),
            ]
            before = {item["type"]: item for item in obj.get("status", {}).get("conditions", ())}
            for item in conditions:
                known = before.get(item["type"], {})
                moved = known.get("status") != item["status"]
                item["lastTransitionTime"] = now if moved else known["lastTransitionTime"]
                item["lastUpdateTime"] = item["lastTransitionTime"]
            counts = {
                "replicas": total,
                "updatedReplicas": sum(item["status"].get("replicas", 0) for item in newest),
                "readyReplicas": ready,
                "availableReplicas": ready,
                "unavailableReplicas": max(obj["spec"]["replicas"] - ready, 0),
            }
            obj["status"] = {
                "observedGeneration": obj["metadata"].get("generation", 1),
                **{key: value for key, value in counts.items() if value},
                "conditions": conditions,
            }

        self._cluster.modify(kind, namespace, name, report)

    def _replica_set(self, change: Change) -> None:
        reference = workloads.controller_of(change.object)
        if change.type != DELETED:
            self._reconcile(change.object["metadata"]["namespace"], change.object["metadata"]["name"])
        if reference is not None and reference["kind"] == "Deployment":
            self._deployment_status(change.object["metadata"]["namespace"], reference["name"])

    def _reconcile(self, namespace: str, name: str) -> None:
        """Make the pods of a ReplicaSet as many as it wants, and report them.

        Each pod made or deleted comes back here through its own reaction, so the loop looks anew every time.
        """
        kind, pods = self._cluster.kind("replicasets", "apps"), self._cluster.kind("pods")
        while (found := self._cluster.find(kind, namespace, name)) is not None:
            own = self._owned("pods", "", found)
            missing = found["spec"]["replicas"] - len(own)
            if missing > 0:
                made = self._cluster.create(workloads.pod(found, found["spec"]["template"]))
                message = f"Created pod: {made['metadata']['name']}"
                events.record(self._cluster, found, "SuccessfulCreate", message, component="replicaset-controller")
            elif missing < 0:
                surplus = max(own, key=lambda pod: (not _is_ready(pod), pod["metadata"]["creationTimestamp"]))
                self._cluster.delete(pods, namespace, surplus["metadata"]["name"])
            else:
                self._cluster.modify(kind, namespace, name, functools.partial(_count_pods, own))
                return

    # Pods

    def _pod(self, change: Change) -> None:
        pod = change.object
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        if change.type == ADDED and not (pod.get("status") or {}).get("phase"):
            self._start(pod)
        if change.type == DELETED:
            self._cluster.logs.forget(namespace, name)
        reference = workloads.controller_of(pod)
        if reference is not None and reference["kind"] == "ReplicaSet":
            self._reconcile(namespace, reference["name"])
        elif reference is not None and reference["kind"] in _REPLACING and change.type == DELETED:
            self._replace(pod, reference)
        for service in self._cluster.select(self._cluster.kind("services"), namespace):
            if _selects(service, pod):
                self._endpoints(service)

    def _start(self, pod: Object) -> None:
        """Schedule a pod and let its containers run."""
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        kind, wanted = self._cluster.kind("pods"), pod["spec"].get("nodeName")
        node = self._node(wanted)
        if node is None:
            self._cluster.modify(kind, namespace, name, lambda obj: obj.update(status={"phase": "Pending"}))
            events.record(
                self._cluster,
                pod,
                "FailedScheduling",
                "no nodes available to schedule pods",
                component="default-scheduler",
                warning=True,
            )
            return
        node_name = node["metadata"]["name"]
        self._addresses += 1
        address = f"10.244.{self._addresses // 250}.{self._addresses % 250 + 1}"
        host_ip = next(item["address"] for item in node["status"]["addresses"] if item["type"] == "InternalIP")

        def run(obj: Object) -> None:
            workloads.complete_pod_spec(obj["spec"])
            obj["spec"]["nodeName"] = node_name
            obj["status"] = workloads.running_status(
                obj,
                host_ip=host_ip,
                pod_ip=host_ip if obj["spec"].get("hostNetwork") else address,
                started=timestamp(self._cluster.clock()),
            )

        running = self._cluster.modify(kind, namespace, name, run)
        if not wanted:
            message = f"Successfully assigned {namespace}/{name} to {node_name}"
            events.record(self._cluster, running, "Scheduled", message, component="default-scheduler")
        for container in running["spec"]["containers"]:
            for reason, message in (
                ("Pulled", f'Container image "{container["image"]}" already present on machine'),
                ("Created", f"Created container: {container['name']}"),
                ("Started", f"Started container {container['name']}"),
            ):
                events.record(self._cluster, running, reason, message, component="kubelet", host=node_name)

    def _node(self, name: str | None) -> Object | None:
        """The node named, or the schedulable one with the fewest pods."""
        nodes = self._cluster.select(self._cluster.kind("nodes"))
        if name:
            return next((node for node in nodes if node["metadata"]["name"] == name), None)
        load = {node["metadata"]["name"]: 0 for node in nodes if not node["spec"].get("unschedulable")}
        for pod in self._cluster.select(self._cluster.kind("pods")):
            if pod["spec"].get("nodeName") in load:
                load[pod["spec"]["nodeName"]] += 1
        chosen = min(load, key=lambda item: (load[item], item), default=None)
        return next((node for node in nodes if node["metadata"]["name"] == chosen), None)

    def _replace(self, pod: Object, reference: Object) -> None:
        kind = self._cluster.kinds.of(reference["apiVersion"], reference["kind"])
        owner = self._cluster.find(kind, pod["metadata"]["namespace"], reference["name"])
        if owner is not None and owner["metadata"]["uid"] == reference["uid"]:
            stable = reference["kind"] == "StatefulSet"
            self._cluster.create(
                workloads.pod(
                    owner,
                    owner["spec"]["template"],
                    name=pod["metadata"]["name"] if stable else "",
                    node=pod["spec"].get("nodeName", ""),
                )
            )

    # Services

    def _service(self, change: Change) -> None:
        if change.type != DELETED:
            self._endpoints(change.object)
            return
        kind, metadata = self._cluster.kind("endpoints"), change.object["metadata"]
        if self._cluster.find(kind, metadata["namespace"], metadata["name"]) is not None:
            self._cluster.delete(kind, metadata["namespace"], metadata["name"])

    def _endpoints(self, service: Object) -> None:
        """Point a Service at the pods it selects."""
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        pods = self._cluster.select(self._cluster.kind("pods"), namespace, lambda pod: _selects(service, pod))
        addresses = [
            {
                "ip": pod["status"]["podIP"],
                "nodeName": pod["spec"]["nodeName"],
                "targetRef": {
                    "kind": "Pod",
                    "namespace": namespace,
                    "name": pod["metadata"]["name"],
                    "uid": pod["metadata"]["uid"],
                },
            }
            for pod in pods
            if _is_ready(pod)
        ]
        ports = [
            {"name": port.get("name", ""), "port": _target_port(port), "protocol": port.get("protocol", "TCP")}
            for port in service["spec"].get("ports", ())
        ]
        kind = self._cluster.kind("endpoints")
        wanted: Object = {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {**_meta(name, namespace), "labels": service["metadata"].get("labels", {})},
            "subsets": [{"addresses": addresses, "ports": ports}] if addresses and ports else [],
        }
        if self._cluster.find(kind, namespace, name) is None:
            self._cluster.create(wanted)
        else:
            self._cluster.update(wanted)


def _count_pods(pods: list[Object], replica_set: Object) -> None:
    ready = sum(1 for pod in pods if _is_ready(pod))
    replica_set["status"] = {
        "replicas": len(pods),
        "fullyLabeledReplicas": len(pods),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "observedGeneration": replica_set["metadata"].get("generation", 1),
    }


def _set_replicas(wanted: int, obj: Object) -> None:
    obj["spec"]["replicas"] = wanted


def _meta(name: str, namespace: str) -> Object:
    return {"name": name, "namespace": namespace}


def _condition(type_: str, true: bool, reason: str) -> Object:
    words = {
        "MinimumReplicasAvailable": "Deployment has minimum availability.",
        "MinimumReplicasUnavailable": "Deployment does not have minimum availability.",
        "NewReplicaSetAvailable": "ReplicaSet has successfully progressed.",
    }
    return {"type": type_, "status": "True" if true else "False", "reason": reason, "message": words[reason]}


def _is_ready(pod: Object) -> bool:
    return any(
        item["type"] == "Ready" and item["status"] == "True"
        for item in (pod.get("status") or {}).get("conditions", ())
    )


def _selects(service: Object, pod: Object) -> bool:
    selector = service["spec"].get("selector") or {}
    labels = pod["metadata"].get("labels") or {}
    return bool(selector) and all(labels.get(name) == value for name, value in selector.items())


def _target_port(port: Object) -> int:
    """A named target port needs the pod's spec to resolve; the Service's own number stands for it here."""
    target = port.get("targetPort")
    return target if isinstance(target, int) else int(port["port"])

"""The rest of the lab's cluster: its machines, the finished run of the nightly job, and the manifests.

``manifests.yaml`` beside this module holds what no application brings along: storage, roles, configuration, secrets
with made-up text, the ingress, the job's schedule.
"""

from __future__ import annotations

import copy
import functools
from importlib import resources
from typing import Any

from ruamel.yaml import YAML

from lampgate.lab import world
from lampgate.lab.kubernetes.cluster import timestamp
from lampgate.lab.kubernetes.discovery import GIT_VERSION
from lampgate.lab.kubernetes.seed_workloads import NodeSpec
from lampgate.lab.kubernetes.status import Object
from lampgate.lab.kubernetes.workloads import owner_reference


def manifests() -> list[Object]:
    """The objects of ``manifests.yaml``, and the gateway's service account with its federated application."""
    namespace, _, account = world.GATEWAY_SERVICE_ACCOUNT.removeprefix("system:serviceaccount:").partition(":")
    annotations = {"azure.workload.identity/client-id": world.GATEWAY_APP_ID}
    metadata = {"name": account, "namespace": namespace, "annotations": annotations}
    return [*copy.deepcopy(_loaded()), {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}]


@functools.cache
def _loaded() -> list[Any]:
    text = resources.files(__package__).joinpath("manifests.yaml").read_text(encoding="utf-8")
    return list(YAML(typ="safe").load_all(text))


def node(machine: NodeSpec) -> Object:
    """A machine that is ready."""
    capacity = {"cpu": "4", "memory": "16374Mi", "pods": "110", "ephemeral-storage": "129886128Ki"}
    labels = {
        "kubernetes.io/hostname": machine.name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.azure.com/agentpool": machine.pool,
        "kubernetes.azure.com/mode": machine.pool,
        "node.kubernetes.io/instance-type": machine.size,
        "topology.kubernetes.io/region": "westeurope",
        "topology.kubernetes.io/zone": "westeurope-1",
    }
    problems = ("MemoryPressure", "DiskPressure", "PIDPressure")
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": machine.name, "labels": labels},
        "spec": {"podCIDR": "10.244.0.0/24", "providerID": f"azure:///{world.CLUSTER_RESOURCE_ID}/{machine.name}"},
        "status": {
            "capacity": capacity,
            "allocatable": {**capacity, "cpu": "3860m", "memory": "12881Mi"},
            "conditions": [
                *({"type": word, "status": "False", "reason": f"KubeletHasNo{word}"} for word in problems),
                {"type": "Ready", "status": "True", "reason": "KubeletReady"},
            ],
            "addresses": [
                {"type": "InternalIP", "address": machine.address},
                {"type": "Hostname", "address": machine.name},
            ],
            "nodeInfo": {
                "architecture": "amd64",
                "operatingSystem": "linux",
                "osImage": "Ubuntu 24.04.3 LTS",
                "kernelVersion": "6.8.0-1030-azure",
                "containerRuntimeVersion": "containerd://2.0.6",
                "kubeletVersion": GIT_VERSION,
                "kubeProxyVersion": "",
                "machineID": "",
                "systemUUID": "",
                "bootID": "",
            },
        },
    }


def nightly_job(cronjob: Object, *, started: float, ended: float) -> Object:
    """A finished run of the nightly report."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"nightly-report-{int(started) // 60}",
            "namespace": "shop",
            "ownerReferences": [owner_reference(cronjob)],
        },
        "spec": {
            "completions": 1,
            "parallelism": 1,
            "backoffLimit": 6,
            "template": copy.deepcopy(cronjob["spec"]["jobTemplate"]["spec"]["template"]),
        },
        "status": {
            "startTime": timestamp(started),
            "completionTime": timestamp(ended),
            "succeeded": 1,
            "conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": timestamp(ended)}],
        },
    }

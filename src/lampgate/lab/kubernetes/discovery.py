"""What the API offers: groups, versions, resources; the version; the health. All of it made from the kinds table.

Follows the discovery documents of the Kubernetes API concepts: the legacy lists, and the aggregated form
(``apidiscovery.k8s.io``) for whoever asks for it.
"""

from __future__ import annotations

from typing import Final

from lampgate.lab.kubernetes.kinds import Kind, Registry, Subresource
from lampgate.lab.kubernetes.status import Object

#: What the lab's API server says it is.
GIT_VERSION: Final = "v1.34.4"

VERSION: Final[Object] = {
    "major": "1",
    "minor": "34",
    "emulationMajor": "1",
    "emulationMinor": "34",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "33",
    "gitVersion": GIT_VERSION,
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "2026-02-11T00:00:00Z",
    "goVersion": "go1.24.12",
    "compiler": "gc",
    "platform": "linux/amd64",
}

#: Paths that answer ``ok`` in plain text.
HEALTH_PATHS: Final = frozenset({"/healthz", "/livez", "/readyz", "/healthz/ping", "/livez/ping", "/readyz/ping"})


def aggregated_content_type(version: str) -> str:
    """The media type of the aggregated form."""
    return f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"


def aggregated(registry: Registry, version: str, *, core: bool) -> Object:
    """The aggregated discovery of ``/api`` (core) or ``/apis`` (everything else)."""
    groups = {"": ["v1"]} if core else registry.group_versions()
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": [
            {
                "metadata": {"name": group, "creationTimestamp": None},
                "versions": [
                    {
                        "version": item,
                        "resources": [_aggregated_resource(kind) for kind in registry.of_group_version(group, item)],
                        "freshness": "Current",
                    }
                    for item in versions
                ],
            }
            for group, versions in groups.items()
        ],
    }


def document(registry: Registry, path: str) -> Object | None:
    """The legacy document at a path; None if there is none."""
    parts = [part for part in path.split("/") if part]
    groups = registry.group_versions()
    match parts:
        case ["version"]:
            return VERSION
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["api", "v1"]:
            return _resource_list(registry, "", "v1")
        case ["apis"]:
            return {
                "kind": "APIGroupList",
                "apiVersion": "v1",
                "groups": [_group(group, versions) for group, versions in groups.items()],
            }
        case ["apis", group] if group in groups:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, groups[group])}
        case ["apis", group, version] if version in groups.get(group, ()):
            return _resource_list(registry, group, version)
        case []:
            return {"paths": _paths(groups)}
        case _:
            return None


def _paths(groups: dict[str, list[str]]) -> list[str]:
    named = [f"/apis/{group}" for group in groups]
    versioned = [f"/apis/{group}/{version}" for group, versions in groups.items() for version in versions]
    return sorted(
        ["/api", "/api/v1", "/apis", "/openapi/v2", "/openapi/v3", "/version", *HEALTH_PATHS, *named, *versioned]
    )


def _group(group: str, versions: list[str]) -> Object:
    entries = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
    return {"name": group, "versions": entries, "preferredVersion": entries[0]}


def _resource_list(registry: Registry, group: str, version: str) -> Object:
    resources: list[Object] = []
    for kind in registry.of_group_version(group, version):
        entry: Object = {
            "name": kind.plural,
            "singularName": kind.singular,
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": list(kind.verbs),
        }
        if kind.short_names:
            entry["shortNames"] = list(kind.short_names)
        if kind.categories:
            entry["categories"] = list(kind.categories)
        resources.append(entry)
        resources.extend(_legacy_subresource(kind, item) for item in kind.subresources)
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": resources,
    }


def _legacy_subresource(kind: Kind, item: Subresource) -> Object:
    entry: Object = {
        "name": f"{kind.plural}/{item.name}",
        "singularName": "",
        "namespaced": kind.namespaced,
        "kind": item.kind or kind.kind,
        "verbs": list(item.verbs),
    }
    if item.kind:
        entry |= {"group": item.group, "version": item.version}
    return entry


def _aggregated_resource(kind: Kind) -> Object:
    entry: Object = {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        entry["shortNames"] = list(kind.short_names)
    if kind.categories:
        entry["categories"] = list(kind.categories)
    if kind.subresources:
        entry["subresources"] = [
            {
                "subresource": item.name,
                "responseKind": {
                    "group": item.group if item.kind else kind.group,
                    "version": item.version if item.kind else kind.version,
                    "kind": item.kind or kind.kind,
                },
                "verbs": list(item.verbs),
            }
            for item in kind.subresources
        ]
    return entry

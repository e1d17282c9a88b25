"""Minimal OpenAPI documents, made from the kinds table: enough for ``kubectl explain`` to name a kind and for clients
to see that the server validates fields itself.

Schemas are open objects: no field below ``metadata``, ``spec`` and ``status`` is described.
"""

from __future__ import annotations

from lampgate.lab.kubernetes.discovery import GIT_VERSION
from lampgate.lab.kubernetes.kinds import Kind, Registry
from lampgate.lab.kubernetes.status import Object

_INFO = {"title": "Kubernetes", "version": GIT_VERSION}
_PATCHES = ("application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json")


def v2(registry: Registry) -> Object:
    """``/openapi/v2`` (Swagger 2.0)."""
    return {
        "swagger": "2.0",
        "info": _INFO,
        "paths": {},
        "definitions": {_schema_name(kind): _schema(kind) for kind in registry},
    }


def v3(registry: Registry, path: str) -> Object | None:
    """``/openapi/v3`` and the document of each group version below it; None if there is none."""
    roots = {
        "api/v1": ("", "v1"),
        **{
            f"apis/{group}/{version}": (group, version)
            for group, versions in registry.group_versions().items()
            for version in versions
        },
    }
    wanted = path.removeprefix("/openapi/v3").strip("/")
    if not wanted:
        return {"paths": {root: {"serverRelativeURL": f"/openapi/v3/{root}"} for root in roots}}
    if wanted not in roots:
        return None
    kinds = registry.of_group_version(*roots[wanted])
    return {
        "openapi": "3.0.0",
        "info": _INFO,
        "paths": {f"/{wanted}{suffix}": item for kind in kinds for suffix, item in _paths(kind).items()},
        "components": {"schemas": {_schema_name(kind): _schema(kind) for kind in kinds}},
    }


def _paths(kind: Kind) -> dict[str, Object]:
    collection = f"/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else f"/{kind.plural}"
    named: Object = {}
    if "get" in kind.verbs:
        named["get"] = _operation(kind, "get")
    if "patch" in kind.verbs:
        media = {media_type: {"schema": {"type": "object"}} for media_type in _PATCHES}
        named["patch"] = {
            **_operation(kind, "patch"),
            "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}],
            "requestBody": {"content": media},
        }
    item: Object = {}
    if "list" in kind.verbs:
        item["get"] = _operation(kind, "list")
    if "create" in kind.verbs:
        item["post"] = _operation(kind, "post")
    return {collection: item, f"{collection}/{{name}}": named} if named else {collection: item}


def _operation(kind: Kind, action: str) -> Object:
    schema = {"$ref": f"#/components/schemas/{_schema_name(kind)}"}
    return {
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": _group_version_kind(kind),
    }


def _schema_name(kind: Kind) -> str:
    group = kind.group.partition(".")[0] or "core"
    return f"io.k8s.api.{group}.{kind.version}.{kind.kind}"


def _schema(kind: Kind) -> Object:
    return {
        "type": "object",
        "description": f"{kind.kind}, as the lab's cluster keeps it. Its fields are not described here.",
        "properties": {
            "apiVersion": {"type": "string", "description": "The group and version of this object."},
            "kind": {"type": "string", "description": "The kind of this object."},
            "metadata": {"type": "object", "description": "Name, namespace, labels and bookkeeping."},
        },
        "x-kubernetes-group-version-kind": [_group_version_kind(kind)],
        "x-kubernetes-preserve-unknown-fields": True,
    }


def _group_version_kind(kind: Kind) -> dict[str, str]:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}

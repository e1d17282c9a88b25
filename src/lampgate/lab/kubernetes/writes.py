"""Changing objects: create, update, patch, delete, scale.

What the lab cannot do faithfully (dry runs, server-side apply) is refused, never ignored.
"""

from __future__ import annotations

import copy
from typing import Any, Final

import msgspec
from starlette.requests import Request

from lampgate.lab.kubernetes import defaults, protobuf, resources, status
from lampgate.lab.kubernetes.front import Call
from lampgate.lab.kubernetes.kinds import Kind
from lampgate.lab.kubernetes.patch import PATCHES
from lampgate.lab.kubernetes.status import Object

#: The API server's own limit of a request body, bytes.
_BODY_LIMIT: Final = 3 * 1024 * 1024


async def read_body(request: Request) -> Object:
    """The object a request carries, as JSON or in Kubernetes' protobuf form.

    :raises StatusError: 400, 413, 415.
    """
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if media_type == protobuf.MEDIA_TYPE:
        return protobuf.decode(await _bytes(request))
    if media_type != "application/json":
        raise status.unsupported_media_type(f"application/json, {protobuf.MEDIA_TYPE}")
    body = await _json(request)
    if not isinstance(body, dict):
        raise status.bad_request("the body of the request is not a JSON object")
    return body


async def write(call: Call, kind: Kind, request: Request) -> Object:
    """Do what the verb says.

    :returns: the object as stored, or a `Status` or list for deletions.
    """
    if call.query.get("dryRun"):
        raise status.not_implemented("the lab has no dry run; nothing was changed")
    verb = call.info.verb
    if verb == "create":
        return _create(call, kind, await read_body(request))
    if verb == "update":
        return _update(call, kind, await read_body(request))
    if verb == "patch":
        return await _patch(call, kind, request)
    if verb == "delete":
        return _delete(call, kind)
    return _delete_collection(call, kind)


async def scale(call: Call, kind: Kind, request: Request) -> Object:
    """``…/scale``: how many replicas there are and shall be."""
    cluster, info = call.front.cluster, call.info
    stored = cluster.get(kind, info.namespace, info.name)
    if info.verb == "get":
        return _scale_of(stored)
    if call.query.get("dryRun"):
        raise status.not_implemented("the lab has no dry run; nothing was changed")
    wanted = await read_body(request) if info.verb == "update" else await _patched(request, _scale_of(stored))
    replicas = (wanted.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool) or replicas < 0:
        raise status.invalid(
            "Scale", "autoscaling", info.name, "spec.replicas", "Invalid value: must be greater than or equal to 0"
        )
    return _scale_of(
        cluster.modify(kind, info.namespace, info.name, lambda obj: obj["spec"].update(replicas=replicas))
    )


def _create(call: Call, kind: Kind, obj: Object) -> Object:
    cluster = call.front.cluster
    _check_identity(call, kind, obj)
    defaults.check_name(kind, obj)
    if kind.namespaced:
        cluster.get(cluster.kind("namespaces"), "", call.info.namespace)
    for owned_by_server in ("uid", "resourceVersion", "creationTimestamp", "managedFields", "selfLink"):
        obj["metadata"].pop(owned_by_server, None)
    if kind.subresource("status"):
        obj.pop("status", None)
    defaults.complete(kind, obj, cluster)
    name = cluster.create(obj)["metadata"]
    return resources.shaped(call, kind, cluster.get(kind, name.get("namespace", ""), name["name"]))


def _update(call: Call, kind: Kind, obj: Object) -> Object:
    _check_identity(call, kind, obj)
    if obj["metadata"].get("name") != call.info.name:
        raise status.bad_request(
            f"the name of the object ({obj['metadata'].get('name')}) does not match the name on the URL "
            f"({call.info.name})"
        )
    return _replace(call, kind, obj)


async def _patch(call: Call, kind: Kind, request: Request) -> Object:
    stored = call.front.cluster.get(kind, resources.namespace_of(call, kind), call.info.name)
    patched = await _patched(request, stored)
    for fixed in ("name", "namespace"):
        if patched.get("metadata", {}).get(fixed) != stored["metadata"].get(fixed):
            raise status.invalid(
                kind.kind, kind.group, call.info.name, f"metadata.{fixed}", "Invalid value: field is immutable"
            )
    _check_identity(call, kind, patched)
    return _replace(call, kind, patched)


def _replace(call: Call, kind: Kind, obj: Object) -> Object:
    """Store a changed object; its status is not the client's to write."""
    cluster, namespace = call.front.cluster, resources.namespace_of(call, kind)
    stored = cluster.get(kind, namespace, call.info.name)
    if kind.subresource("status"):
        obj.pop("status", None)
        if "status" in stored:
            obj["status"] = copy.deepcopy(stored["status"])
    if kind.plural == "deployments" and obj.get("spec", {}).get("selector") != stored["spec"]["selector"]:
        raise status.invalid(
            kind.kind, kind.group, call.info.name, "spec.selector", "Invalid value: field is immutable"
        )
    defaults.complete(kind, obj, cluster)
    cluster.update(obj)
    return resources.shaped(call, kind, cluster.get(kind, namespace, call.info.name))


def _delete(call: Call, kind: Kind) -> Object:
    name, namespace = call.info.name, resources.namespace_of(call, kind)
    gone = call.front.cluster.delete(kind, namespace, name)
    if kind.plural == "pods":  # deleted gracefully, so the real API answers with the pod
        return resources.shaped(call, kind, gone)
    return status.success(name=name, group=kind.group, plural=kind.plural, uid=gone["metadata"]["uid"])


def _delete_collection(call: Call, kind: Kind) -> Object:
    cluster = call.front.cluster
    gone = [
        cluster.delete(kind, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        for obj in cluster.select(kind, resources.namespace_of(call, kind), resources.selection(call, kind))
        if cluster.find(kind, obj["metadata"].get("namespace", ""), obj["metadata"]["name"]) is not None
    ]
    metadata = {"resourceVersion": str(cluster.resource_version)}
    return {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": gone}


async def _patched(request: Request, stored: Object) -> Object:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    apply = PATCHES.get(media_type)
    if apply is None:
        raise status.unsupported_media_type(", ".join(PATCHES))
    patched = apply(stored, await _json(request))
    if not isinstance(patched, dict) or not isinstance(patched.get("metadata"), dict):
        raise status.bad_request("the patch leaves no object behind")
    return patched


async def _json(request: Request) -> Any:
    try:
        return msgspec.json.decode(await _bytes(request))
    except msgspec.DecodeError as error:
        raise status.bad_request("the body of the request is not JSON") from error


async def _bytes(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise status.StatusError(
                413, "RequestEntityTooLarge", f"Request entity too large: limit is {_BODY_LIMIT}"
            )
    return bytes(body)


def _check_identity(call: Call, kind: Kind, obj: Object) -> None:
    """The object must be what the path says; a namespace left out is the path's."""
    obj.setdefault("apiVersion", kind.api_version)
    obj.setdefault("kind", kind.kind)
    if (obj["apiVersion"], obj["kind"]) != (kind.api_version, kind.kind):
        raise status.bad_request(
            f"the object ({obj['apiVersion']}, Kind={obj['kind']}) does not match the path "
            f"({kind.api_version}, Kind={kind.kind})"
        )
    if not isinstance(obj.setdefault("metadata", {}), dict):
        raise status.bad_request("metadata must be an object")
    _check_shape(obj)
    if kind.namespaced and obj["metadata"].setdefault("namespace", call.info.namespace) != call.info.namespace:
        raise status.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def _check_shape(obj: Object) -> None:
    """What every reader of the store relies on, whatever the kind."""
    for name in ("spec", "data", "status"):
        if not isinstance(obj.get(name, {}), dict):
            raise status.bad_request(f"{name} must be an object")
    for name in ("labels", "annotations"):
        pairs = obj["metadata"].get(name)
        if pairs is None:
            obj["metadata"].pop(name, None)
        elif not isinstance(pairs, dict) or not all(isinstance(value, str) for value in pairs.values()):
            raise status.bad_request(f"metadata.{name} must be a map of strings")
    owners = obj["metadata"].get("ownerReferences", [])
    if not isinstance(owners, list) or not all(isinstance(item, dict) and "uid" in item for item in owners):
        raise status.bad_request("metadata.ownerReferences must be a list of references")


def _scale_of(obj: Object) -> Object:
    metadata = obj["metadata"]
    labels = obj["spec"]["selector"]["matchLabels"]
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            key: metadata[key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        },
        "spec": {"replicas": obj["spec"]["replicas"]},
        "status": {
            "replicas": obj.get("status", {}).get("replicas", 0),
            "selector": ",".join(f"{name}={value}" for name, value in sorted(labels.items())),
        },
    }

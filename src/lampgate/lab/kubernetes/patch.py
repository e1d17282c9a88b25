"""Patches: merge (RFC 7396), JSON (RFC 6902) and the strategic merge of Kubernetes. Pure: gives a new object.

The strategic merge knows the merge keys of the lists that workloads have (the API server reads them from its Go
types), ``$patch: delete|replace`` and ``$setElementOrder``; ``$retainKeys`` is taken as no order at all.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

from lampgate.lab.kubernetes import status
from lampgate.lab.kubernetes.status import Object

#: list member -> the keys that may identify an entry, the first one present counts.
_MERGE_KEYS: Final = {
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "ports": ("containerPort", "port"),
    "secrets": ("name",),
    "taints": ("key",),
    "topologySpreadConstraints": ("topologyKey",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
#: Lists of plain values that are merged as sets.
_SETS: Final = frozenset({"finalizers"})


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = copy.deepcopy(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


def strategic(target: Any, patch: Any) -> Any:
    """Kubernetes' strategic merge: as `merge`, but lists of named things are merged entry by entry."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    directive = patch.get("$patch")
    if directive == "delete":
        return {}
    result = copy.deepcopy(target) if isinstance(target, dict) and directive != "replace" else {}
    for name, value in patch.items():
        if name.startswith("$"):
            continue
        if value is None:
            result.pop(name, None)
        elif isinstance(value, list) and name in _MERGE_KEYS:
            result[name] = _merge_list(result.get(name) or [], value, _MERGE_KEYS[name])
        elif isinstance(value, list) and name in _SETS:
            result[name] = [*(result.get(name) or []), *(item for item in value if item not in result.get(name, []))]
        else:
            result[name] = strategic(result.get(name), value)
    return result


def _merge_list(target: list[Any], patch: list[Any], candidates: tuple[str, ...]) -> list[Any]:
    entries = [entry for entry in patch if isinstance(entry, dict)]
    if len(entries) != len(patch) or {"$patch": "replace"} in entries:
        return [copy.deepcopy(entry) for entry in patch if entry != {"$patch": "replace"}]
    result = copy.deepcopy(target)
    for entry in entries:
        key = next((name for name in candidates if name in entry), None)
        if key is None:
            raise status.bad_request(f"map: {entry} does not contain declared merge key: {candidates[0]}")
        position = next((index for index, old in enumerate(result) if old.get(key) == entry[key]), None)
        if entry.get("$patch") == "delete":
            if position is not None:
                del result[position]
        elif position is None:
            result.append(strategic({}, entry))
        else:
            result[position] = strategic(result[position], entry)
    return result


def json_patch(target: Object, operations: Any) -> Any:
    """RFC 6902.

    :raises StatusError: 400 on a malformed patch, 422 where it does not apply.
    """
    if not isinstance(operations, list) or not all(isinstance(item, dict) for item in operations):
        raise status.bad_request("error decoding patch: a JSON patch is a list of operations")
    document: Any = copy.deepcopy(target)
    for operation in operations:
        try:
            document = _apply(document, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise status.StatusError(
                422, "Invalid", f"the server rejected our request due to an error in our request: {operation}"
            ) from error
    return document


def _apply(document: Any, operation: dict[str, Any]) -> Any:
    name, path = operation["op"], _pointer(operation["path"])
    if name == "test":
        if _read(document, path) != operation["value"]:
            raise ValueError("test failed")
        return document
    if name == "remove":
        return _remove(document, path)
    if name == "add":
        return _add(document, path, copy.deepcopy(operation["value"]))
    if name == "replace":
        _read(document, path)
        return _add(_remove(document, path), path, copy.deepcopy(operation["value"]))
    source = _pointer(operation["from"])
    value = copy.deepcopy(_read(document, source))
    if name == "copy":
        return _add(document, path, value)
    if name == "move":
        return _add(_remove(document, source), path, value)
    raise ValueError(f"no such operation: {name}")


def _pointer(text: str) -> list[str]:
    """RFC 6901."""
    if not text:
        return []
    if not text.startswith("/"):
        raise ValueError("a pointer starts with a slash")
    return [part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")]


def _read(document: Any, path: list[str]) -> Any:
    for part in path:
        document = document[_index(part)] if isinstance(document, list) else document[part]
    return document


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _read(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        position = len(parent) if last == "-" else _index(last)
        if position > len(parent):
            raise IndexError(position)
        parent.insert(position, value)
    else:
        parent[last] = value
    return document


def _remove(document: Any, path: list[str]) -> Any:
    if not path:
        return {}
    parent, last = _read(document, path[:-1]), path[-1]
    del parent[_index(last) if isinstance(parent, list) else last]
    return document


def _index(part: str) -> int:
    if not part.isdigit():
        raise ValueError(f"not an index: {part}")
    return int(part)


#: Content type -> how the patch is applied. Server-side apply is not among them.
PATCHES: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "application/merge-patch+json": merge,
    "application/json-patch+json": json_patch,
    "application/strategic-merge-patch+json": strategic,
}

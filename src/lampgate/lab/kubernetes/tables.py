"""Server-side tables: objects -> the rows kubectl and dashboards print. Pure.

The columns of each kind are in `table_columns`. Follows ``meta.k8s.io/v1`` Table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from lampgate.lab.kubernetes.kinds import Kind
from lampgate.lab.kubernetes.status import Object, bad_request
from lampgate.lab.kubernetes.table_columns import columns_of

IncludeObject = Literal["None", "Metadata", "Object"]


def include_object(value: str | None) -> IncludeObject:
    """The ``includeObject`` parameter.

    :raises StatusError: 400, it is none of the three.
    """
    if value == "None":
        return "None"
    if value == "Object":
        return "Object"
    if value in (None, "", "Metadata"):
        return "Metadata"
    raise bad_request(f"unrecognized includeObject value {value!r}")


def table(
    kind: Kind,
    objects: Sequence[Object],
    metadata: Object,
    *,
    now: float,
    include: IncludeObject = "Metadata",
    with_definitions: bool = True,
) -> Object:
    """A Table.

    :param metadata: the list's metadata (resourceVersion, continue).
    :param now: seconds since the epoch, for ages.
    :param with_definitions: False for all but the first event of a watch.
    """
    columns = columns_of(kind)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [
            {
                "name": column.name,
                "type": column.type,
                "format": "name" if column.name == "Name" else "",
                "description": column.description,
                "priority": column.priority,
            }
            for column in columns
        ]
        if with_definitions
        else None,
        "rows": [
            {"cells": [column.cell(obj, now) for column in columns], **_row_object(obj, include)} for obj in objects
        ],
    }


def partial_metadata(obj: Object) -> Object:
    """The object without all but its metadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def _row_object(obj: Object, include: IncludeObject) -> Object:
    if include == "None":
        return {}
    return {"object": obj if include == "Object" else partial_metadata(obj)}

"""Reading objects: get, list and watch, in the form the client asked for.

Follows "Efficient detection of changes" and "Retrieving large results sets in chunks" of the Kubernetes API concepts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from lampgate.lab.kubernetes import negotiation, selectors, status
from lampgate.lab.kubernetes.cluster import Cluster, everything
from lampgate.lab.kubernetes.front import Call
from lampgate.lab.kubernetes.kinds import Kind
from lampgate.lab.kubernetes.negotiation import Form
from lampgate.lab.kubernetes.request_info import flag
from lampgate.lab.kubernetes.selectors import Predicate
from lampgate.lab.kubernetes.status import Object, StatusError
from lampgate.lab.kubernetes.tables import IncludeObject, include_object, partial_metadata, table
from lampgate.lab.kubernetes.watch import ADDED, Change

#: Seconds after which the API server ends a watch that names no time: 30 to 60 minutes; here always 30.
WATCH_SECONDS: Final = 1800
BOOKMARK: Final = "BOOKMARK"
#: The annotation of the bookmark after the initial objects of a streamed list (KEP-3157).
_INITIAL_EVENTS_END: Final = "k8s.io/initial-events-end"


def get(call: Call, kind: Kind) -> Object:
    """One object."""
    return shaped(
        call, kind, call.front.cluster.get(kind, call.info.namespace if kind.namespaced else "", call.info.name)
    )


def list_objects(call: Call, kind: Kind) -> Object:
    """A list, or a page of it."""
    cluster = call.front.cluster
    form = negotiation.form(call.headers.get("accept"))
    page = cluster.page(
        kind,
        namespace_of(call, kind),
        matches=selection(call, kind),
        limit=call.number("limit") or 0,
        continue_token=call.query.get("continue", ""),
    )
    metadata: Object = {"resourceVersion": str(page.resource_version)}
    if page.continue_token:
        metadata["continue"] = page.continue_token
    if page.remaining:
        metadata["remainingItemCount"] = page.remaining
    if form is Form.TABLE:
        include = include_object(call.query.get("includeObject"))
        return table(kind, page.items, metadata, now=cluster.clock(), include=include)
    if form is Form.METADATA:
        items = [partial_metadata(item) for item in page.items]
        return {
            "kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "items": items,
        }
    return {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": page.items}


def shaped(call: Call, kind: Kind, obj: Object) -> Object:
    """One object in the form asked for."""
    form = negotiation.form(call.headers.get("accept"))
    if form is Form.OBJECT:
        return obj
    return _Shape(kind, form, include_object(call.query.get("includeObject")), call.front.cluster).of([obj])


def namespace_of(call: Call, kind: Kind) -> str:
    """The namespace a list or watch is narrowed to. For cluster-scoped kinds none, also not for namespaces
    themselves, whose name the request info repeats there."""
    return call.info.namespace if kind.namespaced else ""


def selection(call: Call, kind: Kind) -> Predicate:
    """Label and field selector as one test."""
    tests: list[Predicate] = []
    if call.query.get("labelSelector"):
        tests.append(selectors.labels(call.query["labelSelector"]))
    if call.query.get("fieldSelector"):
        tests.append(selectors.fields(call.query["fieldSelector"], kind))
    if call.info.name and not call.query.get("fieldSelector"):  # the deprecated /watch/…/{name}
        tests.append(selectors.fields(f"metadata.name={call.info.name}", kind))
    if not tests:
        return everything
    return lambda obj: all(test(obj) for test in tests)


def watch(call: Call, kind: Kind) -> AsyncIterator[Object]:
    """The events of a watch, ``{"type", "object"}``, until its time is up.

    What can be refused is refused here, before the first event; a moment no longer kept is an ``ERROR`` event, as the
    real API has already answered 200 by then.

    :raises StatusError: 400, 406.
    """
    cluster = call.front.cluster
    form = negotiation.form(call.headers.get("accept"))
    shape = _Shape(kind, form, include_object(call.query.get("includeObject")), cluster)
    matches, namespace = selection(call, kind), namespace_of(call, kind)
    version = call.query.get("resourceVersion", "")
    if version and not version.isdigit():
        raise status.bad_request(f'Invalid value: "{version}": resourceVersion is not a number')
    streamed_list = flag(call.query, "sendInitialEvents")
    start = int(version or 0)
    initial: Sequence[Object] | None = None
    if streamed_list or not start:
        initial = cluster.select(kind, namespace, matches)
        start = cluster.resource_version
    changes = cluster.watch(kind, namespace, matches=matches, resource_version=start)
    seconds = call.number("timeoutSeconds") or WATCH_SECONDS
    return _events(shape, initial, changes, seconds, start if streamed_list else None)


async def _events(
    shape: _Shape,
    initial: Sequence[Object] | None,
    changes: AsyncIterator[Change],
    seconds: float,
    initial_events_end: int | None,
) -> AsyncIterator[Object]:
    for obj in initial or ():
        yield {"type": ADDED, "object": shape.of([obj])}
    if initial_events_end is not None:
        yield {"type": BOOKMARK, "object": shape.bookmark(initial_events_end, {_INITIAL_EVENTS_END: "true"})}
    deadline = asyncio.get_running_loop().time() + seconds
    try:
        while True:
            async with asyncio.timeout_at(deadline):
                change = await anext(changes, None)
            if change is None:
                return
            yield {"type": change.type, "object": shape.of([change.object])}
    except TimeoutError:
        return
    except StatusError as error:
        yield {"type": "ERROR", "object": error.body()}


class _Shape:
    """Objects in the form a client asked for; a table describes its columns once."""

    def __init__(self, kind: Kind, form: Form, include: IncludeObject, cluster: Cluster) -> None:
        self._kind = kind
        self._form = form
        self._include: IncludeObject = include
        self._cluster = cluster
        self._described = False

    def of(self, objects: Sequence[Object]) -> Object:
        """One object in that form."""
        (obj,) = objects
        if self._form is Form.METADATA:
            return partial_metadata(obj)
        if self._form is Form.TABLE:
            return self._table(objects, {"resourceVersion": obj["metadata"]["resourceVersion"]})
        return obj

    def bookmark(self, version: int, annotations: dict[str, str]) -> Object:
        """An object that carries nothing but a moment."""
        metadata: Object = {"resourceVersion": str(version), "creationTimestamp": None, "annotations": annotations}
        bare: Object = {"kind": self._kind.kind, "apiVersion": self._kind.api_version, "metadata": metadata}
        if self._form is Form.METADATA:
            return partial_metadata(bare)
        return self._table([], metadata) if self._form is Form.TABLE else bare

    def _table(self, objects: Sequence[Object], metadata: Object) -> Object:
        described, self._described = self._described, True
        return table(
            self._kind,
            objects,
            metadata,
            now=self._cluster.clock(),
            include=self._include,
            with_definitions=not described,
        )

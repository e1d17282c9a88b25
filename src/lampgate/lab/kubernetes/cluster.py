"""The cluster itself: objects in memory, one growing resourceVersion, their history, their logs.

Keeps objects and tells who is interested; knows nothing of HTTP, users or permissions. Objects handed out belong to
the store and are never changed: whoever wants a change makes a copy and stores it (`Cluster.update`,
`Cluster.modify`).
"""

from __future__ import annotations

import base64
import binascii
import json
import random
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from lampgate.lab.kubernetes import status
from lampgate.lab.kubernetes.container_log import Logs
from lampgate.lab.kubernetes.kinds import KINDS, Kind, Registry
from lampgate.lab.kubernetes.selectors import Predicate
from lampgate.lab.kubernetes.status import Object
from lampgate.lab.kubernetes.watch import ADDED, DELETED, MODIFIED, Change, History

#: Changes kept per kind.
HISTORY_LIMIT: Final = 1000
#: The characters of generated names (k8s.io/apimachinery, util/rand): no vowels, nothing to misread.
_NAME_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list.

    :ivar continue_token: opaque; empty on the last page.
    :ivar remaining: how many objects follow; None when a selector makes that unknown.
    """

    items: list[Object]
    resource_version: int
    continue_token: str = ""
    remaining: int | None = None


def everything(_: Object) -> bool:
    """The selector that matches all."""
    return True


def timestamp(seconds: float) -> str:
    """RFC 3339 in whole seconds, as ``metav1.Time`` is written."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Cluster:
    """An in-memory cluster.

    :param clock: seconds since the epoch.
    :param rng: makes uids and generated names; give a seeded one for the same cluster every time.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
        kinds: Iterable[Kind] = KINDS,
        history_limit: int = HISTORY_LIMIT,
    ) -> None:
        self.kinds = Registry(kinds)
        self.clock = clock
        self.logs = Logs()
        #: Called after each change, in order; a reaction may change the cluster in turn.
        self.reactions: list[Callable[[Kind, Change], None]] = []
        self._rng = rng or random.Random()  # noqa: S311 - uids and names, not secrets
        self._objects: dict[Kind, dict[tuple[str, str], Object]] = {kind: {} for kind in self.kinds}
        self._history = {kind: History(history_limit) for kind in self.kinds}
        self._resource_version = 1

    @property
    def resource_version(self) -> int:
        """The present moment."""
        return self._resource_version

    def close(self) -> None:
        """End every watch and every followed log, so that a server can shut down."""
        for history in self._history.values():
            history.close()
        self.logs.close()

    def kind(self, plural: str, group: str = "") -> Kind:
        """A kind by its plural; the first version in the table.

        :raises KeyError: there is no such kind.
        """
        for kind in self.kinds:
            if (kind.group, kind.plural) == (group, plural):
                return kind
        raise KeyError(status.qualified(plural, group))

    # Reading

    def find(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """An object, or None."""
        return self._objects[kind].get((namespace, name))

    def get(self, kind: Kind, namespace: str, name: str) -> Object:
        """An object.

        :raises StatusError: 404.
        """
        found = self.find(kind, namespace, name)
        if found is None:
            raise status.not_found(kind.plural, kind.group, name)
        return found

    def select(self, kind: Kind, namespace: str = "", matches: Predicate = everything) -> list[Object]:
        """All matching objects, of one namespace or of all, in the order of their keys."""
        return [
            obj
            for key, obj in sorted(self._objects[kind].items())
            if (not namespace or key[0] == namespace) and matches(obj)
        ]

    def page(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        matches: Predicate = everything,
        limit: int = 0,
        continue_token: str = "",
    ) -> Page:
        """Matching objects, a page at a time if a limit is given: the "list" of the API.

        :raises StatusError: 400 on a token that is none, 410 on one that is too old.
        """
        version, after = self._resource_version, ("", "")
        if continue_token:
            version, after = _read_continue(continue_token)
            if not self._history[kind].reaches(version):
                raise status.expired(
                    "The provided continue parameter is too old to display a consistent list result. You can start a "
                    "new list without the continue parameter."
                )
        items = [obj for obj in self.select(kind, namespace, matches) if _key(obj) > after]
        if limit <= 0 or len(items) <= limit:
            return Page(items, version)
        page = items[:limit]
        remaining = len(items) - limit if matches is everything else None
        return Page(page, version, _write_continue(version, _key(page[-1])), remaining)

    async def watch(
        self, kind: Kind, namespace: str = "", *, matches: Predicate = everything, resource_version: int
    ) -> AsyncIterator[Change]:
        """Every change after a moment, seen through a selector: an object that comes to match is added, one that no
        longer matches is deleted.

        :raises StatusError: 410, the moment is too old.
        """
        async for change in self._history[kind].after(resource_version):
            if namespace and change.object["metadata"].get("namespace") != namespace:
                continue
            seen = _through(change, matches)
            if seen is not None:
                yield seen

    # Writing

    def create(self, obj: Object) -> Object:
        """Store a new object; fills in name (from ``generateName``), uid, creationTimestamp and resourceVersion.

        :raises StatusError: 409, the name is taken.
        """
        kind = self.kinds.of(obj["apiVersion"], obj["kind"])
        stored = _copy(obj)
        metadata = stored["metadata"]
        if not metadata.get("name"):
            metadata["name"] = metadata["generateName"] + self.suffix()
        key = _key(stored)
        if key in self._objects[kind]:
            raise status.already_exists(kind.plural, kind.group, key[1])
        metadata["uid"] = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        metadata.setdefault("creationTimestamp", timestamp(self.clock()))
        return self._store(kind, ADDED, stored, None)

    def update(self, obj: Object) -> Object:
        """Replace an object. Nothing happens if nothing differs.

        :raises StatusError: 404; 409 if it carries a resourceVersion other than the stored one.
        """
        kind = self.kinds.of(obj["apiVersion"], obj["kind"])
        namespace, name = _key(obj)
        previous = self.get(kind, namespace, name)
        stored = _copy(obj)
        metadata, before = stored["metadata"], previous["metadata"]
        if metadata.get("resourceVersion") not in (None, "", before["resourceVersion"]):
            raise status.conflict(kind.plural, kind.group, name)
        for fixed in ("uid", "creationTimestamp", "resourceVersion"):
            metadata[fixed] = before[fixed]
        if "generation" in before:
            metadata["generation"] = before["generation"] + (stored.get("spec") != previous.get("spec"))
        if stored == previous:
            return previous
        return self._store(kind, MODIFIED, stored, previous)

    def modify(self, kind: Kind, namespace: str, name: str, change: Callable[[Object], None]) -> Object:
        """Change a copy of an object in place and store it.

        :raises StatusError: 404.
        """
        obj = _copy(self.get(kind, namespace, name))
        change(obj)
        return self.update(obj)

    def delete(self, kind: Kind, namespace: str, name: str) -> Object:
        """Remove an object and give its last state.

        :raises StatusError: 404.
        """
        previous = self.get(kind, namespace, name)
        last = _copy(previous)
        del self._objects[kind][namespace, name]
        self._record(kind, DELETED, last, previous)
        return last

    def suffix(self, length: int = 5) -> str:
        """The random end of a generated name."""
        return "".join(self._rng.choice(_NAME_ALPHABET) for _ in range(length))

    def _store(self, kind: Kind, type_: str, obj: Object, previous: Object | None) -> Object:
        self._objects[kind][_key(obj)] = obj
        self._record(kind, type_, obj, previous)
        return obj

    def _record(self, kind: Kind, type_: str, obj: Object, previous: Object | None) -> None:
        """The one place where time goes on."""
        self._resource_version += 1
        obj["metadata"]["resourceVersion"] = str(self._resource_version)
        change = Change(type_, obj, previous, self._resource_version)
        self._history[kind].append(change)
        for reaction in tuple(self.reactions):
            reaction(kind, change)


def _copy(obj: Object) -> Object:
    """A deep copy by way of JSON: the objects are nothing else, and it takes a tenth of `copy.deepcopy`'s time."""
    copied: Object = msgspec.json.decode(msgspec.json.encode(obj))
    return copied


def _key(obj: Object) -> tuple[str, str]:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _through(change: Change, matches: Predicate) -> Change | None:
    """A change as a selector shows it."""
    now = change.type != DELETED and matches(change.object)
    before = change.previous is not None and matches(change.previous)
    if not now and not before:
        return None
    if change.type == DELETED or now == before:
        return change
    return Change(ADDED if now else DELETED, change.object, change.previous, change.resource_version)


def _write_continue(version: int, last: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps({"rv": version, "after": last}).encode()).decode().rstrip("=")


def _read_continue(token: str) -> tuple[int, tuple[str, str]]:
    try:
        content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, name = content["after"]
        return int(content["rv"]), (str(namespace), str(name))
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise status.bad_request("continue key is not valid") from error

"""The recent history of one kind, and following it from any moment still kept.

Bounded: whoever asks for an older moment, or reads too slowly, gets 410 `Expired` and has to list again, as with the
API server's watch cache.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from lampgate.lab.kubernetes import status
from lampgate.lab.kubernetes.status import Object

ADDED, MODIFIED, DELETED = "ADDED", "MODIFIED", "DELETED"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one object.

    :ivar object: the object after the change; for a deletion its last state, with the deletion's resourceVersion.
    :ivar previous: the object before; None when added.
    """

    type: str
    object: Object
    previous: Object | None
    resource_version: int


class History:
    """The last changes of one kind.

    :param limit: how many are kept.
    """

    def __init__(self, limit: int) -> None:
        self._changes: deque[Change] = deque(maxlen=limit)
        self._appended = 0
        self._forgotten_version = 0
        self._news = asyncio.Event()
        self._closed = False

    def append(self, change: Change) -> None:
        """Add the newest change and wake the followers."""
        if len(self._changes) == self._changes.maxlen:
            self._forgotten_version = self._changes[0].resource_version
        self._changes.append(change)
        self._appended += 1
        self._wake()

    def close(self) -> None:
        """End every follower: the cluster shuts down."""
        self._closed = True
        self._wake()

    def reaches(self, resource_version: int) -> bool:
        """Whether every change after this moment is still kept."""
        return resource_version >= self._forgotten_version

    async def after(self, resource_version: int) -> AsyncIterator[Change]:
        """Every change after this moment, those to come included; ends only when the cluster closes.

        :raises StatusError: 410, the moment is no longer kept, or no longer while the reader slept.
        """
        if not self.reaches(resource_version):
            raise status.expired(f"too old resource version: {resource_version} ({self._forgotten_version})")
        position = self._first_position
        while True:
            if position < self._first_position:
                raise status.expired(f"too old resource version: {resource_version} ({self._forgotten_version})")
            if position < self._appended:
                change = self._changes[position - self._first_position]
                position += 1
                if change.resource_version > resource_version:
                    yield change
            elif self._closed:
                return
            else:
                await self._news.wait()

    @property
    def _first_position(self) -> int:
        return self._appended - len(self._changes)

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

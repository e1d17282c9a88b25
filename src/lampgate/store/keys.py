"""The names of everything lampgate keeps in the store.

What belongs to one session carries the same hash tag (the part in braces), so that a cluster keeps it on one node and
a script may touch all of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreKeys:
    """Names below one prefix.

    :ivar prefix: different for gateways that share a store without sharing sessions.
    """

    prefix: str

    def record(self, name: str) -> str:
        """The hash with a session's record: see `lampgate.store.scripts`."""
        return f"{self.prefix}session:{{{name}}}"

    def lock(self, name: str) -> str:
        """Held by whoever renews the session."""
        return f"{self.prefix}lock:{{{name}}}"

    def person(self, mark: str) -> str:
        """The sorted set of a person's sessions: record names, by their end."""
        return f"{self.prefix}person:{mark}"

    @property
    def revocations(self) -> str:
        """The stream of what was ended before its time."""
        return f"{self.prefix}revocations"

    @property
    def probe(self) -> str:
        """Written to find out whether the store can be written to."""
        return f"{self.prefix}probe"

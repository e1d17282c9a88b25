"""A person's sessions, for listing them and for ending them.

The record of a session opens only with the ticket in its browser, so what is to be listed is kept beside it, sealed
with the deployment's own secret. Per person there is a sorted set of record names by the sessions' ends; its key is a
keyed hash of the person's, so that who has sessions cannot be read from the store.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from lampgate.session.record import Session
from lampgate.session.seal import KeyRing
from lampgate.store import records, scripts
from lampgate.store.keys import StoreKeys
from lampgate.store.reach import ForeignValueError, Reach

_KIND = "session-summary"
_MARK = "person"


class SessionSummary(Struct, frozen=True):
    """What can be said of a session without its ticket. Times are seconds since the epoch.

    :ivar renewed_at: when its tokens were last renewed; at sign-in to begin with.
    """

    id: str
    signed_in_at: int
    renewed_at: int
    expires_at: int

    def __repr__(self) -> str:
        return f"SessionSummary(signed_in_at={self.signed_in_at}, expires_at={self.expires_at})"


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(SessionSummary)


def seal_summary(session: Session, keys: KeyRing, now: float) -> str:
    """The summary that is kept beside a session's record."""
    summary = SessionSummary(session.id, session.signed_in_at, int(now), session.expires_at)
    return keys.seal(_KIND, _encoder.encode(summary))


def open_summary(text: bytes, name: str, keys: KeyRing) -> SessionSummary | None:
    """The summary of the record ``name``; None where it is not one of this deployment, or of another record."""
    plaintext = keys.open(_KIND, text.decode("latin-1"))
    if plaintext is None:
        return None
    try:
        summary = _decoder.decode(plaintext)
    except msgspec.DecodeError:
        return None
    return summary if records.record_name(summary.id) == name else None


class People:
    """The index of sessions by person. Every method raises `StoreUnavailableError` while the store is away."""

    def __init__(self, reach: Reach, keys: StoreKeys, ring: KeyRing) -> None:
        self._reach = reach
        self._keys = keys
        self._ring = ring

    async def add(self, session: Session, now: float) -> None:
        """Put a session into its person's list. Call it before the record is written: a name without a record is
        skipped, a record without a name could not be listed."""
        mark = self._ring.marks(_MARK, session.subject.key)[0]
        name = records.record_name(session.id)
        await self._reach.call("EVAL", scripts.LIST, 1, self._keys.person(mark), int(now), session.expires_at, name)

    async def sessions_of(self, person: str, now: float) -> list[SessionSummary]:
        """The sessions of the person whose `Subject.key` this is, the newest sign-in first."""
        summaries = []
        # A person who signed in before the secret was rotated is listed under the older one.
        for mark in self._ring.marks(_MARK, person):
            for name in await self._names(mark, now):
                summary = await self.summary(name)
                if summary is not None and summary.expires_at > now:
                    summaries.append(summary)
        return sorted(summaries, key=lambda summary: summary.signed_in_at, reverse=True)

    async def summary(self, name: str) -> SessionSummary | None:
        """The summary of a record; None where it has ended."""
        try:
            sealed = await self._reach.call("HGET", self._keys.record(name), "s")
        except ForeignValueError:
            return None
        return open_summary(sealed, name, self._ring) if sealed is not None else None

    async def _names(self, mark: str, now: float) -> list[str]:
        try:
            names = await self._reach.call("ZRANGEBYSCORE", self._keys.person(mark), f"({int(now)}", "+inf")
        except ForeignValueError:
            return []
        return [name.decode("latin-1") for name in names]

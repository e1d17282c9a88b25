"""The sessions of all replicas: reading, writing, ending and renewing them in Valkey or Redis.

One object per process, whatever the cookies are called (`lampgate.store.ticket_store`). Making it does no I/O.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

from lampgate.config.settings import RedisStoreSettings
from lampgate.session.record import Session
from lampgate.session.renewal import Redeem, Renewal
from lampgate.session.revocation import Revocation, Revocations
from lampgate.session.seal import KeyRing
from lampgate.session.store import Absent, Found, Lookup, StoreUnavailableError, Unknown
from lampgate.store import records, scripts, tickets
from lampgate.store.client import make_client
from lampgate.store.feed import WAIT_MS, RevocationFeed
from lampgate.store.keys import StoreKeys
from lampgate.store.newer import NewerSessions
from lampgate.store.people import People, SessionSummary, seal_summary
from lampgate.store.reach import ForeignValueError, Reach, StoreEvent
from lampgate.store.renewing import SharedRenewal
from lampgate.store.tickets import Ticket

#: Seconds after which asking an absent store again is worth it: it is tried every second.
_RETRY_AFTER = 2.0
#: Records still to be deleted while the store is away; the oldest go first, and end by revocation alone.
_MOST_DELETIONS = 10_000


def _count_nothing(_: StoreEvent) -> None:
    return


class SharedSessions:
    """The sessions in the store.

    :param ring: the deployment's secrets; every replica has the same.
    :param revocations: takes part in sharing from then on, while `run` runs.
    :param lifetime: the longest that a session lives, in seconds.
    :param lock_life: seconds that a renewal may take at most; above the provider's time-out.
    :param probe_every: seconds between two attempts to reach the store while it is away.
    :param count: called with each event, for metrics.
    :param clock: seconds since the epoch.
    """

    def __init__(
        self,
        settings: RedisStoreSettings,
        ring: KeyRing,
        revocations: Revocations,
        *,
        lifetime: float,
        lock_life: float = 30.0,
        probe_every: float = 1.0,
        count: Callable[[StoreEvent], None] = _count_nothing,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.ring = ring
        self._revocations = revocations
        self._lifetime = lifetime
        self._clock = clock
        self._keys = StoreKeys(settings.key_prefix)
        answer_within = settings.connect_timeout + settings.operation_timeout
        self._reach = Reach(
            make_client(settings, answer_within=settings.operation_timeout),
            timeout=answer_within,
            probe_key=self._keys.probe,
            probe_every=probe_every,
            count=count,
        )
        self._newer = NewerSessions(clock)
        self._people = People(self._reach, self._keys, ring)
        self._renewal = SharedRenewal(
            self._reach, self._keys, ring, self._newer, revocations, lock_life=lock_life, clock=clock
        )
        waiting = WAIT_MS / 1000 + settings.operation_timeout
        self._feed = RevocationFeed(
            self._reach,
            # Never sent again: an interruption has to be noticed, so that what it may have lost is read again.
            make_client(settings, answer_within=waiting, retries=0),
            self._keys,
            ring,
            revocations,
            answer_within=waiting + settings.connect_timeout,
            clock=clock,
        )
        self._deletions: OrderedDict[str, None] = OrderedDict()
        self._catch_up = asyncio.Event()
        self._reach.when_back(self._newer.doubt)
        self._reach.when_back(self._catch_up.set)

    @property
    def available(self) -> bool:
        """Whether the store can be reached, as far as is known."""
        return self._reach.available

    @property
    def problem(self) -> str:
        """Why the store cannot be reached, without secrets; empty while it can."""
        return self._reach.problem

    @property
    def caught_up(self) -> bool:
        """Whether every revocation in the store has been read since it was last away."""
        return self._feed.caught_up

    async def run(self) -> None:
        """Share revocations, watch the store and give it what it is owed, until cancelled. Never raises."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._reach.run())
            tasks.create_task(self._feed.run())
            tasks.create_task(self._settle())

    async def close(self) -> None:
        """Drop all connections. `run` has to be cancelled before."""
        await self._feed.close()
        await self._reach.close()

    async def load(self, ticket: Ticket, now: float) -> Lookup:
        """The session of a ticket."""
        try:
            data = await self._reach.call("HGET", self._record(ticket), "r")
        except StoreUnavailableError as error:
            known = self._newer.of(ticket)
            return self._judge(known, ticket, now) if known is not None else Unknown(str(error), _RETRY_AFTER)
        except ForeignValueError:
            return Absent("not-ours")
        if data is None:
            self._newer.forget(ticket)
            return Absent("no-record")
        session = records.unseal(data, ticket)
        if session is None:
            return Absent("not-ours")
        known = self._newer.of(ticket)
        if known is not None and known.generation > session.generation:
            self._newer.owe(ticket, known)
            self._catch_up.set()
            session = known
        return self._judge(session, ticket, now)

    async def create(self, ticket: Ticket, session: Session, now: float) -> None:
        """Keep a new session.

        :raises StoreUnavailableError: the store does not take it now.
        """
        try:
            await self._people.add(session, now)
            await self._reach.call(
                "EVAL",
                scripts.CREATE,
                1,
                self._record(ticket),
                session.generation,
                records.seal(session, ticket),
                seal_summary(session, self.ring, now),
                session.expires_at,
            )
        except ForeignValueError:
            raise StoreUnavailableError("it holds something else in the place of a list of sessions") from None

    async def renew(self, ticket: Ticket, session: Session, redeem: Redeem) -> Renewal:
        """See `lampgate.session.store.SessionStore.renew`."""
        return await self._renewal.renew(ticket, session, redeem)

    async def end(self, ticket: Ticket) -> None:
        """End a session: here at once, elsewhere as soon as the store can be reached."""
        self._newer.forget(ticket)
        self._revoke("session", ticket.session_id, ticket.expires_at, "signed out")
        await self._delete(records.record_name(ticket.session_id))

    async def sessions_of(self, person: str) -> list[SessionSummary]:
        """The sessions of the person whose `Subject.key` this is, the newest sign-in first.

        :raises StoreUnavailableError: they cannot be listed at the moment.
        """
        return await self._people.sessions_of(person, self._clock())

    async def end_session(self, session_id: str, reason: str = "ended") -> None:
        """End a session that was listed. One that has ended already is no error."""
        self._revoke("session", session_id, int(self._clock() + self._lifetime), reason)
        await self._delete(records.record_name(session_id))

    async def end_person(self, person: str, reason: str = "ended") -> int:
        """End every session of a person that began up to now, in the store or not.

        :returns: how many there were in the store.
        :raises StoreUnavailableError: they are ended, here at once and elsewhere as soon as the store can be
            reached; how many there were cannot be told.
        """
        self._revoke("person", person, int(self._clock() + self._lifetime), reason)
        sessions = await self.sessions_of(person)
        for session in sessions:
            await self._delete(records.record_name(session.id))
        return len(sessions)

    def _record(self, ticket: Ticket) -> str:
        return self._keys.record(records.record_name(ticket.session_id))

    def _judge(self, session: Session, ticket: Ticket, now: float) -> Lookup:
        if self._revocations.is_revoked(session):
            return Absent("revoked")
        if session.expires_at <= now:
            return Absent("expired")
        return Found(session, tickets.to_bytes(ticket))

    def _revoke(self, kind: Literal["session", "person"], value: str, until: int, reason: str) -> None:
        self._revocations.add(Revocation(kind, value, int(self._clock()), until, reason))

    async def _delete(self, name: str) -> None:
        self._deletions[name] = None
        while len(self._deletions) > _MOST_DELETIONS:
            self._deletions.popitem(last=False)
        try:
            await self._reach.call("DEL", self._keys.record(name))
        except StoreUnavailableError:
            return
        self._deletions.pop(name, None)

    async def _settle(self) -> None:
        """Whenever the store is back: delete what was ended meanwhile, then write what was renewed."""
        while True:
            await self._catch_up.wait()
            self._catch_up.clear()
            try:
                for name in list(self._deletions):
                    await self._delete(name)
                for ticket, session in self._newer.owed():
                    if not self._revocations.is_revoked(session):
                        await self._renewal.write(ticket, session)
            except StoreUnavailableError:
                continue

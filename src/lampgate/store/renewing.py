"""Renewing a session once among all replicas.

Whoever renews holds the session's lock in the store; the others wait and take its result. The lock is a courtesy, and
correctness does not rest on it: it may expire under a slow holder. What counts is decided when the result is written,
in one step on the server: a newer record is never overwritten, and what was ended meanwhile stays ended.

While the store is away each replica renews for itself and owes the store the result (`lampgate.store.newer`): a dead
store does not sign anybody out. With a provider that takes a refresh token only once, two replicas that do so for one
session at the same time are told apart by the provider; that is the price of going on.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from lampgate.session.record import Session
from lampgate.session.renewal import Redeem, Refused, Renewal, Renewed, Unsure
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing
from lampgate.session.store import StoreUnavailableError
from lampgate.store import records, scripts
from lampgate.store.keys import StoreKeys
from lampgate.store.newer import NewerSessions
from lampgate.store.people import seal_summary
from lampgate.store.reach import ForeignValueError, Reach
from lampgate.store.tickets import Ticket

#: Seconds between two looks at a lock that somebody else holds: at first, and at most. A renewal takes 0.1 to 1 s.
_FIRST_WAIT = 0.02
_LONGEST_WAIT = 0.25
#: Waiting goes on for so much longer than a lock lives, so that the lock of a replica that died is outlived.
_PATIENCE = 1.0

#: Attempts to write over a record that only pretends to be newer.
_MOST_LIES = 3

_SIGNED_OUT = Refused("signed-out", "You were signed out.")
_NOT_OURS = Refused("not-ours")


@dataclass(frozen=True, slots=True)
class _Lock:
    """Held. ``session`` is what the store has; ``fence`` tells this holder from earlier ones."""

    session: Session
    fence: int


class _Turn:
    """Requests of this process that want the same session renewed: one does it, the waiting ones take its result.

    A turn that ended in an exception leaves none, and the next in line tries for itself.
    """

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.taken = 0
        self.result: Renewal | None = None


class SharedRenewal:
    """Renews sessions. One object per process, so that its requests wait for each other here and not in the store.

    :param lock_life: seconds a lock lives at most; above the time that ``redeem`` may take.
    :param clock: seconds since the epoch.
    """

    def __init__(
        self,
        reach: Reach,
        keys: StoreKeys,
        ring: KeyRing,
        newer: NewerSessions,
        revocations: Revocations,
        *,
        lock_life: float,
        clock: Callable[[], float],
    ) -> None:
        self._reach = reach
        self._keys = keys
        self._ring = ring
        self._newer = newer
        self._revocations = revocations
        self._lock_life = lock_life
        self._clock = clock
        self._here: WeakValueDictionary[str, _Turn] = WeakValueDictionary()

    async def renew(self, ticket: Ticket, session: Session, redeem: Redeem) -> Renewal:
        """See `lampgate.session.store.SessionStore.renew`."""
        name = records.record_name(ticket.session_id)
        turn = self._here.setdefault(name, _Turn())
        turns_before = turn.taken
        async with turn.lock:
            if turn.result is not None and turn.taken > turns_before and _answers(turn.result, session):
                return turn.result
            turn.result = await self._in_turn(name, ticket, session, redeem)
            turn.taken += 1
            return turn.result

    async def _in_turn(self, name: str, ticket: Ticket, session: Session, redeem: Redeem) -> Renewal:
        known = self._newer.of(ticket)
        if known is not None and known.generation > session.generation:
            return self._unless_ended(Renewed(known))
        owner = secrets.token_hex(16)
        try:
            claim = await self._claim(name, owner, ticket, session)
        except StoreUnavailableError:
            return await self._alone(ticket, session, redeem)
        except BaseException:
            # Cancelled, perhaps after the server had given the lock.
            await self._release(name, owner)
            raise
        if not isinstance(claim, _Lock):
            return self._unless_ended(claim)
        try:
            return await self._as_holder(claim, ticket, session, redeem)
        finally:
            await self._release(name, owner)

    async def write(self, ticket: Ticket, session: Session, fence: int = 0) -> Renewal:
        """Give the store a renewed session.

        :returns: what has come of it: this session, a newer one, or that it was ended meanwhile.
        :raises StoreUnavailableError: the store does not take it now.
        """
        record = self._keys.record(records.record_name(ticket.session_id))
        sealed, summary = records.seal(session, ticket), seal_summary(session, self._ring, self._clock())
        older = b""
        for _ in range(_MOST_LIES):
            try:
                answer, *rest = await self._reach.call(
                    "EVAL", scripts.REPLACE, 1, record, fence, session.generation, sealed, summary, older
                )
            except ForeignValueError:
                return _NOT_OURS
            if answer == b"kept":
                self._newer.written(ticket, session)
                return Renewed(session)
            if answer == b"gone":
                self._newer.forget(ticket)
                return _SIGNED_OUT
            theirs = records.unseal(rest[0], ticket)
            if theirs is not None and theirs.generation >= session.generation:
                self._newer.forget(ticket)
                return Renewed(theirs)
            # The number beside the record said so, which is not authenticated, and it was not true.
            older = rest[0]
        self._newer.written(ticket, session)
        return Renewed(session)

    async def _claim(self, name: str, owner: str, ticket: Ticket, session: Session) -> _Lock | Renewal:
        """Take the lock, or wait for the result of whoever has it."""
        give_up_at = time.monotonic() + self._lock_life + _PATIENCE
        wait = _FIRST_WAIT
        while True:
            try:
                answer, *rest = await self._reach.call(
                    "EVAL",
                    scripts.CLAIM,
                    2,
                    self._keys.record(name),
                    self._keys.lock(name),
                    owner,
                    int(self._lock_life * 1000),
                    session.generation,
                )
            except ForeignValueError:
                return _NOT_OURS
            if answer == b"gone":
                return _SIGNED_OUT
            if answer != b"busy":
                return _judge(answer, rest, ticket, session)
            if time.monotonic() >= give_up_at:
                return Unsure("another replica has been renewing this session for too long")
            await asyncio.sleep(random.uniform(wait / 2, wait))  # noqa: S311 - spreads waiters, decides nothing
            wait = min(wait * 1.5, _LONGEST_WAIT)

    async def _as_holder(self, lock: _Lock, ticket: Ticket, session: Session, redeem: Redeem) -> Renewal:
        # The caller may know a newer one than the store has, after a failover.
        base = max(session, lock.session, key=lambda each: each.generation)
        result = await redeem(base)
        if isinstance(result, Renewed):
            return await self._keep(ticket, result.session, lock.fence)
        if isinstance(result, Refused):
            return await self._second_opinion(result, ticket, base)
        return result

    async def _alone(self, ticket: Ticket, session: Session, redeem: Redeem) -> Renewal:
        """The store is away: renew without asking anybody."""
        result = await redeem(session)
        return await self._keep(ticket, result.session, 0) if isinstance(result, Renewed) else result

    async def _keep(self, ticket: Ticket, session: Session, fence: int) -> Renewal:
        try:
            return self._unless_ended(await self.write(ticket, session, fence))
        except StoreUnavailableError:
            self._newer.owe(ticket, session)
            return self._unless_ended(Renewed(session))

    async def _second_opinion(self, refused: Refused, ticket: Ticket, base: Session) -> Renewal:
        """A refresh token is refused as well when somebody else has just used it, whose result then counts."""
        try:
            data = await self._reach.call("HGET", self._keys.record(records.record_name(ticket.session_id)), "r")
        except (StoreUnavailableError, ForeignValueError):
            return refused
        kept = records.unseal(data, ticket) if data is not None else None
        return (
            self._unless_ended(Renewed(kept)) if kept is not None and kept.generation > base.generation else refused
        )

    async def _release(self, name: str, owner: str) -> None:
        try:
            await self._reach.call("EVAL", scripts.RELEASE, 1, self._keys.lock(name), owner)
        except (StoreUnavailableError, ForeignValueError):
            # It expires by itself.
            return

    def _unless_ended(self, renewal: Renewal) -> Renewal:
        if isinstance(renewal, Renewed) and self._revocations.is_revoked(renewal.session):
            return _SIGNED_OUT
        return renewal


def _answers(result: Renewal, session: Session) -> bool:
    """Whether a result that somebody else waited for is one for this session as well."""
    return not isinstance(result, Renewed) or result.session.generation > session.generation


def _judge(answer: bytes, rest: list[Any], ticket: Ticket, session: Session) -> _Lock | Renewal:
    kept = records.unseal(rest[0], ticket)
    if kept is None:
        return _NOT_OURS
    if kept.generation > session.generation:
        return Renewed(kept)
    # “newer” that is not: the number beside the record is not authenticated. Without the lock, then.
    return _Lock(kept, rest[1] if answer == b"yours" else 0)

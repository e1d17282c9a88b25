"""Renews sessions' tokens: ahead of their end, once for each session however many requests wait, never in vain.

Three outcomes are kept apart. *Renewed*: the session goes on. *Refused*: the provider will not renew it again, so it
is over, with the provider's reason. *Unsure* (no answer, a server error, throttling): the session goes on with the
token it has while that is good; after that its requests are told to come back, and nobody is signed out.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Sequence
from math import inf

from lampgate.session.live import LiveSession
from lampgate.session.record import Session
from lampgate.session.renewal import Redeem, Refused, Renewal, Renewed, Unsure
from lampgate.session.store import Absent, Found, SessionStore, Unknown
from lampgate.session.timing import pause_after

_log = logging.getLogger("lampgate.session")

#: So many renewals in a row without an outcome, whoever's, and the provider is taken to be away: it is left alone for
#: a moment instead of being asked for every session.
_FAILURES_OF_A_PROVIDER = 3

#: Token requests under way at a time. A provider answers one in 50 to 300 ms, so this is some hundred a second.
_MOST_AT_A_TIME = 32


class Renewals:
    """Renews the sessions of one process.

    :param redeem: asks the provider.
    :param adopt: takes a renewed session over into a live one.
    :param count: of outcomes, for the metrics.
    :param ended: called when the provider has refused, so that open WebSockets can be closed.
    """

    def __init__(
        self,
        redeem: Redeem,
        *,
        adopt: Callable[[LiveSession, Found], None],
        ended: Callable[[LiveSession], None],
        count: Counter[str],
        clock: Callable[[], float],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._ask = redeem
        self._adopt = adopt
        self._ended = ended
        self._count = count
        self._clock = clock
        self._jitter = jitter
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(_MOST_AT_A_TIME)
        #: The provider is left alone until then, because it asks for that or seems to be away.
        self._held_until = 0.0
        self._failures = 0

    def ahead(self, live: LiveSession, store: SessionStore) -> None:
        """Begin a renewal in the background; the token there is stays in use meanwhile."""
        live.renew_at = inf
        self._begin(live, store)

    async def wait(self, live: LiveSession, store: SessionStore) -> LiveSession | Absent | Unknown:
        """A request cannot go on without a new token: wait for the one renewal, and say what came of it."""
        if live.ended is None and live.retry_at <= self._clock():
            # A client that goes away must not take the renewal with it: others wait for the same one.
            await asyncio.shield(self._begin(live, store))
        now = self._clock()
        if live.ended is not None:
            return live.ended
        if live.good_until > now:
            return live
        return Unknown("the tokens could not be renewed", retry_after=max(live.retry_at - now, 1.0))

    async def close(self) -> None:
        """Stop; what is under way is given up."""
        tasks: Sequence[asyncio.Task[None]] = tuple(self._under_way.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _begin(self, live: LiveSession, store: SessionStore) -> asyncio.Task[None]:
        session_id = live.found.session.id
        task = self._under_way.get(session_id)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._renew(live, store))
            self._under_way[session_id] = task
            task.add_done_callback(lambda _done: self._under_way.pop(session_id, None))
        return task

    async def _renew(self, live: LiveSession, store: SessionStore) -> None:
        try:
            outcome = await store.renew(live.found, self._redeem)
        except Exception as error:
            _log.exception("renewing a session failed; this is a mistake in lampgate")
            outcome = Unsure(type(error).__name__)
        now = self._clock()
        self._count[type(outcome).__name__.lower()] += 1
        match outcome:
            case Renewed(session):
                live.failures, live.retry_at = 0, 0.0
                self._adopt(live, Found(session, live.found.handle))
            case Refused(reason=reason, sentence=sentence, claims=claims):
                _log.info("session over: %s: %s %s", live.log_user, reason, sentence)
                live.ended = Absent(reason, sentence, claims)
                live.good_until, live.renew_at = 0.0, inf
                self._ended(live)
            case Unsure(cause=cause, retry_after=asked_for):
                live.failures += 1
                live.retry_at = now + pause_after(live.failures, asked_for, self._jitter())
                live.renew_at = live.retry_at
                # Not a warning: when a provider is away, `_redeem` says so once, and this would say it for everybody.
                _log.debug("session not renewed: %s: %s", live.log_user, cause)

    async def _redeem(self, session: Session) -> Renewal:
        async with self._slots:
            remaining = self._held_until - self._clock()
            if remaining > 0:
                return Unsure("the provider is left alone for a moment", remaining)
            outcome = await self._ask(session)
        if not isinstance(outcome, Unsure):
            if self._failures >= _FAILURES_OF_A_PROVIDER:
                _log.info("the provider renews sessions again")
            self._failures = 0
            return outcome
        self._failures += 1
        pause = outcome.retry_after
        if self._failures >= _FAILURES_OF_A_PROVIDER:
            if self._failures == _FAILURES_OF_A_PROVIDER:
                _log.warning("sessions cannot be renewed, and go on with the tokens they have: %s", outcome.cause)
            pause = pause_after(self._failures - _FAILURES_OF_A_PROVIDER + 1, pause, self._jitter())
        self._held_until = max(self._held_until, self._clock() + pause)
        return outcome

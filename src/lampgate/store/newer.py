"""Sessions that were renewed here and that the store may not have.

Two cases. The store was away when a session was renewed: its new tokens are *owed* to the store, and written once it
is back. Or the store had them and lost them: replication of Valkey and Redis is asynchronous, so a failover may bring
back the record from before (and so may somebody who writes to the store). A provider that takes each refresh token
only once would then refuse the older one, and the person would be signed out; so what was written is remembered for a
minute, a record that is older than what is remembered does not count, and it is written again once the store is back.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lampgate.session.record import Session
from lampgate.store.tickets import Ticket

#: About 50 MB when full.
_MOST_REMEMBERED = 10_000
#: Seconds; longer than a failover usually takes.
_REMEMBER_WRITTEN = 60.0


@dataclass(slots=True)
class _Remembered:
    ticket: Ticket
    session: Session
    #: When the store took it; None: owed.
    written_at: float | None


class NewerSessions:
    """A bounded memory; what was remembered first goes first.

    :param clock: seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._remembered: OrderedDict[str, _Remembered] = OrderedDict()

    def of(self, ticket: Ticket) -> Session | None:
        """What is remembered of the ticket's session. Whoever has not got its key gets nothing."""
        known = self._remembered.get(ticket.session_id)
        if known is None or not hmac.compare_digest(known.ticket.key, ticket.key):
            return None
        return known.session

    def owe(self, ticket: Ticket, session: Session) -> None:
        """The store has still to get this."""
        self._remember(_Remembered(ticket, session, None))

    def written(self, ticket: Ticket, session: Session) -> None:
        """The store has taken this."""
        self._remember(_Remembered(ticket, session, self._clock()))

    def doubt(self) -> None:
        """The store was away: it may have lost what it took shortly before."""
        since = self._clock() - _REMEMBER_WRITTEN
        for known in self._remembered.values():
            if known.written_at is not None and known.written_at >= since:
                known.written_at = None

    def forget(self, ticket: Ticket) -> None:
        """The session has ended, or the store has a newer one."""
        self._remembered.pop(ticket.session_id, None)

    def owed(self) -> Iterable[tuple[Ticket, Session]]:
        """What the store has still to get, the oldest first."""
        now = self._clock()
        return [
            (known.ticket, known.session)
            for known in self._remembered.values()
            if known.written_at is None and known.session.expires_at > now
        ]

    def _remember(self, entry: _Remembered) -> None:
        self._remembered.pop(entry.ticket.session_id, None)
        self._remembered[entry.ticket.session_id] = entry
        while self._remembered:
            oldest = next(iter(self._remembered.values()))
            if len(self._remembered) <= _MOST_REMEMBERED and not self._is_over(oldest):
                return
            self._remembered.popitem(last=False)

    def _is_over(self, entry: _Remembered) -> bool:
        now = self._clock()
        if entry.written_at is not None and entry.written_at + _REMEMBER_WRITTEN < now:
            return True
        return entry.session.expires_at <= now

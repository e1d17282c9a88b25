"""Which sessions were ended before their time, in this process.

A sealed cookie cannot be taken back from a browser, so a session that was signed out is remembered until it would
have ended anyway. Another replica does not learn of it: that needs a store.
"""

from __future__ import annotations

from collections.abc import Callable

from lampgate.session.record import Session

#: Ended sessions remembered at most; the oldest are forgotten first. 100,000 take about 15 MB.
_MOST_REMEMBERED = 100_000


class Revocations:
    """Sessions ended in this process, and who wants to know when one is."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ends: dict[str, int] = {}
        self._listeners: list[Callable[[str, str], None]] = []

    def subscribe(self, listener: Callable[[str, str], None]) -> None:
        """Call ``listener(session_id, reason)`` whenever a session is ended."""
        self._listeners.append(listener)

    def is_revoked(self, session: Session) -> bool:
        """Whether this session was ended here."""
        return session.id in self._ends

    def revoke(self, session: Session, reason: str = "signed out") -> None:
        """End a session. Whoever subscribed is told, so that its WebSockets are closed."""
        if len(self._ends) >= _MOST_REMEMBERED:
            self._forget()
        self._ends[session.id] = session.expires_at
        for listener in self._listeners:
            listener(session.id, reason)

    def _forget(self) -> None:
        now = self._clock()
        self._ends = {session_id: end for session_id, end in self._ends.items() if end > now}
        while len(self._ends) >= _MOST_REMEMBERED:
            del self._ends[next(iter(self._ends))]

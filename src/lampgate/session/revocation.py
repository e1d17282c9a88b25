"""Which sessions were ended before their time.

A sealed cookie cannot be taken back from a browser, so what was ended is remembered until it would have ended anyway:
one session (a sign-out), every session that came of one session with the provider (a sign-out there), or every
session of a person (an administrator, or the provider, says so). Replicas share this where they have a feed; without
one another replica does not learn of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from lampgate.session.record import Session

#: Revocations remembered at most; the oldest are forgotten first. 100,000 take about 20 MB.
_MOST_REMEMBERED = 100_000


#: What a revocation's value is; see `Revocation`.
RevocationKind = Literal["session", "provider-session", "subject", "person"]


class Revocation(Struct, frozen=True):
    """The end of one or more sessions.

    :ivar kind: what ``value`` is: a session's id, ``issuer#sid`` of the provider's session, ``issuer#sub`` as the
        provider calls a person, or a person's key.
    :ivar before: sessions that began later than this are not meant (seconds since the epoch).
    :ivar until: when it may be forgotten: every session it could mean has ended by then.
    :ivar reason: for the person, e.g. ``signed out``.
    """

    kind: RevocationKind
    value: str
    before: int
    until: int
    reason: str = "signed out"

    def __repr__(self) -> str:
        return f"Revocation({self.kind}, before={self.before})"

    def means(self, session: Session) -> bool:
        """Whether this session is ended by it."""
        return _names(session).get(self.kind) == self.value and session.signed_in_at <= self.before


class Revocations:
    """What was ended, here or in another replica, and who wants to know of it at once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str], Revocation] = {}
        self._listeners: list[Callable[[Revocation], None]] = []
        self._publishers: list[Callable[[Revocation], None]] = []

    def subscribe(self, listener: Callable[[Revocation], None]) -> None:
        """Call ``listener`` with every revocation, wherever it came from."""
        self._listeners.append(listener)

    def publish_to(self, publisher: Callable[[Revocation], None]) -> None:
        """Call ``publisher`` with every revocation made in this process, so that others learn of it."""
        self._publishers.append(publisher)

    def is_revoked(self, session: Session) -> bool:
        """Whether this session was ended."""
        if not self._known:
            return False
        return any(
            (known := self._known.get((kind, value))) is not None and session.signed_in_at <= known.before
            for kind, value in _names(session).items()
        )

    def revoke(self, session: Session, reason: str = "signed out") -> None:
        """End one session."""
        self.add(Revocation("session", session.id, int(self._clock()), session.expires_at, reason))

    def add(self, revocation: Revocation) -> None:
        """End sessions, and tell the other replicas."""
        self.learn(revocation)
        for publish in self._publishers:
            publish(revocation)

    def learn(self, revocation: Revocation) -> None:
        """Take note of a revocation that another replica made. One that is known already changes nothing."""
        key = (revocation.kind, revocation.value)
        known = self._known.pop(key, None)
        if known is not None and known.before >= revocation.before:
            self._known[key] = known
            return
        if len(self._known) >= _MOST_REMEMBERED:
            self._forget()
        self._known[key] = revocation
        for listener in self._listeners:
            listener(revocation)

    def _forget(self) -> None:
        now = self._clock()
        self._known = {key: known for key, known in self._known.items() if known.until > now}
        while len(self._known) >= _MOST_REMEMBERED:
            del self._known[next(iter(self._known))]


def _names(session: Session) -> dict[str, str]:
    """What a revocation can call this session by."""
    subject = session.subject
    names = {"session": session.id, "subject": f"{subject.issuer}#{subject.sub}", "person": subject.key}
    if session.provider_session:
        names["provider-session"] = f"{session.subject.issuer}#{session.provider_session}"
    return names

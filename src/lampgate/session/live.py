"""Sessions in use: one `LiveSession` for each, found by the exact bytes of a ``Cookie`` header.

Opening a sealed cookie and building a session's headers costs about as much as forwarding a request does; a browser
sends the same bytes a hundred times a minute. Only what was found good is kept: an attacker's guesses take no room.
Here is also where access tokens live that a cookie had no room for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from weakref import WeakValueDictionary

import msgspec

from lampgate.session.record import Session, Subject, Token
from lampgate.session.store import Absent, Found

#: One entry holds a cookie (~4 KB) and the headers built from it (~3 KB): about 70 MB when full.
_MOST_ENTRIES = 10_000


@dataclass(slots=True, eq=False, weakref_slot=True)
class LiveSession:
    """A session that was found good, with what the data path needs of it already built.

    Times are seconds since the epoch.

    :ivar found: the session as its store knows it, with the newest tokens.
    :ivar good_until: from then on no request is forwarded before the tokens are renewed.
    :ivar ends_at: the end of the session, unless the person does something before (idle lifetime).
    :ivar renew_at: from then on the next request starts a renewal and goes on with the tokens there are.
    :ivar injected: complete header lines for the upstream.
    :ivar added: complete header lines for the answers.
    :ivar log_user: the person, as the access log names them: a JSON string.
    :ivar further: tokens for other resources that headers take, by name.
    :ivar further_until: from then on no request is forwarded before those are asked for anew.
    :ivar further_at: from then on they are asked for in the background.
    :ivar behind: the cookie bytes of browsers that hold an older copy of the session than this.
    :ivar ended: why the session is over, once it is.
    :ivar doubtful: whether it cannot be told right now if the person may pass; a renewal may bring what is missing.
    :ivar retry_at: after a renewal that nobody could tell the outcome of, when to ask again.
    :ivar failures: such renewals in a row.
    :ivar active_at: when the person last did something.
    :ivar challenge: claims that the next page the person opens is to ask the provider for; mostly empty.
    """

    found: Found
    good_until: float = 0.0
    ends_at: float = 0.0
    renew_at: float = inf
    injected: bytes = b""
    added: bytes = b""
    log_user: str = ""
    further: dict[str, Token] = field(default_factory=dict)
    further_until: float = inf
    further_at: float = inf
    behind: set[bytes] = field(default_factory=set)
    ended: Absent | None = None
    doubtful: bool = False
    retry_at: float = 0.0
    failures: int = 0
    active_at: float = 0.0
    challenge: str = ""

    def __repr__(self) -> str:
        return f"LiveSession({self.found.session!r})"


#: Whoever needs no session.
NOBODY = Session(id="", subject=Subject("", ""), signed_in_at=0, expires_at=0)


def nobody(injected: bytes) -> LiveSession:
    """What requests that need no session are forwarded with: no person, no end.

    :param injected: what everybody's requests carry.
    """
    return LiveSession(Found(NOBODY), good_until=inf, ends_at=inf, injected=injected, log_user='""')


class LiveSessions:
    """A bounded cache by cookie bytes; the least recently used entry goes first.

    A session stays as long as any cookie's entry, or an open WebSocket, holds it.
    """

    def __init__(self, most: int = _MOST_ENTRIES) -> None:
        self._most = most
        self._entries: OrderedDict[bytes, LiveSession] = OrderedDict()
        self._by_id: WeakValueDictionary[str, LiveSession] = WeakValueDictionary()

    def get(self, cookie: bytes, now: float) -> LiveSession | None:
        """The session these cookie bytes were found to hold, if it can be used as it is at ``now``."""
        live = self._entries.get(cookie)
        if live is None or live.good_until <= now or live.further_until <= now:
            return None
        self._entries.move_to_end(cookie)
        return live

    def of(self, session_id: str) -> LiveSession | None:
        """The session of this identifier, whatever cookie it came in."""
        return self._by_id.get(session_id)

    def all(self) -> list[LiveSession]:
        """Every session in use."""
        return list(self._by_id.values())

    def put(self, cookie: bytes, live: LiveSession) -> None:
        """Remember what was found out about these cookie bytes."""
        self._entries[cookie] = live
        self._by_id[live.found.session.id] = live
        if len(self._entries) > self._most:
            oldest, evicted = self._entries.popitem(last=False)
            evicted.behind.discard(oldest)

    def cookies_of(self, live: LiveSession) -> set[bytes]:
        """The cookie bytes a session came in. A look through all of them: for renewals, not for requests."""
        return {cookie for cookie, entry in self._entries.items() if entry is live}

    def forget(self, ended: Callable[[Session], bool]) -> None:
        """Drop the sessions that have ended, whatever cookie bytes they came in."""
        for cookie in [cookie for cookie, live in self._entries.items() if ended(live.found.session)]:
            del self._entries[cookie]

    def __contains__(self, live: LiveSession) -> bool:
        return self._by_id.get(live.found.session.id) is live

    def __len__(self) -> int:
        return len(self._by_id)


def newest(known: Session, told: Session) -> Session:
    """Of two records of one session the newer one, with the other's tokens where a cookie had no room for its own.

    :param known: what this process has; of equally old records it is preferred.
    """
    if told.generation <= known.generation:
        return known
    return msgspec.structs.replace(
        told,
        tokens=known.tokens | told.tokens,
        id_token=told.id_token or known.id_token,
        active_at=max(told.active_at, known.active_at),
    )

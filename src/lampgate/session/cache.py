"""The verified-session cache: from the exact bytes of a ``Cookie`` header to a session that was found good.

Opening a sealed cookie and building a session's headers costs about as much as forwarding a request does; a browser
sends the same bytes a hundred times a minute. Only what was found good is kept: an attacker's guesses take no room.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from lampgate.session.record import Session
from lampgate.session.store import Found

#: One entry holds a cookie (~4 KB) and the headers built from it (~3 KB): about 70 MB when full.
_MOST_ENTRIES = 10_000


@dataclass(slots=True)
class VerifiedSession:
    """A session that was found good, with what the data path needs of it already built.

    :ivar found: the answer to give for these bytes.
    :ivar good_until: seconds since the epoch; from then on the cookie is looked at anew.
    :ivar injected: complete header lines for the upstream.
    :ivar log_user: the person, as the access log names them: a JSON string.
    """

    found: Found
    good_until: float
    injected: bytes
    log_user: str


class VerifiedSessions:
    """A bounded cache; the least recently used entry goes first."""

    def __init__(self, most: int = _MOST_ENTRIES) -> None:
        self._most = most
        self._entries: OrderedDict[bytes, VerifiedSession] = OrderedDict()

    def get(self, cookie: bytes, now: float) -> VerifiedSession | None:
        """The session these cookie bytes were found to hold, if that is still good at ``now``."""
        entry = self._entries.get(cookie)
        if entry is None:
            return None
        if entry.good_until <= now:
            del self._entries[cookie]
            return None
        self._entries.move_to_end(cookie)
        return entry

    def put(self, cookie: bytes, entry: VerifiedSession) -> None:
        """Keep what was found out about these cookie bytes."""
        self._entries[cookie] = entry
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def forget(self, ended: Callable[[Session], bool]) -> None:
        """Drop the sessions that have ended, whatever cookie bytes they came in."""
        for cookie in [cookie for cookie, entry in self._entries.items() if ended(entry.found.session)]:
            del self._entries[cookie]

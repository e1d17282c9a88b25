"""The session store that is Valkey or Redis: the session as a sealed record there, a ticket in the cookie.

Found, absent and unknown are kept apart: what the store answers with nothing is absent, what does not open is not
ours, and whatever else goes wrong is unknown and signs nobody out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping

from lampgate.session.record import Session
from lampgate.session.renewal import Redeem, Renewal
from lampgate.session.store import Absent, Found, Lookup
from lampgate.store import tickets
from lampgate.store.shared import SharedSessions
from lampgate.store.tickets import Ticket
from lampgate.wire.cookies import CookieAttributes, delete_cookies, set_cookie

#: How many parts a cookie of `lampgate.session.cookie_store` could have had, which may be left over.
_MOST_PARTS = 25


class TicketStore:
    """Implements `lampgate.session.store.SessionStore` for one cookie.

    :param name: the cookie's name, already with its prefix.
    :param shared: the part that is the same for every cookie.
    """

    def __init__(self, name: str, attributes: CookieAttributes, shared: SharedSessions) -> None:
        self.name = name
        self._attributes = attributes
        self._shared = shared

    def load(self, cookies: Mapping[str, str], now: float) -> Lookup | Awaitable[Lookup]:
        """See `SessionStore.load`. Without asking the store where the cookie alone tells."""
        value = cookies.get(self.name)
        if value is None:
            return Absent("no-cookie")
        ticket = tickets.unseal(value, self._shared.ring)
        if ticket is None:
            return Absent("not-ours")
        if ticket.expires_at <= now:
            return Absent("expired")
        return self._shared.load(ticket, now)

    async def save(self, session: Session, cookies: Mapping[str, str], now: float) -> list[str]:
        """See `SessionStore.save`. A new session gets a new ticket, whatever the browser sent."""
        ticket = tickets.issue(session)
        await self._shared.create(ticket, session, now)
        max_age = max(int(session.expires_at - now), 0)
        value = tickets.seal(ticket, self._shared.ring)
        left_over = [name for name in self._own(cookies) if name != self.name]
        return [
            set_cookie(self.name, value, self._attributes, max_age),
            *delete_cookies(left_over, self._attributes),
        ]

    async def end(self, found: Found | None, cookies: Mapping[str, str]) -> list[str]:
        """See `SessionStore.end`. Counts here at once, and elsewhere as soon as the store can be reached."""
        ticket = self._ticket(found, cookies)
        if ticket is not None:
            await self._shared.end(ticket)
        return delete_cookies(self._own(cookies), self._attributes)

    async def renew(self, found: Found, redeem: Redeem) -> Renewal:
        """See `SessionStore.renew`.

        :raises ValueError: ``found`` is another store's.
        """
        ticket = tickets.from_bytes(found.handle)
        if ticket is None:
            raise ValueError("this session was not found in this store")
        return await self._shared.renew(ticket, found.session, redeem)

    def browser_copy(self, found: Found, cookies: Mapping[str, str], now: float) -> list[str]:
        """See `SessionStore.browser_copy`. The ticket stays as it is."""
        del found, cookies, now
        return []

    def _ticket(self, found: Found | None, cookies: Mapping[str, str]) -> Ticket | None:
        if found is not None:
            return tickets.from_bytes(found.handle)
        # The store may have been away when it was asked: the person wants to be signed out nevertheless.
        value = cookies.get(self.name)
        return tickets.unseal(value, self._shared.ring) if value is not None else None

    def _own(self, cookies: Mapping[str, str]) -> list[str]:
        candidates = (self.name if number == 0 else f"{self.name}-{number}" for number in range(_MOST_PARTS))
        return [name for name in candidates if name in cookies]

"""What happens to sign-ins while the store is away: a session that fits one cookie is kept in the browser.

Such a session stays there to its end; a ticket is recognised by how it is sealed, so both kinds live side by side.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING

from lampgate.session.cookie_store import CookieStore
from lampgate.session.record import Session
from lampgate.session.renewal import Redeem, Renewal
from lampgate.session.store import Absent, Found, Lookup, SessionStore, StoreUnavailableError

if TYPE_CHECKING:
    from lampgate.store.ticket_store import TicketStore


class CookieFallbackStore:
    """Implements `lampgate.session.store.SessionStore`: the shared store, and the cookie while that is away.

    :param shared: where sessions belong.
    :param cookie: where they go otherwise; its cookie has the same name.
    """

    def __init__(self, shared: TicketStore, cookie: CookieStore) -> None:
        self._shared = shared
        self._cookie = cookie

    def load(self, cookies: Mapping[str, str], now: float) -> Lookup | Awaitable[Lookup]:
        """See `SessionStore.load`."""
        answer = self._shared.load(cookies, now)
        if isinstance(answer, Absent) and answer.reason == "not-ours":
            return self._cookie.load(cookies, now)
        return answer

    async def save(self, session: Session, cookies: Mapping[str, str], now: float) -> list[str]:
        """See `SessionStore.save`.

        :raises StoreUnavailableError: the store is away, and the session does not fit one cookie.
        """
        try:
            return await self._shared.save(session, cookies, now)
        except StoreUnavailableError:
            if not self._cookie.fits_one_cookie(session):
                raise
            return self._cookie.save(session, cookies, now)

    async def end(self, found: Found | None, cookies: Mapping[str, str]) -> list[str]:
        """See `SessionStore.end`."""
        if found is not None and not found.handle:
            return self._cookie.end(found, cookies)
        return await self._shared.end(found, cookies)

    async def renew(self, found: Found, redeem: Redeem) -> Renewal:
        """See `SessionStore.renew`."""
        return await self._keeper(found).renew(found, redeem)

    def browser_copy(self, found: Found, cookies: Mapping[str, str], now: float) -> list[str]:
        """See `SessionStore.browser_copy`."""
        return self._keeper(found).browser_copy(found, cookies, now)

    def _keeper(self, found: Found) -> SessionStore:
        """Who found it: only what is in the shared store has a handle."""
        return self._shared if found.handle else self._cookie

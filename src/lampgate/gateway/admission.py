"""From the cookies of a request to a session that is known to be good: the cache first, the store behind it."""

from __future__ import annotations

import time
from collections.abc import Awaitable

from lampgate.config.settings import Settings
from lampgate.observe.access_log import quoted
from lampgate.policy import allow
from lampgate.policy.injection import injected_lines
from lampgate.session.cache import VerifiedSession, VerifiedSessions
from lampgate.session.revocation import Revocation, Revocations
from lampgate.session.store import Absent, Found, Lookup, SessionStore
from lampgate.wire import cookies
from lampgate.wire.cookies import CookieAttributes


class Admission:
    """Finds the session of a request.

    :param stores: by whether the origin is secure, because the cookie's name and attributes hang on that.
    :param attributes: the cookies' attributes, likewise.
    """

    def __init__(
        self,
        settings: Settings,
        stores: dict[bool, SessionStore],
        attributes: dict[bool, CookieAttributes],
        revocations: Revocations,
    ) -> None:
        self.stores = stores
        self.attributes = attributes
        self.revocations = revocations
        self._settings = settings
        self._caches = {secure: VerifiedSessions() for secure in stores}
        revocations.subscribe(self._forget)

    def verified(self, cookie: bytes, *, secure: bool, now: float) -> VerifiedSession | None:
        """The session of these exact cookie bytes, if they were seen before and are still good."""
        return self._caches[secure].get(cookie, now)

    def look_up(self, cookie: bytes, *, secure: bool, now: float) -> Lookup | Awaitable[Lookup]:
        """Ask the store. A session that is found is verified from then on."""
        if not cookie:
            return Absent("no-cookie")
        answer = self.stores[secure].load(cookies.parse(cookie.decode("latin-1")), now)
        if isinstance(answer, Awaitable):
            return self._later(answer, cookie, secure=secure)
        return self._judge(answer, cookie, secure=secure)

    async def _later(self, answer: Awaitable[Lookup], cookie: bytes, *, secure: bool) -> Lookup:
        return self._judge(await answer, cookie, secure=secure)

    def _judge(self, lookup: Lookup, cookie: bytes, *, secure: bool) -> Lookup:
        if not isinstance(lookup, Found):
            return lookup
        session = lookup.session
        if session.good_until() <= time.time():
            return Absent("expired")
        # The rules may have changed since this person signed in.
        if allow.refusal(self._settings.allow, session.subject) is not None:
            return Absent("not-allowed")
        subject = session.subject
        self._caches[secure].put(
            cookie,
            VerifiedSession(
                found=lookup,
                good_until=session.good_until(),
                injected=injected_lines(self._settings.inject, session),
                log_user=quoted(subject.preferred_username or subject.email or subject.key),
            ),
        )
        return lookup

    def _forget(self, revocation: Revocation) -> None:
        for cache in self._caches.values():
            cache.forget(revocation.means)

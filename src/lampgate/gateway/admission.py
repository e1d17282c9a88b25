"""From the cookies of a request to a session that is known to be good.

First the sessions in use, by the exact cookie bytes; behind them the store; and where the tokens have run out, or a
cookie had no room for them, the provider.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from math import inf

import msgspec

from lampgate.config.settings import Settings
from lampgate.gateway.further_tokens import FurtherTokens, TokenSource
from lampgate.gateway.renewals import Renewals
from lampgate.identity.brought import Brought
from lampgate.observe.access_log import quoted
from lampgate.observe.metrics import Metrics
from lampgate.policy import allow
from lampgate.policy.injection import injected_lines, token_names
from lampgate.session.live import LiveSession, LiveSessions, newest
from lampgate.session.record import Session
from lampgate.session.renewal import Redeem
from lampgate.session.revocation import Revocation, Revocations
from lampgate.session.store import Absent, Found, Lookup, SessionStore, Unknown
from lampgate.session.timing import renewal_due
from lampgate.wire import cookies
from lampgate.wire.cookies import CookieAttributes
from lampgate.wire.head import RequestHead

#: How much later than written down the person may have been active before it is written down anew: this part of the
#: idle lifetime, and at least so many seconds.
_ACTIVITY_PART, _ACTIVITY_LEAST = 0.1, 60.0
#: Seconds between renewals that are only to bring what is needed to tell whether a person may pass.
_PAUSE_IN_DOUBT = 15.0


#: What came of looking for a request's session.
Admitted = LiveSession | Absent | Unknown


class Admission:
    """Finds the session of a request, and keeps the sessions in use going.

    :param stores: by whether the origin is secure, because the cookie's name and attributes hang on that.
    :param attributes: the cookies' attributes, likewise.
    :param redeem: asks the provider for new tokens.
    :param further: where tokens for other resources come from.
    :param brought: judges what requests bring instead of a session; None: nothing is looked at.
    :param jitter: a number from 0 to 1 that spreads renewals.
    """

    def __init__(
        self,
        settings: Settings,
        stores: dict[bool, SessionStore],
        attributes: dict[bool, CookieAttributes],
        revocations: Revocations,
        redeem: Redeem,
        clock: Callable[[], float],
        metrics: Metrics,
        further: TokenSource,
        brought: Brought | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.stores = stores
        self.attributes = attributes
        self.revocations = revocations
        #: Called with each session that ends because the provider has refused to renew it.
        self.on_end: Callable[[LiveSession], None] = lambda _live: None
        self._settings = settings
        self._idle_timeout = settings.session.idle_timeout
        self._brought = brought
        self._clock = clock
        self._metrics = metrics
        self._jitter = jitter
        self._live = {secure: LiveSessions() for secure in stores}
        self._renewals = Renewals(
            redeem,
            adopt=self._adopt,
            ended=lambda live: self.on_end(live),
            count=metrics.renewals,
            clock=clock,
            jitter=jitter,
        )
        self._further = FurtherTokens(further, self._build_headers, clock)
        self._further.names = token_names((*settings.inject, *settings.inject_response))
        revocations.subscribe(self._revoked)

    @property
    def in_use(self) -> int:
        """How many sessions are in use."""
        return sum(map(len, self._live.values()))

    def verified(self, cookie: bytes, *, secure: bool, now: float) -> LiveSession | None:
        """The session of these exact cookie bytes, if they were seen before and it can be used as it is."""
        live = self._live[secure].get(cookie, now)
        if live is not None and live.renew_at <= now:
            self._renewals.ahead(live, self.stores[secure])
        if live is not None and live.further_at <= now:
            self._further.ahead(live)
        return live

    def look_up(self, head: RequestHead, *, secure: bool, now: float) -> Admitted | Awaitable[Admitted]:
        """Ask the store, and the provider where the session has no good token. What is found is verified from then
        on."""
        if self._brought is not None and (key := self._brought.key(head.first(b"authorization"))):
            return self.verified(key, secure=secure, now=now) or self._bring(self._brought, key, head, secure=secure)
        return self._look_up(head.cookie, secure=secure, now=now)

    def _look_up(self, cookie: bytes, *, secure: bool, now: float) -> Admitted | Awaitable[Admitted]:
        if not cookie:
            return Absent("no-cookie")
        if self._brought is not None and (live := self.verified(cookie, secure=secure, now=now)):
            return live
        answer = self.stores[secure].load(cookies.parse(cookie.decode("latin-1")), now)
        if isinstance(answer, Awaitable):
            return self._later(answer, cookie, secure=secure)
        return self._judge(answer, cookie, secure=secure)

    @property
    def looks_at_authorization(self) -> bool:
        """Whether requests may bring something instead of a session."""
        return self._brought is not None

    def keep_going(self, live: LiveSession, now: float) -> None:
        """Renew ahead a session that has an open WebSocket, whether it sends requests or not."""
        if live.renew_at <= now:
            secure = next((secure for secure, lives in self._live.items() if live in lives), None)
            if secure is not None:
                self._renewals.ahead(live, self.stores[secure])

    def active(self, live: LiveSession, cookie: bytes, now: float) -> None:
        """The person has done something: the idle lifetime begins anew."""
        if self._idle_timeout is None or not live.found.session.id:
            return
        self._was_active(live, now)
        session = live.found.session
        if now - session.active_at > max(self._idle_timeout * _ACTIVITY_PART, _ACTIVITY_LEAST):
            # Written down now and then, not at every step: it costs a cookie.
            live.found = Found(msgspec.structs.replace(session, active_at=int(now)), live.found.handle)
            live.behind.add(cookie)

    def browser_copy(self, live: LiveSession, cookie: bytes, *, secure: bool) -> list[str]:
        """What to set in a browser whose cookie is older than the session."""
        now = self._clock()
        if live.ended is not None or self.revocations.is_revoked(live.found.session):
            return []
        return self.stores[secure].browser_copy(live.found, cookies.parse(cookie.decode("latin-1")), now)

    def reload(self, settings: Settings, brought: Brought | None) -> None:
        """Hold the sessions in use to other settings: who may pass, what is injected, how long they last."""
        self._settings = settings
        self._idle_timeout = settings.session.idle_timeout
        self._brought = brought
        self._further.names = token_names((*settings.inject, *settings.inject_response))
        self.judge_again()

    def judge_again(self) -> None:
        """Hold the sessions in use to the rules, and to the password file, as they are now."""
        for lives in self._live.values():
            for live in lives.all():
                # What the provider has ended stays ended, whatever the settings say.
                if live.ended is None or live.ended.reason == "not-allowed":
                    self._take_over(live, live.found)
                    if live.ended is not None:
                        self.on_end(live)

    def look_again(self) -> None:
        """What was verified is no longer taken for granted: every cookie is opened anew."""
        for lives in self._live.values():
            lives.forget(lambda _session: True)

    async def close(self) -> None:
        """Give up what is under way."""
        await self._renewals.close()
        await self._further.close()

    async def _later(self, answer: Awaitable[Lookup], cookie: bytes, *, secure: bool) -> Admitted:
        judged = self._judge(await answer, cookie, secure=secure)
        return await judged if isinstance(judged, Awaitable) else judged

    async def _bring(self, brought: Brought, key: bytes, head: RequestHead, *, secure: bool) -> Admitted:
        """Judge what a request brings. Where it is not good, the cookie is asked."""
        answer = await brought.session(head.first(b"authorization"))
        admitted = (
            self._look_up(head.cookie, secure=secure, now=self._clock())
            if isinstance(answer, Absent) and brought.asks_on(answer)
            else self._judge(answer, key, secure=secure)
        )
        return await admitted if isinstance(admitted, Awaitable) else admitted

    def _judge(self, lookup: Lookup, cookie: bytes, *, secure: bool) -> Admitted | Awaitable[Admitted]:
        if not isinstance(lookup, Found):
            self._metrics.sessions[lookup.reason if isinstance(lookup, Absent) else "unknown"] += 1
            return lookup
        self._metrics.sessions["found"] += 1
        live = self._live_of(lookup, cookie, secure=secure)
        if live.ended is not None:
            return live.ended
        now = self._clock()
        if live.ends_at <= now:
            return Absent("idle" if live.found.session.good_until() > now else "expired")
        if live.good_until > now and live.further_until > now:
            return live
        return self._make_good(live, secure=secure)

    async def _make_good(self, live: LiveSession, *, secure: bool) -> Admitted:
        """Get the tokens without which no request can go on."""
        if live.good_until <= self._clock():
            outcome = await self._renewals.wait(live, self.stores[secure])
            if not isinstance(outcome, LiveSession):
                return outcome
        if live.further_until <= self._clock():
            return await self._further.complete(live) or live
        return live

    def _live_of(self, found: Found, cookie: bytes, *, secure: bool) -> LiveSession:
        """The live session of a record: the one in use, with whatever the record has that is newer."""
        session = found.session
        live = self._live[secure].of(session.id)
        if live is None:
            live = LiveSession(found, active_at=float(session.active_at or session.signed_in_at))
            self._take_over(live, found)
        elif session.generation > live.found.session.generation:
            # Another replica has renewed it.
            self._take_over(live, Found(newest(live.found.session, session), found.handle))
        else:
            if session.generation < live.found.session.generation:
                live.behind.add(cookie)
            self._was_active(live, float(session.active_at))
        self._live[secure].put(cookie, live)
        return live

    def _adopt(self, live: LiveSession, renewed: Found) -> None:
        """A renewal has succeeded: go on with its tokens, and let the browsers know."""
        for lives in self._live.values():
            live.behind |= lives.cookies_of(live)
        self._take_over(live, renewed)
        if live.ended is not None:
            self.on_end(live)
        elif live.doubtful:
            # The renewal did not bring it: not at every request again.
            live.retry_at = self._clock() + _PAUSE_IN_DOUBT

    def _take_over(self, live: LiveSession, found: Found) -> None:
        session = found.session
        live.found = found
        self._further.begin(live)
        self._build_headers(live)
        live.log_user = quoted(session.subject.preferred_username or session.subject.email or session.subject.key)
        live.ended = self._over(session)
        refusal = allow.refusal(self._settings.allow, session.subject) if live.ended is None else None
        live.doubtful = refusal is not None and refusal.status == allow.CANNOT_TELL
        if refusal is not None and not live.doubtful:
            # The rules may have changed since this person signed in, and the person's groups at each renewal.
            live.ended = Absent("not-allowed")
        live.good_until = 0.0
        live.renew_at = inf
        self._was_active(live, float(session.active_at))
        if live.ended is None and session.refresh_token:
            live.renew_at = renewal_due(session.access_token, self._settings.session.renew_after, self._jitter())

    def _build_headers(self, live: LiveSession) -> None:
        session = live.found.session
        live.injected = injected_lines(self._settings.inject, session, live.further)
        live.added = injected_lines(self._settings.inject_response, session)

    def _over(self, session: Session) -> Absent | None:
        """Why this session is over, though its record is in order."""
        if self.revocations.is_revoked(session):
            return Absent("revoked")
        if session.subject.is_local and (self._brought is None or not self._brought.knows(session.subject)):
            return Absent("password-changed")
        return None

    def _was_active(self, live: LiveSession, at: float) -> None:
        """Set the times that hang on when the person last did something."""
        live.active_at = max(live.active_at, at)
        session = live.found.session
        live.ends_at = session.expires_at if session.refresh_token else session.good_until()
        if self._idle_timeout is not None:
            live.ends_at = min(live.ends_at, live.active_at + self._idle_timeout)
        if live.ended is None and not live.doubtful:
            live.good_until = min(session.good_until(), live.ends_at)

    def _revoked(self, revocation: Revocation) -> None:
        for lives in self._live.values():
            if self._further.names:
                for live in lives.all():
                    if revocation.means(live.found.session):
                        self._further.forget(live.found.session.id)
            lives.forget(revocation.means)

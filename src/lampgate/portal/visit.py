"""What the gateway tells the portal about one request: everything that was decided before the portal is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace

from lampgate.policy.problem import Wants
from lampgate.session.record import Session
from lampgate.session.store import Found, Lookup, SessionStore
from lampgate.wire.cookies import CookieAttributes
from lampgate.wire.head import RequestHead
from lampgate.wire.target import Target

#: Where the visit is in the ASGI scope.
SCOPE_KEY = "lampgate.visit"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for the portal.

    :ivar origin: our own origin as the browser sees it, e.g. ``https://dash.example.com``; to be trusted.
    :ivar lookup: what the store said about the session.
    :ivar cookies: the request's cookies, by name.
    :ivar attributes: how the session cookie is kept.
    :ivar asked_about: the request that a listed proxy in front asks about (``X-Forwarded-Method`` and ``-Uri``), and
        its client; None where nobody who may say so does.
    """

    origin: str
    store: SessionStore
    lookup: Lookup
    cookies: Mapping[str, str]
    attributes: CookieAttributes
    wants: Wants
    asked_about: tuple[RequestHead, Target, str] | None = None

    @property
    def found(self) -> Found | None:
        """The live session as its store knows it, if there certainly is one."""
        return self.lookup if isinstance(self.lookup, Found) else None

    @property
    def session(self) -> Session | None:
        """The live session, if there certainly is one."""
        return self.lookup.session if isinstance(self.lookup, Found) else None

    @property
    def host(self) -> str:
        """The host (with its port) for people to read."""
        return self.origin.partition("://")[2]

    @property
    def sign_in_attributes(self) -> CookieAttributes:
        """How cookies of a sign-in under way are kept: ``Lax``, since the provider sends the browser back to us."""
        return replace(self.attributes, same_site="lax")


async def settled(cookies: list[str] | Awaitable[list[str]]) -> list[str]:
    """What a store answers, whether it has to wait for it or not."""
    return cookies if isinstance(cookies, list) else await cookies

"""The session store that is the browser: the session, sealed, in a cookie.

The refresh token is what has to be there; any replica can redeem it. Access and ID token ride along where all of it
fits one cookie, which saves a replica that has not seen the session that redemption. Without a refresh token they
have to be there as well, and the cookie is split where it must be: the first part says how many there are, so that a
left-over part of an earlier, longer session is never read.

What this store cannot do is forget: a sealed cookie stays valid until its session's end. `revocation` closes that gap
within a replica, and between replicas where they share a feed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from lampgate.session.packing import pack, unpack
from lampgate.session.record import Session
from lampgate.session.renewal import Redeem, Renewal
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing
from lampgate.session.store import Absent, Found, Lookup
from lampgate.wire.cookies import CookieAttributes, delete_cookies, set_cookie

#: Browsers keep at least 4,096 bytes of name, value and attributes (RFC 6265bis section 5.7); attributes need ~80.
_PART_LENGTH = 3_800
#: 25 parts are 95 KB of cookie: beyond what any server accepts as a head, so more is a mistake.
_MOST_PARTS = 25

_KIND = "session"


class CookieStore:
    """Implements `lampgate.session.store.SessionStore` without any I/O.

    :param name: the cookie's name, already with its prefix.
    :param groups_come_back: whether a renewal is sure to bring the person's groups again (Entra sends an ID token
        with each), so that they may be left out of a cookie they have no room in.
    """

    def __init__(
        self,
        name: str,
        attributes: CookieAttributes,
        keys: KeyRing,
        revocations: Revocations,
        *,
        groups_come_back: Callable[[], bool] = lambda: False,
    ) -> None:
        self.name = name
        self._attributes = attributes
        self._keys = keys
        self._revocations = revocations
        self._groups_come_back = groups_come_back

    def load(self, cookies: Mapping[str, str], now: float) -> Lookup:
        """See `SessionStore.load`. Never returns `Unknown`: there is nothing that could be out of reach."""
        first = cookies.get(self.name)
        if first is None:
            return Absent("no-cookie")
        sealed = self._join(first, cookies)
        plaintext = self._keys.open(_KIND, sealed) if sealed is not None else None
        if plaintext is None:
            return Absent("not-ours")
        session = unpack(plaintext)
        if session is None:
            return Absent("other-release")
        if self._revocations.is_revoked(session):
            return Absent("revoked")
        if session.expires_at <= now:
            return Absent("expired")
        return Found(session)

    def save(self, session: Session, cookies: Mapping[str, str], now: float) -> list[str]:
        """See `SessionStore.save`."""
        sealed = self._sealed(session)
        parts = [sealed[start : start + _PART_LENGTH] for start in range(0, len(sealed), _PART_LENGTH)]
        max_age = max(int(session.expires_at - now), 0)
        names = [self._part_name(number) for number in range(len(parts))]
        values = [f"{len(parts)}~{parts[0]}", *parts[1:]]
        set_cookies = [
            set_cookie(name, value, self._attributes, max_age) for name, value in zip(names, values, strict=True)
        ]
        left_over = [name for name in self._own(cookies) if name not in names]
        return set_cookies + delete_cookies(left_over, self._attributes)

    def end(self, found: Found | None, cookies: Mapping[str, str]) -> list[str]:
        """See `SessionStore.end`."""
        if found is not None:
            self._revocations.revoke(found.session)
        return delete_cookies(self._own(cookies), self._attributes)

    async def renew(self, found: Found, redeem: Redeem) -> Renewal:
        """See `SessionStore.renew`. The replicas do not know of each other: each renews for itself."""
        return await redeem(found.session)

    def browser_copy(self, found: Found, cookies: Mapping[str, str], now: float) -> list[str]:
        """See `SessionStore.browser_copy`."""
        return self.save(found.session, cookies, now)

    def _sealed(self, session: Session) -> str:
        """The session as one cookie, with as much of it as one has room for; whole where a renewal brings nothing
        back."""
        whole = self._keys.seal(_KIND, pack(session))
        if len(whole) <= _PART_LENGTH or not session.refresh_token:
            return whole
        bare = msgspec.structs.replace(session, tokens={}, id_token="")
        sealed = self._keys.seal(_KIND, pack(bare))
        if len(sealed) > _PART_LENGTH and self._groups_come_back():
            without_groups = msgspec.structs.replace(bare.subject, groups=(), groups_complete=False)
            sealed = self._keys.seal(_KIND, pack(msgspec.structs.replace(bare, subject=without_groups)))
        return sealed

    def _own(self, cookies: Mapping[str, str]) -> list[str]:
        candidates = (self._part_name(number) for number in range(_MOST_PARTS))
        return [name for name in candidates if name in cookies]

    def _part_name(self, number: int) -> str:
        return self.name if number == 0 else f"{self.name}-{number}"

    def _join(self, first: str, cookies: Mapping[str, str]) -> str | None:
        count, separator, part = first.partition("~")
        if not separator or not count.isascii() or not count.isdigit() or not 1 <= int(count[:3]) <= _MOST_PARTS:
            return None
        parts = [part]
        for number in range(1, int(count)):
            following = cookies.get(self._part_name(number))
            if following is None:
                return None
            parts.append(following)
        return "".join(parts)

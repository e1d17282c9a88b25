"""One sign-in under way: what is remembered from the redirect to the provider until the callback.

Each attempt is sealed in a short-lived cookie of its own, named after its state, so that several tabs can sign in at
once. The return path, the nonce (OpenID Connect Core section 15.5.2) and the PKCE verifier (RFC 7636) live only
there; the URL carries nothing but the random state (RFC 6749 section 10.12). No I/O, no clock.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from lampgate.session.seal import KeyRing
from lampgate.wire.cookies import CookieAttributes

_KIND = "sign-in"

#: 32 random bytes in base64url.
_STATE = re.compile(r"[A-Za-z0-9_-]{43}")

#: A browser keeps every attempt that was never finished, and sends them all with every request.
MOST_ATTEMPTS = 8
#: Together with a session cookie this stays below the 8 KB that web servers in front allow for a header.
_MOST_BYTES = 3_600
#: Replicas' clocks may differ; an attempt from further ahead is not one.
_CLOCK_SKEW = 60


class SignInAttempt(Struct, frozen=True, array_like=True):
    """One attempt to sign in.

    :ivar redirect_uri: as sent to the provider; the token request has to repeat it (RFC 6749 section 4.1.3).
    :ivar started_at: seconds since the epoch.
    :ivar as_configured: ask for the scopes as configured, without what lampgate adds (see `ScopePlan`).
    """

    state: str
    nonce: str
    code_verifier: str
    return_path: str
    started_at: int
    redirect_uri: str
    as_configured: bool = False

    def __repr__(self) -> str:
        return f"SignInAttempt(<hidden>, started_at={self.started_at})"

    @property
    def code_challenge(self) -> str:
        """RFC 7636 section 4.2, method S256."""
        digest = hashlib.sha256(self.code_verifier.encode("ascii")).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


_decoder = msgspec.msgpack.Decoder(SignInAttempt)


def begin(*, return_path: str, redirect_uri: str, now: float, as_configured: bool = False) -> SignInAttempt:
    """A new attempt with fresh random values of 256 bits each."""
    return SignInAttempt(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        code_verifier=secrets.token_urlsafe(32),
        return_path=return_path,
        started_at=int(now),
        redirect_uri=redirect_uri,
        as_configured=as_configured,
    )


def pack(attempt: SignInAttempt, keys: KeyRing) -> str:
    """The attempt as the value of its cookie."""
    return keys.seal(_KIND, msgspec.msgpack.encode(attempt))


def unpack(value: str, keys: KeyRing) -> SignInAttempt | None:
    """The attempt in a cookie; None where we did not seal it or another release did."""
    plaintext = keys.open(_KIND, value)
    if plaintext is None:
        return None
    try:
        return _decoder.decode(plaintext)
    except msgspec.DecodeError:
        return None


class AttemptCookies:
    """The cookies of all attempts of one browser.

    :param base_name: of the session cookie, without prefix.
    :param lifetime: how long an attempt may take, in seconds.
    """

    def __init__(self, base_name: str, attributes: CookieAttributes, keys: KeyRing, lifetime: float) -> None:
        self._prefix = attributes.prefixed(f"{base_name}-signin-")
        self._keys = keys
        self._lifetime = lifetime

    def name(self, state: str) -> str:
        """The name of the cookie of the attempt with this state."""
        return self._prefix + state[:8]

    def find(self, state: str, cookies: Mapping[str, str], now: float) -> SignInAttempt | None:
        """The attempt that a callback's ``state`` belongs to; None where there is none or it took too long."""
        if not _STATE.fullmatch(state):
            return None
        attempt = unpack(cookies.get(self.name(state), ""), self._keys)
        if attempt is None or not hmac.compare_digest(attempt.state, state) or self._is_over(attempt, now):
            return None
        return attempt

    def all(self, cookies: Mapping[str, str]) -> list[str]:
        """The names of all attempt cookies the browser sent."""
        return [name for name in cookies if name.startswith(self._prefix)]

    def surplus(self, cookies: Mapping[str, str], now: float, coming: int) -> list[str]:
        """The names to delete when one more attempt starts: finished, unreadable, and the oldest ones beyond measure.

        :param coming: the length of the new cookie's value.
        """
        alive: list[tuple[int, str]] = []
        surplus: list[str] = []
        for name in self.all(cookies):
            attempt = unpack(cookies[name], self._keys)
            if attempt is None or self._is_over(attempt, now):
                surplus.append(name)
            else:
                alive.append((attempt.started_at, name))
        budget = _MOST_BYTES - coming
        for kept, (_, name) in enumerate(sorted(alive, reverse=True), start=1):
            budget -= len(name) + len(cookies[name])
            if kept >= MOST_ATTEMPTS or budget < 0:
                surplus.append(name)
        return surplus

    def _is_over(self, attempt: SignInAttempt, now: float) -> bool:
        return not attempt.started_at - _CLOCK_SKEW <= now <= attempt.started_at + self._lifetime

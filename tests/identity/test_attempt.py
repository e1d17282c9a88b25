"""Sign-ins under way: one cookie each, bound to one state, for a short time."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode

from lampgate.identity.attempt import MOST_ATTEMPTS, AttemptCookies, SignInAttempt, begin, pack, unpack
from lampgate.session.seal import KeyRing
from lampgate.wire.cookies import CookieAttributes

KEYS = KeyRing([b"k" * 32])
NOW = 1_800_000_000.0


def an_attempt(now: float = NOW, return_path: str = "/c/main") -> SignInAttempt:
    return begin(return_path=return_path, redirect_uri="https://dash.example.com/oauth2/callback", now=now)


def cookies_with(*, secure: bool = True) -> AttemptCookies:
    return AttemptCookies("lampgate", CookieAttributes(secure=secure), KEYS, 900)


def jar(*attempts: SignInAttempt) -> dict[str, str]:
    return {cookies_with().name(attempt.state): pack(attempt, KEYS) for attempt in attempts}


def test_comes_back_as_it_was() -> None:
    attempt = an_attempt()
    assert unpack(pack(attempt, KEYS), KEYS) == attempt


def test_nothing_else_comes_back() -> None:
    assert unpack("", KEYS) is None
    assert unpack("x" * 200, KEYS) is None
    assert unpack(KEYS.seal("session", b"\x96"), KEYS) is None
    assert unpack(KEYS.seal("sign-in", b"\x93abc"), KEYS) is None
    assert unpack(pack(an_attempt(), KeyRing([b"o" * 32])), KEYS) is None


def test_random_values_are_fresh_and_long() -> None:
    values = [value for attempt in (an_attempt(), an_attempt()) for value in (attempt.state, attempt.nonce)]
    values += [an_attempt().code_verifier]
    assert len(set(values)) == 5
    assert all(len(value) == 43 for value in values)


def test_code_challenge_is_s256() -> None:
    # RFC 7636 appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    attempt = SignInAttempt("s", "n", verifier, "/", 0, "")
    assert attempt.code_challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert attempt.code_challenge == urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip(
        "="
    )


def test_repr_shows_no_secret() -> None:
    attempt = an_attempt()
    for secret in (attempt.state, attempt.nonce, attempt.code_verifier):
        assert secret not in repr(attempt)


def test_tabs_do_not_disturb_each_other() -> None:
    first, second = an_attempt(), an_attempt()
    browser = jar(first, second)
    assert cookies_with().find(first.state, browser, NOW) == first
    assert cookies_with().find(second.state, browser, NOW) == second


def test_a_state_that_only_begins_alike_is_not_found() -> None:
    attempt = an_attempt()
    similar = attempt.state[:8] + ("A" if attempt.state[8] != "A" else "B") + attempt.state[9:]
    assert cookies_with().find(similar, jar(attempt), NOW) is None
    for state in ("", attempt.state[:8], attempt.state + "A", "é" * 43):
        assert cookies_with().find(state, jar(attempt), NOW) is None


def test_an_attempt_ends() -> None:
    attempt = an_attempt()
    assert cookies_with().find(attempt.state, jar(attempt), NOW + 900) == attempt
    assert cookies_with().find(attempt.state, jar(attempt), NOW + 901) is None
    assert cookies_with().find(attempt.state, jar(attempt), NOW - 61) is None


def test_names_are_prefixed_where_the_browser_would_keep_that() -> None:
    assert cookies_with().name("abcdefghij") == "__Host-lampgate-signin-abcdefgh"
    assert cookies_with(secure=False).name("abcdefghij") == "lampgate-signin-abcdefgh"


def test_the_oldest_attempts_make_room() -> None:
    attempts = [an_attempt(NOW + age, "/") for age in range(MOST_ATTEMPTS + 2)]
    oldest = [cookies_with().name(attempt.state) for attempt in attempts[:3]]
    surplus = cookies_with().surplus(jar(*attempts), NOW + 20, coming=100)
    assert sorted(surplus) == sorted(oldest)


def test_attempts_that_are_over_or_unreadable_make_room() -> None:
    alive, over = an_attempt(NOW), an_attempt(NOW - 1000)
    browser = jar(alive, over) | {"__Host-lampgate-signin-garbage1": "garbage", "other": "cookie"}
    assert set(cookies_with().surplus(browser, NOW, coming=100)) == {
        cookies_with().name(over.state),
        "__Host-lampgate-signin-garbage1",
    }


def test_long_return_paths_make_room_sooner() -> None:
    attempts = [an_attempt(NOW + age, "/" + "a" * 1_000) for age in range(4)]
    surplus = cookies_with().surplus(jar(*attempts), NOW + 10, coming=1_800)
    assert len(surplus) == 3

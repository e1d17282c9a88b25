"""Signing in while the store is away: kept in the browser where one cookie is enough, and nowhere else."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable

import msgspec
import pytest

from lampgate.session.cookie_store import CookieStore
from lampgate.session.record import Session
from lampgate.session.renewal import Renewed
from lampgate.session.store import Absent, Found, Lookup, StoreUnavailableError
from lampgate.store.cookie_fallback import CookieFallbackStore
from lampgate.wire.cookies import CookieAttributes
from tests.store.replicas import COOKIE, Provider, Replica, Replicas, new_session, settings, until
from tests.store.servers import Server


def store_of(replica: Replica) -> CookieFallbackStore:
    cookie = CookieStore(COOKIE, CookieAttributes(secure=True), replica.shared.ring, replica.revocations)
    return CookieFallbackStore(replica.store, cookie)


async def sign_in(store: CookieFallbackStore, session: Session) -> dict[str, str]:
    lines = await store.save(session, {}, time.time())
    return dict(line.partition(";")[0].split("=", 1) for line in lines if "Max-Age=0" not in line)


async def load(store: CookieFallbackStore, cookies: dict[str, str]) -> Lookup:
    answer = store.load(cookies, time.time())
    return await answer if isinstance(answer, Awaitable) else answer


async def away(server: Server, replica: Replica) -> None:
    server.kill()
    await until(lambda: not replica.shared.available, "the replica has noticed")


async def test_while_the_store_is_there_the_browser_gets_a_ticket(mortal: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(mortal))
    store = store_of(replica)
    cookies = await sign_in(store, new_session())
    assert isinstance(await load(store, cookies), Found)
    assert isinstance(await replica.load(cookies), Found), "it is in the shared store"
    assert all(len(value) < 300 for value in cookies.values())


async def test_while_it_is_away_the_browser_keeps_the_session(mortal: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(mortal))
    store = store_of(replica)
    await away(mortal, replica)
    session = new_session()
    cookies = await sign_in(store, session)
    found = await load(store, cookies)
    assert isinstance(found, Found)
    assert found.session == session
    # Another replica with the same secret takes it, with the store or without it.
    other = replicas.start(settings(mortal))
    assert isinstance(await load(store_of(other), cookies), Found)
    mortal.ready()
    await until(lambda: replica.shared.available, "it is back")
    assert isinstance(await load(store, cookies), Found), "it stays where it is"


async def test_it_is_renewed_and_ended_there(mortal: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(mortal))
    store = store_of(replica)
    await away(mortal, replica)
    cookies = await sign_in(store, new_session())
    found = await load(store, cookies)
    assert isinstance(found, Found)
    outcome = await store.renew(found, Provider().redeem)
    assert isinstance(outcome, Renewed)
    copies = store.browser_copy(Found(outcome.session, found.handle), cookies, time.time())
    assert copies, "the browser gets the newer one"
    deleted = await store.end(found, cookies)
    assert all("Max-Age=0" in line for line in deleted)
    assert isinstance(await load(store, cookies), Absent)


async def test_what_does_not_fit_one_cookie_is_not_kept(mortal: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(mortal))
    store = store_of(replica)
    await away(mortal, replica)
    # Without a refresh token the access token has to be in the cookie, and this one is incompressible and long.
    long = secrets.token_urlsafe(9000)
    session = msgspec.structs.replace(new_session(), refresh_token="", id_token=long)
    with pytest.raises(StoreUnavailableError):
        await sign_in(store, session)


async def test_a_cookie_of_neither_kind(mortal: Server, replicas: Replicas) -> None:
    store = store_of(replicas.start(settings(mortal)))
    assert await load(store, {COOKIE: "1~forged"}) == Absent("not-ours")
    assert await load(store, {}) == Absent("no-cookie")

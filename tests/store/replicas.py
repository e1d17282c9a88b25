"""Replicas of lampgate that share a store, as far as their sessions go, and the browser that talks to them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec

from lampgate.config.settings import RedisStoreSettings
from lampgate.session.record import Session, Subject, Token
from lampgate.session.renewal import Renewal, Renewed
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing
from lampgate.session.store import Found, Lookup
from lampgate.store.reach import StoreEvent
from lampgate.store.shared import SharedSessions
from lampgate.store.ticket_store import TicketStore
from lampgate.wire.cookies import CookieAttributes
from tests.store.servers import Server

SECRET = b"k" * 32
COOKIE = "__Host-lampgate"
PERSON = "t/o"


def settings(server: Server, **changes: object) -> RedisStoreSettings:
    """Impatient ones, so that tests of a store that hangs are quick."""
    values = {"addresses": (server.address,), "connect_timeout": 0.3, "operation_timeout": 0.3, **changes}
    return RedisStoreSettings.model_validate(values)


def new_session(*, lifetime: int = 3600, oid: str = "o", generation: int = 0) -> Session:
    now = int(time.time())
    return Session(
        id=secrets.token_urlsafe(24),
        subject=Subject("https://issuer", "sub", tid="t", oid=oid, name="Rita"),
        signed_in_at=now,
        expires_at=now + lifetime,
        tokens={"access_token": Token("an-access-token", now + 600)},
        refresh_token="a-refresh-token",
        generation=generation,
    )


def renewed(session: Session, token: str = "new") -> Session:
    return msgspec.structs.replace(
        session,
        generation=session.generation + 1,
        tokens={"access_token": Token(f"{token}-{session.generation + 1}", session.expires_at)},
    )


async def until(condition: Callable[[], object], what: str, within: float = 8.0) -> None:
    """Wait for what happens in the background."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        await asyncio.sleep(0.01)


@dataclass
class Provider:
    """Redeems refresh tokens, and counts."""

    calls: int = 0
    #: Set: redemptions have begun. `go_on` is what they wait for.
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    token: str = "new"
    answer: Renewal | Exception | None = None

    def __post_init__(self) -> None:
        self.go_on.set()

    async def redeem(self, session: Session) -> Renewal:
        self.calls += 1
        self.begun.set()
        await self.go_on.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if self.answer is not None else Renewed(renewed(session, self.token))


class Replica:
    """One process's part."""

    def __init__(self, store: RedisStoreSettings, secret: tuple[bytes, ...], lock_life: float) -> None:
        self.events: list[StoreEvent] = []
        self.revocations = Revocations(time.time)
        self.shared = SharedSessions(
            store,
            KeyRing(secret),
            self.revocations,
            lifetime=3600,
            lock_life=lock_life,
            probe_every=0.1,
            count=self.events.append,
        )
        self.store = TicketStore(COOKIE, CookieAttributes(secure=True), self.shared)
        self._running: asyncio.Task[None] | None = None

    def run(self) -> None:
        self._running = asyncio.create_task(self.shared.run())

    async def close(self) -> None:
        if self._running is not None:
            assert not self._running.done(), "run() ends only where it is cancelled"
            self._running.cancel()
            await asyncio.wait([self._running])
        await self.shared.close()

    async def sign_in(self, session: Session) -> dict[str, str]:
        """The browser's cookies afterwards."""
        (set_cookie,) = await self.store.save(session, {}, time.time())
        name, value = set_cookie.partition(";")[0].split("=", 1)
        return {name: value}

    async def load(self, cookies: dict[str, str], now: float | None = None) -> Lookup:
        answer = self.store.load(cookies, time.time() if now is None else now)
        return await answer if isinstance(answer, Awaitable) else answer

    async def found(self, cookies: dict[str, str]) -> Found:
        answer = await self.load(cookies)
        assert isinstance(answer, Found), answer
        return answer


class Replicas:
    """Starts replicas, and ends them all."""

    def __init__(self) -> None:
        self._replicas: list[Replica] = []

    def start(
        self,
        store: RedisStoreSettings,
        *,
        secret: tuple[bytes, ...] = (SECRET,),
        lock_life: float = 5.0,
        running: bool = True,
    ) -> Replica:
        replica = Replica(store, secret, lock_life)
        self._replicas.append(replica)
        if running:
            replica.run()
        return replica

    async def stop(self, replica: Replica) -> None:
        """Stop one of them before the end."""
        self._replicas.remove(replica)
        await replica.close()

    async def close(self) -> None:
        for replica in self._replicas:
            await replica.close()

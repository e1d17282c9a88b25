"""A working day, simulated: people sign in around nine and work until five, in front of several replicas.

The clock is injected, so a day takes seconds. What is counted: token requests an hour (providers throttle), and
requests that did not get a good token (there must be none).

    python -m tests.gateway.working_day 10000 3
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field

from msgspec.structs import replace

from lampgate.gateway.admission import Admission
from lampgate.observe.metrics import Metrics
from lampgate.session.cookie_store import CookieStore
from lampgate.session.record import Session, Subject, Token
from lampgate.session.renewal import Renewal, Renewed, Unsure
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing
from lampgate.session.store import Absent, SessionStore, Unknown
from lampgate.wire.cookies import CookieAttributes
from lampgate.wire.head import RequestHead
from tests.gateway.stage import NO_FURTHER_TOKENS, settings

NINE, MINUTE, HOUR = 1_800_000_000, 60, 3600


@dataclass
class Day:
    """What happened.

    :ivar token_requests: by hour of the day, from 9 to 16.
    :ivar requests: that came while people worked.
    :ivar unavailable: of those, told to come back, because the token had expired and the provider was away.
    :ivar lost: of those, told to sign in again, or given a bad token.
    :ivar waited: of those, how many had to wait for a renewal.
    """

    token_requests: Counter[int] = field(default_factory=Counter)
    requests: int = 0
    unavailable: int = 0
    lost: int = 0
    waited: int = 0


class Provider:
    """Issues tokens that live 60 to 90 minutes, as Entra does; away for ten minutes at a quarter past two."""

    def __init__(self, day: Day, chance: random.Random) -> None:
        self.now = float(NINE)
        self._day = day
        self._chance = chance

    def token(self) -> Token:
        return Token(
            f"token-{self._chance.random()}", int(self.now + self._chance.uniform(60, 90) * 60), int(self.now)
        )

    async def __call__(self, session: Session) -> Renewal:
        self._day.token_requests[9 + int(self.now - NINE) // HOUR] += 1
        await asyncio.sleep(0)
        if 5.25 * HOUR <= self.now - NINE < 5.25 * HOUR + 600:
            return Unsure("away")
        return Renewed(replace(session, tokens={"access_token": self.token()}, generation=session.generation + 1))


class Replica:
    """One process's part: its sessions in use and its store."""

    def __init__(self, provider: Provider, chance: random.Random) -> None:
        config = settings(1)
        attributes = {True: CookieAttributes(secure=True)}
        self.store = CookieStore("n", attributes[True], KeyRing([b"k" * 32]), Revocations(lambda: provider.now))
        stores: dict[bool, SessionStore] = {True: self.store}
        self.admission = Admission(
            config,
            stores,
            attributes,
            Revocations(lambda: provider.now),
            provider,
            lambda: provider.now,
            Metrics(),
            NO_FURTHER_TOKENS,
            jitter=chance.random,
        )

    async def serve(self, cookie: bytes, now: float, day: Day) -> bytes:
        """One request; returns the cookie the browser has afterwards."""
        live = self.admission.verified(cookie, secure=True, now=now)
        if live is None:
            answer = self.admission.look_up(RequestHead("GET", b"/", "1.1", cookie=cookie), secure=True, now=now)
            if isinstance(answer, Awaitable):
                day.waited += 1
                answer = await answer
            if isinstance(answer, Unknown):
                day.unavailable += 1
                return cookie
            if isinstance(answer, Absent):
                day.lost += 1
                return cookie
            live = answer
        token = live.found.session.access_token
        if token is None or token.expires_at <= now:
            day.lost += 1
        if cookie in live.behind:
            (line,) = self.admission.browser_copy(live, cookie, secure=True)
            return line.split(";")[0].encode()
        return cookie


async def simulate(people: int, replicas: int, *, seed: int = 1, minutes_between: float = 4.0) -> Day:
    """Run one day."""
    chance = random.Random(seed)  # noqa: S311 - a simulation
    day = Day()
    provider = Provider(day, chance)
    fleet = [Replica(provider, chance) for _ in range(replicas)]
    starts = [chance.uniform(0, HOUR) for _ in range(people)]
    cookies: list[bytes | None] = [None] * people
    for minute in range(8 * 60):
        provider.now = float(NINE + minute * MINUTE)
        for person in range(people):
            if starts[person] > minute * MINUTE:
                continue
            cookie = cookies[person]
            if cookie is None:
                cookie = _sign_in(person, provider, fleet[0])
            elif chance.random() >= 1 / minutes_between:
                continue
            day.requests += 1
            cookies[person] = await chance.choice(fleet).serve(cookie, provider.now, day)
        await asyncio.sleep(0)
    return day


def _sign_in(person: int, provider: Provider, replica: Replica) -> bytes:
    session = Session(
        id=f"s{person}",
        subject=Subject("https://issuer.example", f"sub{person}", tid="t", oid=f"o{person}"),
        signed_in_at=int(provider.now),
        expires_at=int(provider.now) + 12 * HOUR,
        tokens={"access_token": provider.token()},
        refresh_token=f"refresh-{person}",
    )
    (line,) = replica.store.save(session, {}, provider.now)
    return line.split(";")[0].encode()


def main() -> None:
    """Print one day."""
    people, replicas = int(sys.argv[1]), int(sys.argv[2])
    day = asyncio.run(simulate(people, replicas))
    total = sum(day.token_requests.values())
    lines = [
        f"{people} people, {replicas} replicas: {day.requests} requests, {day.waited} waited",
        f"provider away for ten minutes: {day.unavailable} told to come back, {day.lost} sessions lost",
        f"{total} token requests, {total / people / 8:.2f} a person and hour; by hour:",
        *(f"  {hour:02}  {count:7}  {count / 3600:6.2f}/s" for hour, count in sorted(day.token_requests.items())),
    ]
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()

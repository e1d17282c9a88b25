"""One run: every peer is started, signed in at, and given all the work in turn, for several rounds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import secrets
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench import accounting, machine, measures, origin
from bench.measures import AtRate, Cost, Target
from bench.peers import PEERS
from bench.peers.lampgate import COOKIE_SECRET, Lampgate
from bench.peers.peer import Peer, Place
from bench.processes import BenchmarkError, free_port, running
from bench.provider import Entra, entra, sign_in
from lampgate.session.cookie_store import CookieStore
from lampgate.session.record import Session, Subject, Token
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing
from lampgate.wire.cookies import CookieAttributes

FILES = ("1k", "64k", "1m")
#: Requests a second that every program manages.
ONE_RATE = 3000.0
_STARTS = 5
_COLD_SESSIONS = 1000
_IDLE_SECONDS = 30.0
#: Requests a second that the load generator sends at a fixed rate without delays of its own.
_MOST_AT_FIXED_RATE = 10_000.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    :ivar rounds: each gives every peer every work once.
    :ivar seconds: of each work.
    :ivar websockets: how many idle ones.
    :ivar only: names of peers to measure; empty: all there are.
    """

    rounds: int = 5
    seconds: int = 2
    websockets: int = 5000
    only: tuple[str, ...] = ()


@dataclass(slots=True)
class Found:
    """What was measured of one peer, round by round."""

    gets: dict[str, list[Cost]] = field(default_factory=lambda: defaultdict(list))
    half_load: list[AtRate] = field(default_factory=list)
    one_rate: list[AtRate] = field(default_factory=list)
    upgrades: list[Cost] = field(default_factory=list)


async def run(plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure everything.

    :param say: takes a line about what is going on.
    :raises BenchmarkError: something that every measure needs is missing.
    """
    measured_core, load_core = machine.cores()
    os.sched_setaffinity(0, {load_core})
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    peers = [peer for peer in PEERS if not plan.only or any(each in peer.name.lower() for each in plan.only)]
    there = []
    for peer in peers:
        if peer.program() is None:
            say(f"not on this machine: {peer.name}")
        else:
            there.append(peer)
    with _folder() as root, ExitStack() as stack:
        files = stack.enter_context(origin.files(root / "origin", load_core))
        sockets = stack.enter_context(origin.sockets(root / "sockets", load_core))
        ports = {peer.name: free_port() for peer in there}
        callbacks = [f"http://localhost:{ports[peer.name]}{peer.callback}" for peer in there if peer.callback]
        async with entra(callbacks) as provider:
            stage = _Stage(root, files.port, sockets.port, provider, measured_core, load_core, say)
            targets = {}
            for peer in there:
                try:
                    targets[peer] = await stage.start(stack, peer, ports[peer.name])
                except BenchmarkError as error:
                    say(f"left out: {peer.name}: {error}")
            rounds = await asyncio.to_thread(_rounds, plan, targets, say)
            special = await asyncio.to_thread(_specials, plan, targets, say)
            starts = await asyncio.to_thread(stage.starts, list(targets))
            return {
                "machine": machine.describe(),
                "plan": {"rounds": plan.rounds, "seconds": plan.seconds},
                "peers": [
                    {
                        "name": peer.name,
                        "version": peer.version(),
                        "signs_in": bool(peer.callback),
                        **rounds[peer],
                        **special[peer],
                        **starts[peer],
                    }
                    for peer in targets
                ],
            }


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that servers can read which give up being root."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        root = Path(name)
        root.chmod(0o755)
        yield root


class _Stage:
    """Where peers are started."""

    def __init__(
        self,
        root: Path,
        files: int,
        sockets: int,
        provider: Entra,
        core: int,
        load_core: int,
        say: Callable[[str], None],
    ) -> None:
        self._root = root
        self._files = files
        self._sockets = sockets
        self._provider = provider
        self._core = core
        self._load_core = load_core
        self._say = say

    async def start(self, stack: ExitStack, peer: Peer, port: int) -> Target:
        """Start a peer until the stack unwinds, and sign in there."""
        self._say(f"starting {peer.name} {peer.version()}")
        # Not in this thread: the provider is here, and some ask it before they begin.
        process = await asyncio.to_thread(stack.enter_context, self._running(peer, port))
        cookie = ""
        if peer.callback:
            await asyncio.to_thread(measures.first_answer, time.perf_counter(), port)
            # Discovery takes a moment in some of them.
            for attempt in range(20):
                try:
                    cookie = await sign_in(f"http://localhost:{port}/1k")
                    break
                except BenchmarkError:
                    if attempt == 19:
                        raise
                    await asyncio.sleep(0.25)
        target = Target(peer.name, process, port, cookie, self._load_core)
        await asyncio.to_thread(measures.brings_token, target, signs_in=bool(peer.callback))
        return target

    def starts(self, peers: Sequence[Peer]) -> dict[Peer, dict[str, float]]:
        """Seconds from a peer's start to its first answer, and its memory then."""
        found = {}
        for peer in peers:
            self._say(f"starting {peer.name} {_STARTS} times")
            seconds, resident = [], []
            for _ in range(_STARTS):
                begun = time.perf_counter()
                port = free_port()
                with self._running(peer, port) as pid:
                    seconds.append(measures.first_answer(begun, port))
                    time.sleep(0.5)
                    resident.append(accounting.resident_bytes(pid))
            found[peer] = {"start_seconds": median(seconds), "start_resident_bytes": median(resident)}
        return found

    @contextmanager
    def _running(self, peer: Peer, port: int) -> Iterator[int]:
        folder = Path(tempfile.mkdtemp(dir=self._root))
        folder.chmod(0o755)
        command = peer.command(Place(folder, port, self._files, self._sockets, self._provider))
        with running(command.words, port, core=self._core, folder=folder, environ=command.environ) as process:
            yield process.pid


def _rounds(plan: Plan, targets: dict[Peer, Target], say: Callable[[str], None]) -> dict[Peer, dict[str, Any]]:
    found: dict[Peer, Found] = {peer: Found() for peer in targets}
    for number in range(plan.rounds):
        for peer, target in targets.items():
            say(f"round {number + 1} of {plan.rounds}: {peer.name}")
            mine = found[peer]
            for file in FILES:
                if number == 0:
                    measures.gets(target, file, 1)
                mine.gets[file].append(measures.gets(target, file, plan.seconds))
            rate = min(mine.gets["1k"][0].rate / 2, _MOST_AT_FIXED_RATE)
            mine.half_load.append(measures.at_rate(target, rate, plan.seconds))
            mine.one_rate.append(measures.at_rate(target, ONE_RATE, plan.seconds))
            mine.upgrades.append(measures.upgrades(target, plan.seconds))
    return {
        peer: {
            "gets": {file: measures.summary(mine.gets[file], file) for file in FILES},
            "half_load": {
                "p50_ms": median(each.p50 for each in mine.half_load) * 1000,
                "p99_ms": median(each.p99 for each in mine.half_load) * 1000,
            },
            "one_rate": {
                "per_second": ONE_RATE,
                "cpu_us": median(each.cpu for each in mine.one_rate) * 1e6,
                "cpu_us_least": min(each.cpu for each in mine.one_rate) * 1e6,
                "cpu_us_most": max(each.cpu for each in mine.one_rate) * 1e6,
            },
            "upgrades": measures.summary(mine.upgrades),
            "peak_resident_bytes": accounting.resident_bytes(targets[peer].pid, peak=True),
        }
        for peer, mine in found.items()
    }


def _specials(plan: Plan, targets: dict[Peer, Target], say: Callable[[str], None]) -> dict[Peer, dict[str, Any]]:
    found: dict[Peer, dict[str, Any]] = {}
    for peer, target in targets.items():
        mine = found[peer] = {}
        if isinstance(peer, Lampgate):
            say(f"{_COLD_SESSIONS} sessions that {peer.name} has not seen")
            costs = [measures.cold_sessions(target, list(_sessions(_COLD_SESSIONS))) for _ in range(plan.rounds)]
            mine["cold_session_us"] = median(costs) * 1e6
        if isinstance(peer, Lampgate) or "oauth2-proxy" in peer.name:
            say(f"64 MiB of log through {peer.name}, read at 1 MB/s")
            streamed, growth = measures.slow_stream(target, 1_000_000)
            mine["slow_stream"] = {"bytes": streamed, "growth_bytes": growth}
            say(f"{plan.websockets} idle WebSockets through {peer.name}")
            with contextlib.suppress(BenchmarkError):
                idle = measures.idle_websockets(target, plan.websockets, _IDLE_SECONDS)
                mine["idle_websockets"] = {
                    "count": idle.count, "bytes_each": idle.bytes_each, "cpu_share": idle.cpu_share,
                }  # fmt: skip
    return found


def _sessions(count: int) -> Iterator[str]:
    """Cookies of sessions that nobody has seen, sealed with the gateway's own secret; tokens as long as Entra's."""
    attributes = CookieAttributes(secure=False)
    store = CookieStore("lampgate", attributes, KeyRing([COOKIE_SECRET]), Revocations(time.time))
    now = int(time.time())
    for _ in range(count):
        token = Token("ey" + secrets.token_urlsafe(1200), now + 3600, now)
        session = Session(
            id=secrets.token_urlsafe(24),
            subject=Subject(
                "https://issuer", "sub", tid="tenant", oid=secrets.token_hex(16), email="rita@example.com",
                preferred_username="rita@example.com",
            ),
            signed_in_at=now,
            expires_at=now + 3600,
            tokens={"access_token": token},
            refresh_token=secrets.token_urlsafe(900),
        )  # fmt: skip
        yield "; ".join(line.partition(";")[0] for line in store.save(session, {}, now) if "Max-Age=0" not in line)


def main_say(text: str) -> None:
    """Write a line about what is going on to standard error."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {text}\n")
    sys.stderr.flush()

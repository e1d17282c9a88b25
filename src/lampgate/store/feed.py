"""Revocations between replicas.

They travel in a stream (``XADD``, ``XREAD BLOCK``): a replica that listens has each within milliseconds, one that was
away or starts reads what it has missed, and in a cluster the stream is found like any key. Publish/subscribe, which
forgets whoever is not listening, would need a second way for that.

Each entry is sealed with the deployment's secret: who can write to the store can neither sign anybody out nor read
who was signed out. What they can do is delete entries; then a session ends where it was ended, where its record is
asked for (that is deleted), and with its lifetime.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable

import msgspec

from lampgate.session.revocation import Revocation, Revocations
from lampgate.session.seal import KeyRing
from lampgate.session.store import StoreUnavailableError
from lampgate.store.client import Argument, StoreClient
from lampgate.store.keys import StoreKeys
from lampgate.store.reach import FAILURES, ForeignValueError, Reach

#: Milliseconds that one read waits for the next entry.
WAIT_MS = 1_000
_KIND = "revocation"
_BATCH = 500
#: Entries kept, about; as many as `Revocations` remembers.
_LONGEST_STREAM = 100_000
#: Waiting to be sent while the store is away; the oldest go first.
_MOST_WAITING = 10_000
#: Seconds. Read again after an interruption, and sent again: a failover may have lost as much.
_OVERLAP = 60.0
_SHORTEST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0

_logger = logging.getLogger("lampgate.store")
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Revocation)


class RevocationFeed:
    """Sends this process's revocations and learns those of the others.

    :param client: a client of its own, because it waits in the store all the time.
    :param answer_within: seconds after which a read is given up, waiting included.
    :param clock: seconds since the epoch.
    :ivar caught_up: whether everything that was in the stream has been read.
    """

    def __init__(
        self,
        reach: Reach,
        client: StoreClient,
        keys: StoreKeys,
        ring: KeyRing,
        revocations: Revocations,
        *,
        answer_within: float,
        clock: Callable[[], float],
    ) -> None:
        self.caught_up = False
        self._reach = reach
        self._client = client
        self._stream = keys.revocations
        self._ring = ring
        self._revocations = revocations
        self._answer_within = answer_within
        self._clock = clock
        self._waiting: deque[Revocation] = deque(maxlen=_MOST_WAITING)
        self._sent: deque[tuple[float, Revocation]] = deque(maxlen=_MOST_WAITING)
        self._something_to_send = asyncio.Event()
        self._back = asyncio.Event()
        self._interrupted = False
        self._newest = "0"
        self._read_from = "0"
        revocations.publish_to(self._publish)
        reach.when_back(self._send_again)

    async def run(self) -> None:
        """Send and receive until cancelled. Whatever the store does, this goes on."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._go_on(self._send))
            tasks.create_task(self._go_on(self._receive))

    async def close(self) -> None:
        """Send what is left, if that is possible now, and drop the connection."""
        with contextlib.suppress(StoreUnavailableError, ForeignValueError):
            await self._send_waiting()
        await self._client.close()

    def _publish(self, revocation: Revocation) -> None:
        self._waiting.append(revocation)
        self._something_to_send.set()

    def _send_again(self) -> None:
        self._back.set()
        self._back = asyncio.Event()
        since = time.monotonic() - _OVERLAP
        recent = [revocation for sent_at, revocation in self._sent if sent_at >= since]
        self._sent.clear()
        self._waiting.extend(recent)
        self._something_to_send.set()

    async def _go_on(self, step: Callable[[], Awaitable[None]]) -> None:
        pause = _SHORTEST_PAUSE
        while True:
            try:
                await step()
                pause = _SHORTEST_PAUSE
            except (*FAILURES, StoreUnavailableError, ForeignValueError) as error:
                _logger.debug("revocations pause for %.1f s: %s", pause, type(error).__name__)
                await self._pause(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except Exception:
                # A listener's mistake must not end the feed: the next revocation may be one that matters.
                _logger.exception("a revocation could not be passed on")
                await self._pause(pause)

    async def _pause(self, seconds: float) -> None:
        """Until a moment has passed, or the store is known to be back."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(random.uniform(seconds / 2, seconds)):  # noqa: S311 - spreads, decides nothing
                await self._back.wait()

    async def _send(self) -> None:
        await self._something_to_send.wait()
        await self._send_waiting()
        self._something_to_send.clear()

    async def _send_waiting(self) -> None:
        while self._waiting:
            revocation = self._waiting[0]
            if revocation.until > self._clock():
                await self._add(revocation)
                self._sent.append((time.monotonic(), revocation))
            if self._waiting and self._waiting[0] is revocation:
                self._waiting.popleft()

    async def _add(self, revocation: Revocation) -> None:
        sealed = self._ring.seal(_KIND, _encoder.encode(revocation))
        await self._reach.call("XADD", self._stream, "MAXLEN", "~", _LONGEST_STREAM, "*", "m", sealed)

    async def _receive(self) -> None:
        try:
            async with asyncio.timeout(self._answer_within):
                waiting: tuple[Argument, ...] = ("BLOCK", WAIT_MS) if self.caught_up else ()
                answer = await self._client.command(
                    "XREAD", "COUNT", _BATCH, *waiting, "STREAMS", self._stream, self._read_from
                )
        except BaseException:
            self.caught_up = False
            self._interrupted = True
            self._read_from = _earlier(self._newest)
            raise
        if self._interrupted:
            self._interrupted = False
            self._send_again()
        entries = answer[0][1] if answer else []
        for entry_id, fields in entries:
            self._newest = self._read_from = entry_id.decode("ascii")
            self._learn(fields.get(b"m", b""))
        self.caught_up = len(entries) < _BATCH

    def _learn(self, sealed: bytes) -> None:
        plaintext = self._ring.open(_KIND, sealed.decode("latin-1"))
        if plaintext is None:
            return
        try:
            revocation = _decoder.decode(plaintext)
        except msgspec.DecodeError:
            return
        if revocation.until > self._clock():
            self._revocations.learn(revocation)


def _earlier(entry_id: str) -> str:
    """The id of an entry that is `_OVERLAP` older. Ids begin with milliseconds since the epoch."""
    milliseconds = int(entry_id.partition("-")[0]) - int(_OVERLAP * 1000)
    return str(max(milliseconds, 0))

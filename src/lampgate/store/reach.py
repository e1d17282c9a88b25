"""Whether the store can be reached, and calls that fail at once while it cannot.

The first call that fails takes the store out of use (a circuit breaker): from then on every call fails without
waiting, and one attempt a second, apart from all requests, finds out when it is back. That attempt writes, because a
primary that became a replica answers a PING as well. One line in the log says that the store has gone, and one that
it has come back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final, Literal

from redis.exceptions import (
    ClusterError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
    SlotNotCoveredError,
    TryAgainError,
)

from lampgate.session.store import StoreUnavailableError
from lampgate.store.client import Argument, StoreClient

StoreEvent = Literal["call-failed", "went-away", "came-back"]

#: Whatever the library raises where the store did not do what it was asked to.
FAILURES: Final = (RedisError, RedisClusterException, SlotNotCoveredError, OSError, EOFError)

#: Calls under way at once. Each holds a connection.
_MOST_CALLS = 64
_LONGEST_PROBLEM = 160
_MOST_REFUSALS = 20

#: Error codes by which a server says that it can do nothing of the kind now; a script's error has them in its text.
_STATES = ("READONLY", "LOADING", "OOM", "MISCONF", "NOREPLICAS", "BUSY", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN")

_logger = logging.getLogger("lampgate.store")


class ForeignValueError(Exception):
    """At this key the store holds something that lampgate did not put there."""


def describe(error: BaseException) -> str:
    """What went wrong, for the log: one line, without anything that was sent."""
    if isinstance(error, TimeoutError) and not str(error):
        return "it did not answer in time"
    # Servers quote arguments of commands they do not know, which may be a password.
    text = str(error).split(", with args", maxsplit=1)[0]
    return " ".join(text.split())[:_LONGEST_PROBLEM].rstrip(".") or type(error).__name__


def _is_state(error: BaseException) -> bool:
    """Whether the store is away as a whole, and not just this one command refused."""
    if not isinstance(error, ResponseError) or isinstance(
        error, (ReadOnlyError, OutOfMemoryError, ClusterError, TryAgainError)
    ):
        return True
    return any(state in str(error) for state in _STATES)


class Reach:
    """Calls to the store.

    :param timeout: seconds for one call, looking up names, connecting and all.
    :param probe_key: a key to write to.
    :param probe_every: seconds between two attempts while the store is away.
    :param count: called with each event, for metrics.
    :ivar available: whether calls are made; True until one has failed.
    :ivar problem: why not, in words without secrets; empty while available.
    """

    def __init__(
        self,
        client: StoreClient,
        *,
        timeout: float,
        probe_key: str,
        probe_every: float,
        count: Callable[[StoreEvent], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.available = True
        self.problem = ""
        self._client = client
        self._timeout = timeout
        self._probe_key = probe_key
        self._probe_every = probe_every
        self._count = count
        self._clock = clock
        self._slots = asyncio.Semaphore(_MOST_CALLS)
        self._listeners: list[Callable[[], None]] = []
        self._probe: asyncio.Task[None] | None = None
        self._probed_at = float("-inf")
        self._refusals: set[str] = set()
        #: Counts the changes, so that a call from before an outage's end cannot begin another.
        self._epoch = 0

    def when_back(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever the store has come back."""
        self._listeners.append(listener)

    async def call(self, *arguments: Argument) -> Any:
        """Send one command.

        :raises StoreUnavailableError: it was not done, or it cannot be told whether it was.
        :raises ForeignValueError: the key holds something else.
        """
        self._check()
        async with self._slots:
            self._check()
            epoch = self._epoch
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._client.command(*arguments)
            except FAILURES as error:
                if isinstance(error, ResponseError) and "WRONGTYPE" in str(error):
                    raise ForeignValueError from None
                self._count("call-failed")
                if not _is_state(error):
                    self._refused(describe(error))
                elif epoch == self._epoch:
                    self._went_away(describe(error))
                raise StoreUnavailableError(describe(error)) from None

    async def run(self) -> None:
        """Find out at once whether the store is there, and keep trying while it is not, requests or none."""
        while True:
            if not self.available or self._epoch == 0:
                self._try_again()
            await asyncio.sleep(self._probe_every)

    async def close(self) -> None:
        """Stop trying, and drop the connections."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.wait([self._probe])
        await self._client.close()

    def _check(self) -> None:
        if not self.available:
            self._try_again()
            raise StoreUnavailableError(self.problem)

    def _try_again(self) -> None:
        now = self._clock()
        if (self._probe is None or self._probe.done()) and now - self._probed_at >= self._probe_every:
            self._probed_at = now
            self._probe = asyncio.get_running_loop().create_task(self._attempt())

    async def _attempt(self) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                if not self.available:
                    await self._client.start_over()
                await self._client.command("SET", self._probe_key, "1", "PX", 1000)
        except FAILURES as error:
            self._went_away(describe(error))
        else:
            self._came_back()

    def _refused(self, problem: str) -> None:
        """The server answered at once, so calls need not be held back; each problem is logged once."""
        if problem not in self._refusals and len(self._refusals) < _MOST_REFUSALS:
            self._refusals.add(problem)
            _logger.error("The session store refused a command: %s. Check what this user may do there.", problem)

    def _went_away(self, problem: str) -> None:
        self.problem = problem
        if not self.available:
            return
        self.available = False
        self._epoch += 1
        # The next attempt is not made at once: most failures last longer than that.
        self._probed_at = self._clock()
        self._count("went-away")
        _logger.warning(
            "The session store cannot be reached: %s. Nobody is signed out; trying until it is back.", problem
        )

    def _came_back(self) -> None:
        was_away, self.available, self.problem = not self.available, True, ""
        self._epoch += 1
        if not was_away:
            return
        self._count("came-back")
        _logger.warning("The session store is back.")
        for listener in self._listeners:
            listener()

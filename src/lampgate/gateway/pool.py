"""Connections to upstreams: used again, last in first out, and retired before the other side would close them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from lampgate.config.settings import UpstreamSettings
from lampgate.gateway.dial_causes import DialError
from lampgate.gateway.dialling import Dialling
from lampgate.gateway.limits import Limits
from lampgate.gateway.upstream_connection import UpstreamConnection
from lampgate.observe.metrics import Metrics

_log = logging.getLogger("lampgate.gateway")

#: Seconds for which the same failure of the same upstream is not said again.
_SILENCE = 30.0

#: Seconds for connections that are being made when everything ends.
_LAST_DIALS = 0.5

#: The problem of an upstream that no connection can be made to.
UNREACHABLE = "upstream.unreachable"

#: Of a connection whose upstream is no longer configured as it was: it ends with its exchange.
_NO_HOME = ""


class Waiting(Protocol):
    """Whoever asked for a new connection."""

    def connected(self, connection: UpstreamConnection) -> None:
        """Here it is."""
        ...

    def unreachable(self, cause: str) -> None:
        """No connection could be made."""
        ...


class Pool:
    """Owns every upstream connection that no exchange is using, and dials new ones."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits, metrics: Metrics) -> None:
        self.metrics = metrics
        self._loop = loop
        self._limits = limits
        self._idle: dict[str, list[UpstreamConnection]] = {}
        self._home: dict[UpstreamConnection, str] = {}
        self._current: dict[str, UpstreamSettings] = {}
        self._dialling: set[asyncio.Task[None]] = set()
        self._diallers: dict[str, Dialling] = {}
        #: What was said last about each upstream, and when.
        self._said: dict[str, tuple[str, float]] = {}
        self._closed = False
        self._emptied = asyncio.Event()

    def use(self, upstreams: Iterable[UpstreamSettings], limits: Limits) -> None:
        """Serve these upstreams from now on. Connections to one that has changed are not used again."""
        current = {upstream.id: upstream for upstream in upstreams}
        for upstream in self._current.values():
            if current.get(upstream.id) != upstream:
                self._diallers.pop(upstream.id, None)
                for connection in self._idle.pop(upstream.id, ()):
                    connection.transport.close()
                for connection in [each for each, home in self._home.items() if home == upstream.id]:
                    self._home[connection] = _NO_HOME
        self._current = current
        self._limits = limits

    @property
    def idle_count(self) -> int:
        """Connections that no exchange is using."""
        return sum(map(len, self._idle.values()))

    def acquire(self, upstream: UpstreamSettings) -> UpstreamConnection | None:
        """An unused connection, the one used last; None where one has to be dialled."""
        idle = self._idle.get(upstream.id)
        while idle:
            connection = idle.pop()
            if connection.usable:
                return connection
        return None

    def release(self, connection: UpstreamConnection) -> None:
        """Take back a connection whose exchange is complete."""
        home = self._home.get(connection, _NO_HOME)
        idle = self._idle.setdefault(home, [])
        if self._closed or home == _NO_HOME or len(idle) >= self._limits.upstream_idle_connections:
            connection.transport.close()
            return
        connection.idle_since = self._loop.time()
        idle.append(connection)

    def forget(self, connection: UpstreamConnection) -> None:
        """A connection is lost."""
        home = self._home.pop(connection, None)
        if not self._home:
            self._emptied.set()
        if home is not None and connection in self._idle.get(home, ()):
            self._idle[home].remove(connection)

    def dial(self, upstream: UpstreamSettings, waiting: Waiting) -> None:
        """Open a connection for somebody who waits; tells them how that went."""
        task = self._loop.create_task(self._dial(upstream, waiting))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)

    async def _dial(self, upstream: UpstreamSettings, waiting: Waiting) -> None:
        dialling = self._diallers.get(upstream.id)
        if dialling is None or not self._is_current(upstream):
            dialling = Dialling(upstream)
            if self._is_current(upstream):
                self._diallers[upstream.id] = dialling
        rest = self.release if upstream.keep_alive else _close
        try:
            connection = await dialling.dial(self._loop, lambda: UpstreamConnection(self._limits, rest, self.forget))
        except DialError as error:
            detail = f" ({error.detail})" if error.detail else ""
            self._say(upstream, f"{UNREACHABLE}: {error.cause}{detail}")
            waiting.unreachable(error.cause)
        else:
            # The settings may have been read again since it was asked for.
            self._home[connection] = upstream.id if self._is_current(upstream) else _NO_HOME
            if connection.transport.is_closing():
                self.forget(connection)
            waiting.connected(connection)

    def _is_current(self, upstream: UpstreamSettings) -> bool:
        return self._current.get(upstream.id, upstream) == upstream

    def note_failure(self, upstream: UpstreamSettings, code: str, cause: str) -> None:
        """Count a failed exchange, and say so now and then: a dead upstream fails a hundred requests a second.

        What kept a connection from being made is said where it is dialled, with its details.
        """
        self.metrics.upstream_failures[(upstream.id, code)] += 1
        if code != UNREACHABLE:
            self._say(upstream, f"{code}: {cause}")

    def _say(self, upstream: UpstreamSettings, words: str) -> None:
        now = self._loop.time()
        last, at = self._said.get(upstream.id, ("", 0.0))
        if words != last or now - at >= _SILENCE:
            self._said[upstream.id] = (words, now)
            _log.warning("upstream “%s” at %s: %s", upstream.id, upstream.url, words)

    def sweep(self, now: float) -> None:
        """Close what has been unused for too long."""
        for idle in self._idle.values():
            while idle and now - idle[0].idle_since > self._limits.upstream_idle_timeout:
                idle.pop(0).transport.close()

    async def close(self) -> None:
        """Close everything, and return when it is closed."""
        self._closed = True
        if self._dialling:
            # Those that are all but connected are let through: cancelled then, event loops lose their sockets.
            await asyncio.wait(tuple(self._dialling), timeout=_LAST_DIALS)
        if dialling := tuple(self._dialling):
            for task in dialling:
                task.cancel()
            await asyncio.wait(dialling)
        self._emptied.clear()
        for connection in tuple(self._home):
            connection.transport.abort()
        if self._home:
            await self._emptied.wait()


def _close(connection: UpstreamConnection) -> None:
    connection.transport.close()

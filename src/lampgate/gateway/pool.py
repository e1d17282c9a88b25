"""Connections to upstreams: used again, last in first out, and retired before the other side would close them."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from lampgate.config.settings import UpstreamSettings
from lampgate.gateway.dial_causes import DialError
from lampgate.gateway.dialling import Dialling
from lampgate.gateway.limits import Limits
from lampgate.gateway.upstream_connection import UpstreamConnection

#: Seconds between two lines in the log about one upstream that cannot be reached for the same reason.
_LOG_INTERVAL = 30.0

_logger = logging.getLogger("lampgate.gateway")


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

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        self._loop = loop
        self._limits = limits
        self._idle: dict[str, list[UpstreamConnection]] = {}
        self._home: dict[UpstreamConnection, str] = {}
        self._dialling: set[asyncio.Task[None]] = set()
        self._diallers: dict[str, Dialling] = {}
        #: What was logged last about each upstream, and when.
        self._logged: dict[str, tuple[str, float]] = {}
        self._closed = False
        self._emptied = asyncio.Event()

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
        idle = self._idle.setdefault(self._home[connection], [])
        if self._closed or len(idle) >= self._limits.upstream_idle_connections:
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
        if dialling is None:
            dialling = self._diallers[upstream.id] = Dialling(upstream)
        rest = self.release if upstream.keep_alive else _close
        try:
            connection = await dialling.dial(self._loop, lambda: UpstreamConnection(self._limits, rest, self.forget))
        except DialError as error:
            self._log(upstream, error)
            waiting.unreachable(error.cause)
        else:
            self._home[connection] = upstream.id
            if connection.transport.is_closing():
                self.forget(connection)
            waiting.connected(connection)

    def _log(self, upstream: UpstreamSettings, error: DialError) -> None:
        words = f"{error.cause} ({error.detail})" if error.detail else error.cause
        now = self._loop.time()
        last, at = self._logged.get(upstream.id, ("", 0.0))
        if words != last or now - at >= _LOG_INTERVAL:
            self._logged[upstream.id] = (words, now)
            _logger.warning("Upstream “%s” at %s cannot be reached: %s", upstream.id, upstream.url, words)

    def sweep(self, now: float) -> None:
        """Close what has been unused for too long."""
        for idle in self._idle.values():
            while idle and now - idle[0].idle_since > self._limits.upstream_idle_timeout:
                idle.pop(0).transport.close()

    async def close(self) -> None:
        """Close everything, and return when it is closed."""
        self._closed = True
        dialling = tuple(self._dialling)
        for task in dialling:
            task.cancel()
        if dialling:
            await asyncio.wait(dialling)
        self._emptied.clear()
        for connection in tuple(self._home):
            connection.transport.abort()
        if self._home:
            await self._emptied.wait()


def _close(connection: UpstreamConnection) -> None:
    connection.transport.close()

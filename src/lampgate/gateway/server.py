"""Listens, keeps time for every connection, and stops in order."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Sequence

from lampgate.config.settings import ListenAddress
from lampgate.errors import LampgateError
from lampgate.gateway.client_connection import ClientConnection
from lampgate.gateway.data_path import DataPath
from lampgate.session.live import LiveSession
from lampgate.session.revocation import Revocation
from lampgate.wire.websocket import CLOSE_SESSION_ENDED

#: Connections the kernel queues for us; a dashboard's page opens dozens of WebSockets at once.
_BACKLOG = 2048


class CannotListenError(LampgateError):
    """A listen address is taken, not ours, or not to be had without privileges."""

    code = "listen.refused"


def open_listeners(addresses: Sequence[ListenAddress]) -> list[socket.socket]:
    """Bind every address. Port 0 takes a free one.

    :raises CannotListenError: naming the address.
    """
    sockets: list[socket.socket] = []
    for address in addresses:
        try:
            family, kind, protocol, _, bound = socket.getaddrinfo(
                address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listener = socket.socket(family, kind, protocol)
            sockets.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(bound)
        except OSError as error:
            for opened in sockets:
                opened.close()
            raise CannotListenError(
                f"Cannot listen on {address}",
                cause=error.strerror or str(error),
                remedy="Stop what uses the address, or choose another one",
            ) from None
    return sockets


class Server:
    """The listeners of one worker."""

    def __init__(self, path: DataPath) -> None:
        self._path = path
        self._servers: list[asyncio.Server] = []
        self._ticker: asyncio.TimerHandle | None = None
        self._next_ping = path.loop.time() + path.limits.ping_interval
        path.admission.revocations.subscribe(self._revoked)
        path.admission.on_end = self._refused

    async def start(self, listeners: Sequence[socket.socket]) -> None:
        """Accept connections on sockets that are already bound."""
        for listener in listeners:
            self._servers.append(
                await self._path.loop.create_server(
                    lambda: ClientConnection(self._path), sock=listener, backlog=_BACKLOG
                )
            )
        self._tick()

    async def stop(self) -> None:
        """Stop accepting, let requests in flight finish within the drain time, and close what is left."""
        path = self._path
        path.draining = True
        for server in self._servers:
            server.close()
        for connection in tuple(path.connections):
            connection.drain()
        path.drained.clear()
        if path.connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(path.drained.wait(), path.limits.drain_timeout)
        for connection in tuple(path.connections):
            connection.abort()
        if self._ticker is not None:
            self._ticker.cancel()
        for task in tuple(path.portal_tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await path.admission.close()
        await path.pool.close()
        path.access_log.flush()

    def look_again(self) -> None:
        """A key is no longer accepted: every cookie is opened anew, and who has an open WebSocket asks again."""
        self._path.admission.look_again()
        for tunnel in tuple(self._path.tunnels):
            self._path.end_tunnel(tunnel, CLOSE_SESSION_ENDED, "the session has to be confirmed")

    def _tick(self) -> None:
        """Once a second: deadlines of connections, age of pooled ones, the end of sessions with open WebSockets."""
        path = self._path
        now = path.loop.time()
        for connection in tuple(path.connections):
            connection.sweep(now)
        path.pool.sweep(now)
        epoch = time.time()
        pinging = now >= self._next_ping
        if pinging:
            self._next_ping = now + path.limits.ping_interval
        for tunnel in tuple(path.tunnels):
            tunnel.sweep(now)
            if tunnel.session.ends_at <= epoch:
                path.end_tunnel(tunnel, CLOSE_SESSION_ENDED, "the session has ended")
                continue
            path.admission.keep_going(tunnel.session, epoch)
            if pinging:
                tunnel.ping()
        self._ticker = path.loop.call_later(1.0, self._tick)

    def _revoked(self, revocation: Revocation) -> None:
        for tunnel in tuple(self._path.tunnels):
            if revocation.means(tunnel.session.found.session):
                self._path.end_tunnel(tunnel, CLOSE_SESSION_ENDED, revocation.reason)

    def _refused(self, live: LiveSession) -> None:
        for tunnel in tuple(self._path.tunnels):
            if tunnel.session is live:
                self._path.end_tunnel(tunnel, CLOSE_SESSION_ENDED, "the session has ended")

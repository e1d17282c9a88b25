"""Listens, keeps time for every connection, and stops in order."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Sequence

from lampgate.gateway.client_connection import ClientConnection
from lampgate.gateway.data_path import DataPath
from lampgate.gateway.greeting import Greeting
from lampgate.gateway.listeners import BACKLOG, OpenListener
from lampgate.session.live import LiveSession
from lampgate.session.revocation import Revocation
from lampgate.wire.websocket import CLOSE_SESSION_ENDED


class Server:
    """The listeners of one worker."""

    def __init__(self, path: DataPath) -> None:
        self._path = path
        self._servers: list[asyncio.Server] = []
        self._greetings: list[Greeting] = []
        self._ticker: asyncio.TimerHandle | None = None
        self._next_ping = path.loop.time() + path.limits.ping_interval
        path.admission.revocations.subscribe(self._revoked)
        path.admission.on_end = self._refused

    async def start(self, listeners: Sequence[socket.socket | OpenListener]) -> None:
        """Accept connections on sockets that are already bound; a bare one is for plain http."""
        for listener in listeners:
            if isinstance(listener, OpenListener) and listener.needs_greeting:
                self._greetings.append(Greeting(self._path, listener))
                self._greetings[-1].start()
                continue
            bound = listener.socket if isinstance(listener, OpenListener) else listener
            serve = (
                self._path.loop.create_unix_server
                if bound.family == socket.AF_UNIX
                else self._path.loop.create_server
            )
            self._servers.append(await serve(lambda: ClientConnection(self._path), sock=bound, backlog=BACKLOG))
        self._tick()

    async def stop(self, *, websocket_grace: float = 0.0) -> None:
        """Stop accepting, let requests in flight finish within the drain time, and close what is left.

        :param websocket_grace: how long WebSockets go on before they are told to connect anew, in seconds; less where
            the drain time would not leave enough for them to end.
        """
        path = self._path
        path.draining = True
        for server in self._servers:
            server.close()
        for greeting in self._greetings:
            await greeting.close()
        for connection in tuple(path.connections):
            connection.drain()
        longest = max(path.limits.drain_timeout - path.limits.websocket_end_timeout, 0.0)
        restarting = path.loop.call_later(min(websocket_grace, longest), path.restart_websockets)
        path.drained.clear()
        if path.connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(path.drained.wait(), path.limits.drain_timeout)
        restarting.cancel()
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
        for greeting in self._greetings:
            greeting.refresh_certificate()
        self._ticker = path.loop.call_later(1.0, self._tick)

    def _revoked(self, revocation: Revocation) -> None:
        for tunnel in tuple(self._path.tunnels):
            if revocation.means(tunnel.session.found.session):
                self._path.end_tunnel(tunnel, CLOSE_SESSION_ENDED, revocation.reason)

    def _refused(self, live: LiveSession) -> None:
        for tunnel in tuple(self._path.tunnels):
            if tunnel.session is live:
                self._path.end_tunnel(tunnel, CLOSE_SESSION_ENDED, "the session has ended")

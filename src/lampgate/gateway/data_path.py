"""What every connection of the data path shares."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

from lampgate.config.settings import Settings
from lampgate.gateway.admission import Admission
from lampgate.gateway.limits import Limits
from lampgate.gateway.origins import Origins
from lampgate.gateway.pool import Pool
from lampgate.gateway.tunnel import Tunnel
from lampgate.observe.access_log import AccessLog
from lampgate.policy.decision import Policy
from lampgate.policy.problem import Problem, Wants
from lampgate.portal.problems import Rendered

Message = MutableMapping[str, Any]
PortalApp = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


class Connected(Protocol):
    """A client's connection, as whoever keeps time and stops the process sees it."""

    def sweep(self, now: float) -> None:
        """Called once a second: end whatever has taken too long."""
        ...

    def drain(self) -> None:
        """The process is stopping."""
        ...

    def abort(self) -> None:
        """Close at once."""
        ...


class DataPath:
    """One worker's data path: the rules, the pool, and the connections that are open.

    :ivar portal: the gateway's own pages, an ASGI application.
    :ivar render: draws a problem as a page, JSON or ``Status``.
    :ivar hosts: the ``Host`` header of each upstream, by its id, for those that do not get the client's.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        loop: asyncio.AbstractEventLoop,
        admission: Admission,
        portal: PortalApp,
        render: Callable[[Problem, Wants], Rendered],
        access_log: AccessLog,
        limits: Limits | None = None,
    ) -> None:
        self.loop = loop
        self.limits = limits or Limits()
        self.policy = Policy(settings)
        self.origins = Origins(settings)
        self.admission = admission
        self.pool = Pool(loop, self.limits)
        self.portal = portal
        self.render = render
        self.access_log = access_log
        self.logger = logging.getLogger("lampgate.gateway")
        self.hosts = {
            # A unix socket has no authority; "localhost" is what its server can make sense of.
            upstream.id: (urlsplit(upstream.url).netloc or "localhost").encode("ascii")
            for upstream in settings.upstreams
        }
        self.watches_activity = settings.session.idle_timeout is not None
        self.portal_start = f"{settings.portal.prefix}/start"
        self.connections: set[Connected] = set()
        self._connections_of: Counter[str] = Counter()
        self.tunnels: set[Tunnel] = set()
        self._tunnels_of: Counter[str] = Counter()
        self.portal_tasks: set[asyncio.Task[None]] = set()
        self.draining = False
        self.drained = asyncio.Event()

    def connection_opened(self, connection: Connected, peer: str) -> bool:
        """A client has connected.

        :returns: whether there is room for it; else it is to be turned away.
        """
        if len(self.connections) >= self.limits.connections:
            return False
        if self._connections_of[peer] >= self.limits.connections_per_client:
            return False
        self.connections.add(connection)
        self._connections_of[peer] += 1
        return True

    def connection_closed(self, connection: Connected, peer: str) -> None:
        """A client's connection is gone."""
        if connection not in self.connections:
            return
        self.connections.remove(connection)
        _count_down(self._connections_of, peer)
        if not self.connections:
            self.drained.set()

    def has_room_for_websocket(self, session_id: str) -> bool:
        """Whether a session may open one more WebSocket."""
        limits = self.limits
        return len(self.tunnels) < limits.websockets and self._tunnels_of[session_id] < limits.websockets_per_session

    def tunnel_opened(self, tunnel: Tunnel) -> None:
        """A WebSocket is open."""
        self.tunnels.add(tunnel)
        self._tunnels_of[tunnel.session.found.session.id] += 1

    def tunnel_closed(self, tunnel: Tunnel) -> None:
        """A WebSocket has ended."""
        self.tunnels.remove(tunnel)
        _count_down(self._tunnels_of, tunnel.session.found.session.id)

    def end_tunnel(self, tunnel: Tunnel, code: int, reason: str) -> None:
        """End a WebSocket from here."""
        tunnel.end(code, reason, deadline=self.loop.time() + self.limits.websocket_end_timeout)

    @staticmethod
    @cache
    def reason(status: int) -> bytes:
        """The reason phrase of a status code; empty for one nobody has registered."""
        try:
            return HTTPStatus(status).phrase.encode("ascii")
        except ValueError:
            return b""


def _count_down(counts: Counter[str], key: str) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]

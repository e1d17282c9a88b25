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

from lampgate.config.settings import Settings, UpstreamSettings
from lampgate.gateway.admission import Admission
from lampgate.gateway.limits import Limits
from lampgate.gateway.origins import Origins
from lampgate.gateway.pool import Pool
from lampgate.gateway.tunnel import Tunnel
from lampgate.identity.brought import Brought
from lampgate.observe.access_log import AccessLog
from lampgate.observe.metrics import Metrics
from lampgate.policy.decision import Policy
from lampgate.policy.injection import injected_lines
from lampgate.policy.problem import Problem, Wants
from lampgate.portal.problems import Rendered
from lampgate.session.live import NOBODY, nobody
from lampgate.wire.websocket import CLOSE_SERVICE_RESTART, CLOSE_SESSION_ENDED

Message = MutableMapping[str, Any]
PortalApp = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


#: Why the gateway ends WebSockets, for the metrics.
_ENDINGS = {CLOSE_SESSION_ENDED: "session-ended", CLOSE_SERVICE_RESTART: "restart"}


class Connected(Protocol):
    """A client's connection, as whoever keeps time and stops the process sees it."""

    def sweep(self, now: float) -> None:
        """Called once a second: end whatever has taken too long."""
        ...

    def drain(self) -> None:
        """The process is stopping: end with the answer in progress. A WebSocket goes on for now."""
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
        metrics: Metrics | None = None,
    ) -> None:
        self.loop = loop
        self.metrics = metrics or Metrics()
        self.admission = admission
        self.pool = Pool(loop, limits or Limits.of(settings.limits), self.metrics)
        self.render = render
        self.logger = logging.getLogger("lampgate.gateway")
        self._take(settings, portal, access_log, limits)
        self.connections: set[Connected] = set()
        self._connections_of: Counter[str] = Counter()
        self.tunnels: set[Tunnel] = set()
        self._tunnels_of: Counter[str] = Counter()
        self.portal_tasks: set[asyncio.Task[None]] = set()
        self.draining = False
        self._websockets_are_over = False
        self.drained = asyncio.Event()
        self.metrics.gauges |= {
            "connections": ("Clients' connections.", lambda: len(self.connections)),
            "websockets": ("Open WebSockets.", lambda: len(self.tunnels)),
            "sessions": ("Sessions in use.", lambda: admission.in_use),
            "upstream_idle_connections": ("Unused connections to upstreams.", lambda: self.pool.idle_count),
        }

    def reload(
        self,
        settings: Settings,
        *,
        portal: PortalApp,
        render: Callable[[Problem, Wants], Rendered],
        access_log: AccessLog,
        brought: Brought | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Go on with other settings: from the next request on, on connections that are open too."""
        self.access_log.flush()
        self.render = render
        self._take(settings, portal, access_log, limits)
        self.admission.reload(settings, brought)

    def _take(self, settings: Settings, portal: PortalApp, access_log: AccessLog, limits: Limits | None) -> None:
        self.limits = limits or Limits.of(settings.limits)
        self.policy = Policy(settings)
        self.origins = Origins(settings)
        self.pool.use(settings.upstreams, self.limits)
        self.portal = portal
        self.access_log = access_log
        self.hosts = {
            # A unix socket has no authority; "localhost" is what its server can make sense of.
            upstream.id: (urlsplit(upstream.url).netloc or "localhost").encode("ascii")
            for upstream in settings.upstreams
        }
        self.nobody = nobody(injected_lines(settings.inject, NOBODY))
        self.watches_activity = settings.session.idle_timeout is not None
        self.portal_start = f"{settings.portal.prefix}/start"

    def connection_opened(self, connection: Connected, peer: str) -> bool:
        """A client has connected.

        :returns: whether there is room for it; else it is to be turned away.
        """
        if len(self.connections) >= self.limits.connections:
            self.metrics.limits["connections"] += 1
            return False
        if self._connections_of[peer] >= self.limits.connections_per_client:
            self.metrics.limits["connections_per_client"] += 1
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
        if len(self.tunnels) >= self.limits.websockets:
            self.metrics.limits["websockets"] += 1
            return False
        if self._tunnels_of[session_id] >= self.limits.websockets_per_session:
            self.metrics.limits["websockets_per_session"] += 1
            return False
        return True

    def body_limit(self, upstream: UpstreamSettings) -> int | None:
        """The most bytes a request's body may have for this upstream; None: any number."""
        return upstream.body_bytes if upstream.body_bytes is not None else self.limits.body_bytes

    def tunnel_opened(self, tunnel: Tunnel) -> None:
        """A WebSocket is open."""
        self.tunnels.add(tunnel)
        self._tunnels_of[tunnel.session.found.session.id] += 1
        if self._websockets_are_over:
            # Its handshake was under way when the others ended.
            self.loop.call_soon(self._restart_websocket, tunnel)

    def tunnel_closed(self, tunnel: Tunnel) -> None:
        """A WebSocket has ended."""
        self.tunnels.remove(tunnel)
        _count_down(self._tunnels_of, tunnel.session.found.session.id)

    def end_tunnel(self, tunnel: Tunnel, code: int, reason: str) -> None:
        """End a WebSocket from here."""
        self.metrics.websockets_ended[_ENDINGS.get(code, "other")] += 1
        tunnel.end(code, reason, deadline=self.loop.time() + self.limits.websocket_end_timeout)

    def restart_websockets(self) -> None:
        """The process is stopping: let browsers connect to whoever serves now."""
        self._websockets_are_over = True
        for tunnel in tuple(self.tunnels):
            self._restart_websocket(tunnel)

    def _restart_websocket(self, tunnel: Tunnel) -> None:
        self.end_tunnel(tunnel, CLOSE_SERVICE_RESTART, "the gateway restarts")

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

"""Puts the parts together: from loaded settings to one worker that can be started and stopped.

The only place that knows every part. `lampgate serve`, the lab and the tests all get their gateway from here.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from lampgate.config.oauth2_proxy.cookie_secret import secrets_of
from lampgate.config.settings import LoadedSettings, Settings
from lampgate.gateway.admission import Admission
from lampgate.gateway.data_path import DataPath
from lampgate.gateway.key_file import KeyFile
from lampgate.gateway.limits import Limits
from lampgate.gateway.metrics_listener import MetricsListener
from lampgate.gateway.server import Server
from lampgate.identity.provider import Provider
from lampgate.identity.subject import subject_needs
from lampgate.observe.access_log import AccessLog
from lampgate.observe.metrics import Metrics
from lampgate.portal.app import create_portal
from lampgate.portal.problems import render
from lampgate.session.cookie_store import CookieStore
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing, generate_secret
from lampgate.session.store import SessionStore
from lampgate.wire.cookies import CookieAttributes

_logger = logging.getLogger("lampgate")


class Worker:
    """One process's gateway.

    Must be made inside a running event loop.

    :param write_log: takes the access log's lines; standard output by default.
    """

    def __init__(
        self,
        loaded: LoadedSettings,
        *,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
        write_log: Callable[[bytes], object] | None = None,
    ) -> None:
        settings = loaded.settings
        loop = asyncio.get_running_loop()
        keys = _key_ring(settings)
        revocations = Revocations(clock)
        metrics = Metrics()
        self._metrics_listener = MetricsListener(metrics, settings.metrics) if settings.metrics is not None else None
        attributes = {secure: _attributes(settings, secure=secure) for secure in (True, False)}
        self.provider = Provider(
            settings.provider, place_of=loaded.place_of, clock=clock, needs=subject_needs(settings)
        )
        stores: dict[bool, SessionStore] = {
            secure: CookieStore(
                attributes[secure].prefixed(settings.session.cookie.name),
                attributes[secure],
                keys,
                revocations,
                groups_come_back=lambda: self.provider.is_entra,
            )
            for secure in (True, False)
        }
        path = DataPath(
            settings,
            loop=loop,
            admission=Admission(
                settings,
                stores,
                attributes,
                revocations,
                self.provider.refresh,
                clock,
                metrics,
                self.provider.bearers(settings.bearer).session if settings.bearer.enabled else None,
            ),
            portal=create_portal(
                settings=settings, provider=self.provider, keys=keys, clock=clock, sign_ins=metrics.sign_ins
            ),
            render=render,
            access_log=AccessLog(
                write_log or _write_to_standard_output,
                loop.call_later,
                enabled=settings.log.access,
                silent_paths=frozenset((settings.portal.ping_path, settings.portal.ready_path))
                if settings.log.silence_health
                else frozenset(),
            ),
            limits=limits,
            metrics=metrics,
        )
        self._server = Server(path)
        self._background: list[Callable[[], Coroutine[Any, Any, None]]] = [self.provider.run]
        if settings.session.cookie.secret_file is not None:
            key_file = KeyFile(settings.session.cookie.secret_file, keys, secrets_of, self._server.look_again)
            self._background.append(key_file.run)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, listeners: Sequence[socket.socket]) -> None:
        """Serve on bound sockets. The provider's metadata is fetched in the background, however long that takes."""
        await self._server.start(listeners)
        if self._metrics_listener is not None:
            self._metrics_listener.start()
        self._tasks = [asyncio.create_task(run()) for run in self._background]

    async def stop(self) -> None:
        """Finish what is in flight, then close everything."""
        await self._server.stop()
        if self._metrics_listener is not None:
            self._metrics_listener.stop()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


def _key_ring(settings: Settings) -> KeyRing:
    cookie = settings.session.cookie
    if cookie.secret is None:
        return KeyRing([generate_secret()])
    return KeyRing([secret.get_secret_value() for secret in (cookie.secret, *cookie.earlier_secrets)])


def _attributes(settings: Settings, *, secure: bool) -> CookieAttributes:
    cookie = settings.session.cookie
    return CookieAttributes(secure=secure, domain=cookie.domain, same_site=cookie.same_site)


def _write_to_standard_output(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()

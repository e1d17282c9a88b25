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
from functools import partial
from typing import TYPE_CHECKING, Any

from lampgate.config.changes import reloadable
from lampgate.config.oauth2_proxy.cookie_secret import secrets_of
from lampgate.config.settings import LoadedSettings, Settings
from lampgate.errors import LampgateError
from lampgate.gateway.admission import Admission
from lampgate.gateway.data_path import DataPath, PortalApp
from lampgate.gateway.followed_file import FollowedFile
from lampgate.gateway.limits import Limits
from lampgate.gateway.listeners import OpenListener
from lampgate.gateway.metrics_listener import MetricsListener
from lampgate.gateway.server import Server
from lampgate.identity.brought import Brought
from lampgate.identity.named_tokens import NamedTokens
from lampgate.identity.passwords import open_passwords
from lampgate.identity.provider import Provider
from lampgate.identity.subject import subject_needs
from lampgate.observe.access_log import AccessLog
from lampgate.observe.metrics import Metrics
from lampgate.observe.oauth2_proxy_log import OAuth2ProxyLog
from lampgate.portal.app import create_portal
from lampgate.portal.look import look_of
from lampgate.portal.problems import render
from lampgate.session.cookie_store import CookieStore
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing, generate_secret
from lampgate.session.store import SessionStore
from lampgate.store.cookie_fallback import CookieFallbackStore
from lampgate.store.opening import open_shared_sessions
from lampgate.wire.cookies import CookieAttributes

if TYPE_CHECKING:
    from lampgate.store.shared import SharedSessions

_logger = logging.getLogger("lampgate")

#: How long a provider that is no longer configured may still answer, in seconds.
_LAST_ANSWERS = 60.0


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
        self._settings = settings
        self._stopping = False
        self._look = look_of(settings.portal)
        self._limits = limits
        self._clock = clock
        self._write_log = write_log or _write_to_standard_output
        self._keys = key_ring(settings)
        self._revocations = revocations = Revocations(clock)
        self._metrics = Metrics()
        self._metrics_listener = (
            MetricsListener(self._metrics, settings.metrics) if settings.metrics is not None else None
        )
        attributes = {secure: _attributes(settings, secure=secure) for secure in (True, False)}
        self.provider = Provider(
            settings.provider, place_of=loaded.place_of, clock=clock, needs=subject_needs(settings)
        )
        self._named_tokens = NamedTokens(
            settings.provider.tokens,
            redeem=lambda refresh_token, scopes: self.provider.redeem_for(refresh_token, scopes),
            clock=clock,
        )
        self._passwords = open_passwords(settings.passwords, clock, settings.session.lifetime)
        self._shared = open_shared_sessions(settings, self._keys, revocations, clock=clock)
        stores = {secure: self._store(attributes[secure], revocations) for secure in (True, False)}
        self._path = DataPath(
            settings,
            loop=loop,
            admission=Admission(
                settings,
                stores,
                attributes,
                revocations,
                lambda session: self.provider.refresh(session),
                clock,
                self._metrics,
                self._named_tokens,
                self._brought(),
            ),
            portal=self._portal(),
            render=partial(render, look=self._look),
            access_log=self._access_log(),
            limits=limits,
            metrics=self._metrics,
        )
        self._server = Server(self._path)
        self._provider_tasks: list[asyncio.Task[None]] = []
        self._background: list[Callable[[], Coroutine[Any, Any, None]]] = []
        if self._shared is not None:
            self._background.append(self._shared.run)
            self._metrics.gauges |= _store_gauges(self._shared)
        if settings.session.cookie.secret_file is not None:
            key_file = FollowedFile(settings.session.cookie.secret_file, "cookie secrets", self._take_cookie_secrets)
            self._background.append(key_file.run)
        if settings.passwords is not None:
            self._background.append(FollowedFile(settings.passwords.file, "passwords", self._take_passwords).run)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, listeners: Sequence[socket.socket | OpenListener]) -> None:
        """Serve on bound sockets. The provider's metadata is fetched in the background, however long that takes."""
        await self._server.start(listeners)
        if self._metrics_listener is not None:
            self._metrics_listener.start()
        self._provider_tasks.append(asyncio.create_task(self.provider.run()))
        self._tasks = [asyncio.create_task(run()) for run in self._background]

    async def reload(self, loaded: LoadedSettings) -> None:
        """Go on with settings that were read anew: requests from now on, on connections that are open too.

        Sessions, open WebSockets and connections to upstreams that have not changed survive. What a running process
        cannot change stays as it was, and a warning names it.
        """
        settings, kept = reloadable(self._settings, loaded.settings)
        for path in kept:
            _logger.warning(
                "config.needs-restart: %s: %s cannot change while the gateway runs; start it anew to use this",
                loaded.place_of(path),
                path,
            )
        if settings.provider != self._settings.provider:
            await self._change_provider(settings, loaded)
        self._settings = settings
        self._look = look_of(settings.portal)
        self._named_tokens.use(settings.provider.tokens)
        self._path.reload(
            settings,
            portal=self._portal(),
            render=partial(render, look=self._look),
            access_log=self._access_log(),
            brought=self._brought(),
            limits=self._limits,
        )

    async def stop(self) -> None:
        """Say that no requests are wanted any more, finish what is in flight, then close everything."""
        drain = self._settings.drain
        self._stopping = True
        if drain.pre_stop_delay:
            await asyncio.sleep(drain.pre_stop_delay)
        await self._server.stop(websocket_grace=drain.websocket_grace)
        if self._metrics_listener is not None:
            self._metrics_listener.stop()
        if tasks := [*self._provider_tasks, *self._tasks]:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if self._shared is not None:
            await self._shared.close()
        if self._passwords is not None:
            self._passwords.close()

    async def _change_provider(self, settings: Settings, loaded: LoadedSettings) -> None:
        """Ask the new provider before sign-ins hang on it; one that does not answer is asked again."""
        provider = Provider(
            settings.provider, place_of=loaded.place_of, clock=self._clock, needs=subject_needs(settings)
        )
        try:
            await provider.refresh_metadata()
        except LampgateError as error:
            _logger.warning("provider not usable: %s", error)
        self.provider = provider
        for task in self._provider_tasks:
            # Sign-ins under way may still be waiting for an answer of the old one.
            self._path.loop.call_later(_LAST_ANSWERS, task.cancel)
        self._provider_tasks.append(asyncio.create_task(provider.run()))

    def _store(self, attributes: CookieAttributes, revocations: Revocations) -> SessionStore:
        name = attributes.prefixed(self._settings.session.cookie.name)
        cookie = CookieStore(
            name, attributes, self._keys, revocations, groups_come_back=lambda: self.provider.is_entra
        )
        if self._shared is None:
            return cookie
        from lampgate.store.ticket_store import TicketStore

        return CookieFallbackStore(TicketStore(name, attributes, self._shared), cookie)

    def _brought(self) -> Brought | None:
        settings = self._settings.bearer
        if not settings.enabled and self._passwords is None:
            return None
        bearers = self.provider.bearers(settings).session if settings.enabled else None
        return Brought(bearers, self._passwords, bearers_fall_back=settings.fall_back)

    def _take_cookie_secrets(self, text: str) -> None:
        if self._keys.replace(secrets_of(text)):
            self._server.look_again()

    def _take_passwords(self, text: str) -> None:
        if self._passwords is not None:
            self._passwords.take(text)
            self._path.admission.judge_again()

    def _portal(self) -> PortalApp:
        return create_portal(
            settings=self._settings,
            provider=self.provider,
            passwords=self._passwords,
            keys=self._keys,
            clock=self._clock,
            sign_ins=self._metrics.sign_ins,
            is_stopping=lambda: self._stopping,
            revocations=self._revocations,
            look=self._look,
        )

    def _access_log(self) -> AccessLog:
        settings = self._settings
        kind = OAuth2ProxyLog if settings.log.layout == "oauth2-proxy" else AccessLog
        return kind(
            self._write_log,
            asyncio.get_running_loop().call_later,
            enabled=settings.log.access,
            silent_paths=frozenset(
                (
                    *((settings.portal.ping_path, settings.portal.ready_path) if settings.log.silence_health else ()),
                    *settings.log.silent_paths,
                )
            ),
        )


def _store_gauges(shared: SharedSessions) -> dict[str, tuple[str, Callable[[], float]]]:
    return {
        "session_store_up": ("Whether the session store can be reached.", lambda: float(shared.available)),
        "session_store_caught_up": (
            "Whether every revocation in the session store has been read since it was last away.",
            lambda: float(shared.caught_up),
        ),
    }


def key_ring(settings: Settings) -> KeyRing:
    """The secrets that sessions are sealed with; new ones where none are configured."""
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

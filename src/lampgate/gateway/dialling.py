"""Opens connections to upstreams, one class for each kind of address. Knows nothing of requests and of pooling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from lampgate.config.settings import UpstreamSettings
from lampgate.gateway.dial_causes import DialError, dial_error
from lampgate.gateway.upstream_tls import UpstreamTLS

_P = TypeVar("_P", bound=asyncio.Protocol)


class _Dialler(Protocol):
    async def open(self, loop: asyncio.AbstractEventLoop, factory: Callable[[], _P]) -> _P: ...


class _Plain:
    """``http://host[:port]``."""

    def __init__(self, upstream: UpstreamSettings) -> None:
        parts = urlsplit(upstream.url)
        self._host = parts.hostname or ""
        self._port = parts.port or 80

    async def open(self, loop: asyncio.AbstractEventLoop, factory: Callable[[], _P]) -> _P:
        _, connection = await loop.create_connection(factory, self._host, self._port)
        return connection


class _Tls:
    """``https://host[:port]``."""

    def __init__(self, upstream: UpstreamSettings) -> None:
        parts = urlsplit(upstream.url)
        self._host = parts.hostname or ""
        self._port = parts.port or 443
        self._server_name = upstream.tls.server_name or self._host
        self._tls = UpstreamTLS(upstream.tls, upstream.id)

    async def open(self, loop: asyncio.AbstractEventLoop, factory: Callable[[], _P]) -> _P:
        _, connection = await loop.create_connection(
            factory,
            self._host,
            self._port,
            ssl=self._tls.context(loop.time()),
            server_hostname=self._server_name,
        )
        return connection


class _Unix:
    """``unix:///path``: http over a socket of this machine."""

    def __init__(self, upstream: UpstreamSettings) -> None:
        self._path = unquote(urlsplit(upstream.url).path)

    async def open(self, loop: asyncio.AbstractEventLoop, factory: Callable[[], _P]) -> _P:
        _, connection = await loop.create_unix_connection(factory, self._path)
        return connection


_DIALLERS: dict[str, Callable[[UpstreamSettings], _Dialler]] = {"http": _Plain, "https": _Tls, "unix": _Unix}


class Dialling:
    """Dials one upstream."""

    def __init__(self, upstream: UpstreamSettings) -> None:
        self._timeout = upstream.connect_timeout
        self._dialler = _DIALLERS[upstream.scheme](upstream)

    async def dial(self, loop: asyncio.AbstractEventLoop, factory: Callable[[], _P]) -> _P:
        """A new connection.

        :raises DialError: there is none; says why.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._dialler.open(loop, factory)
        except TimeoutError as error:
            if error.errno is not None:
                raise dial_error(error) from None
            raise DialError(f"No connection within {self._timeout:g} s") from None
        except Exception as error:
            raise dial_error(error) from None

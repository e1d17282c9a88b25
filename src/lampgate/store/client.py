"""From settings to a client of the store: one server, sentinels, or a cluster; TLS; credentials.

Making a client does no I/O, so lampgate starts whether or not the store is there. Retries are limited to one, and
only where a connection broke: a server may close an idle one at any time, and every command lampgate sends may be
sent twice. RESP2 is spoken, which every server and every proxy in front of one understands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import ConnectionError as RedisConnectionError

from lampgate.config.settings import RedisStoreSettings

Argument = str | bytes | int


class StoreClient(Protocol):
    """What lampgate asks of a client."""

    async def command(self, *arguments: Argument) -> Any:
        """Send one command.

        :returns: the answer, with texts as bytes.
        :raises Exception: what the library raises; see `lampgate.store.reach`.
        """
        ...

    async def start_over(self) -> None:
        """Drop the connections, so that the next command looks up names, the primary or the slots anew."""
        ...

    async def close(self) -> None:
        """Drop the connections for good."""
        ...


def make_client(settings: RedisStoreSettings, *, answer_within: float, retries: int = 1) -> StoreClient:
    """A client for ``settings``.

    :param answer_within: seconds that the server may take for an answer; more than a command that waits is to wait.
    :param retries: how often a command is sent again where the connection broke.
    """
    options = {
        **_connection_options(settings, retries),
        **_tls_options(settings),
        "socket_timeout": answer_within,
        **_credentials(settings),
    }
    match settings.topology:
        case "standalone":
            (address,) = settings.addresses
            client = Redis(host=address.host, port=address.port, db=settings.database, **options)
            return _PooledClient(client)
        case "sentinel":
            return _of_sentinels(settings, options)
        case "cluster":
            return _ClusterClient(settings, options)


class _PooledClient:
    def __init__(self, client: Redis, *beside: Redis) -> None:
        self._client = client
        self._beside = beside

    async def command(self, *arguments: Argument) -> Any:
        return await _execute(self._client, arguments)

    async def start_over(self) -> None:
        await self._client.connection_pool.disconnect()

    async def close(self) -> None:
        for client in (self._client, *self._beside):
            await client.aclose(close_connection_pool=True)


class _ClusterClient:
    """The library's cluster client, which looks the slots up when it is first used."""

    def __init__(self, settings: RedisStoreSettings, options: Mapping[str, Any]) -> None:
        nodes = [ClusterNode(address.host, address.port) for address in settings.addresses]
        # The addresses of the settings stay the ones to begin with: those of the members change with their pods.
        self._client = RedisCluster(startup_nodes=nodes, dynamic_startup_nodes=False, **options)

    async def command(self, *arguments: Argument) -> Any:
        return await _execute(self._client, arguments)

    async def start_over(self) -> None:
        """Nothing to do: the library asks for the slots anew after each failure."""

    async def close(self) -> None:
        await self._client.aclose()
        # After a failure the library takes itself for closed, and leaves connections that were made meanwhile.
        await self._client.nodes_manager.aclose()
        await self._client.nodes_manager.aclose("startup_nodes")


async def _execute(client: Redis | RedisCluster, arguments: Sequence[Argument]) -> Any:
    task = asyncio.current_task()
    cancellations = task.cancelling() if task is not None else 0
    try:
        # The library types its commands one by one, and this one, which sends any, not at all.
        return await client.execute_command(*arguments)
    finally:
        # The library has been seen to lose a cancellation; a request or a stop would then wait on.
        if task is not None and task.cancelling() > cancellations:
            raise asyncio.CancelledError


def _of_sentinels(settings: RedisStoreSettings, options: Mapping[str, Any]) -> StoreClient:
    if settings.sentinel is None:
        raise ValueError("the topology “sentinel” needs sentinel settings")
    own = settings.sentinel
    sentinels = Sentinel(  # type: ignore[no-untyped-call]
        [(address.host, address.port) for address in settings.addresses],
        sentinel_kwargs={
            **_connection_options(settings, retries=0),
            **_tls_options(settings),
            "socket_timeout": settings.connect_timeout,
            "username": own.username or None,
            "password": own.password.get_secret_value() if own.password is not None else None,
        },
        db=settings.database,
        **options,
    )
    return _PooledClient(sentinels.master_for(own.master_name), *sentinels.sentinels)


def _connection_options(settings: RedisStoreSettings, retries: int) -> dict[str, Any]:
    return {
        "socket_connect_timeout": settings.connect_timeout,
        "retry": Retry(NoBackoff(), retries, supported_errors=(RedisConnectionError,)),
        "protocol": 2,
        "client_name": "lampgate",
    }


def _tls_options(settings: RedisStoreSettings) -> dict[str, Any]:
    tls = settings.tls
    if tls is None:
        return {}
    return {
        "ssl": True,
        "ssl_cert_reqs": "required" if tls.verify else "none",
        "ssl_check_hostname": tls.verify,
        "ssl_ca_certs": str(tls.ca_file) if tls.ca_file is not None else None,
        "ssl_certfile": str(tls.client_certificate) if tls.client_certificate is not None else None,
        "ssl_keyfile": str(tls.client_key) if tls.client_key is not None else None,
    }


def _credentials(settings: RedisStoreSettings) -> dict[str, Any]:
    if settings.password_file is not None or settings.password is not None:
        return {"credential_provider": _Credentials(settings)}
    return {}


class _Credentials(CredentialProvider):
    """Asked at each connection, so that a password in a file can be rotated. Nothing in a ``repr``."""

    def __init__(self, settings: RedisStoreSettings) -> None:
        self._settings = settings

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        settings = self._settings
        if settings.password_file is not None:
            password = settings.password_file.read_text("utf-8").rstrip("\r\n")
        else:
            password = settings.password.get_secret_value() if settings.password is not None else ""
        return (settings.username, password) if settings.username else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        return await asyncio.to_thread(self.get_credentials)

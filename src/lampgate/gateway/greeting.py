"""Takes in the connections that begin with something else than HTTP: a PROXY header, a TLS handshake, or both.

The header is read from the socket itself, exactly to its end, before a transport exists: so the handshake that
follows it (in the same segment, even) is the event loop's own, with nothing to be handed over in between.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import Counter
from ipaddress import ip_address
from typing import TYPE_CHECKING

from lampgate.gateway.client_connection import ClientConnection
from lampgate.gateway.data_path import DataPath
from lampgate.gateway.listeners import BACKLOG, OpenListener
from lampgate.gateway.protocols import AwaitingHandshake, offered
from lampgate.gateway.tls import ServerCertificate
from lampgate.wire.proxy_protocol import LONGEST_HEADER, BadProxyHeaderError, parse

if TYPE_CHECKING:
    from lampgate.config.settings import IPNetwork

#: After the process has run out of descriptors or memory, in seconds.
_PAUSE = 0.5
#: Seconds for which the same complaint is not made again: a port scan makes thousands.
_SILENCE = 30.0


class _NotListedError(Exception):
    """A peer that is not to speak for others has connected."""


class Greeting:
    """One listener whose connections are taken in here.

    :raises CertificateError: its certificate cannot be used.
    """

    def __init__(self, path: DataPath, listener: OpenListener) -> None:
        self._path = path
        self._listener = listener
        self._tls = listener.settings.tls
        self._certificate = ServerCertificate(self._tls, offered(self._tls)) if self._tls is not None else None
        self._listed = listener.settings.proxy_protocol_from
        self._networks: tuple[IPNetwork, ...] = tuple(entry for entry in self._listed if entry != "unix")
        self._accepting: asyncio.Task[None] | None = None
        #: Connections that have not come as far as HTTP.
        self._greeted: set[asyncio.Task[None]] = set()
        self._greeted_of: Counter[str] = Counter()
        self._said: dict[str, float] = {}

    def start(self) -> None:
        """Accept connections."""
        self._listener.socket.listen(BACKLOG)
        self._listener.socket.setblocking(False)
        self._accepting = self._path.loop.create_task(self._accept())

    def refresh_certificate(self) -> None:
        """Use a new certificate for new connections, if there is one on disk."""
        if self._certificate is not None:
            self._certificate.refresh()

    async def close(self) -> None:
        """Accept no more. Connections that have not come as far as HTTP are closed."""
        tasks = {*self._greeted, *([self._accepting] if self._accepting is not None else [])}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._listener.socket.close()

    async def _accept(self) -> None:
        loop = self._path.loop
        while True:
            try:
                connection, address = await loop.sock_accept(self._listener.socket)
            except OSError as error:
                if error.errno != errno.ECONNABORTED:
                    self._say(f"No connections can be accepted on {self._listener}: {error.strerror}")
                    await asyncio.sleep(_PAUSE)
                continue
            task = loop.create_task(self._greet(connection, address[0] if isinstance(address, tuple) else ""))
            self._greeted.add(task)
            task.add_done_callback(self._greeted.discard)

    async def _greet(self, connection: socket.socket, peer: str) -> None:
        path = self._path
        kept = True
        try:
            if len(path.connections) + len(self._greeted) > path.limits.connections:
                path.metrics.limits["connections"] += 1
                return
            told = await self._told(connection, peer) if self._listed else None
            client = told if told is not None else peer
            if self._greeted_of[client] >= path.limits.connections_per_client:
                path.metrics.limits["connections_per_client"] += 1
                return
            self._greeted_of[client] += 1
            try:
                # From here on the socket is the transport's, however the handshake ends.
                kept = False
                await self._hand_over(connection, told)
            finally:
                self._greeted_of[client] -= 1
                if not self._greeted_of[client]:
                    del self._greeted_of[client]
        except _NotListedError:
            self._say(f"A connection without the right to send a PROXY header was refused on {self._listener}", peer)
        except (BadProxyHeaderError, TimeoutError) as error:
            self._say(f"A connection was refused on {self._listener}", peer, str(error) or "it took too long")
        except OSError as error:
            # Handshakes fail for as many reasons as there are scanners; the client is told by TLS's own alerts.
            path.logger.debug(
                "A connection from %s ended before its first request: %s", peer or "a local peer", error
            )
        finally:
            if kept:
                connection.close()

    async def _hand_over(self, connection: socket.socket, told: str | None) -> None:
        path, loop = self._path, self._path.loop
        connection.setblocking(False)
        if self._tls is None or self._certificate is None:
            await loop.connect_accepted_socket(lambda: ClientConnection(path, told), connection)
            return
        await loop.connect_accepted_socket(
            lambda: AwaitingHandshake(path, told),
            connection,
            ssl=self._certificate.context,
            ssl_handshake_timeout=self._tls.handshake_timeout,
            ssl_shutdown_timeout=path.limits.linger_timeout,
        )

    async def _told(self, connection: socket.socket, peer: str) -> str | None:
        """The client's address by the PROXY header; None where the connection is the proxy's own."""
        if not self._is_listed(peer):
            raise _NotListedError
        connection.setblocking(False)
        received = b""
        async with asyncio.timeout(self._path.limits.head_timeout):
            while True:
                await self._readable(connection)
                try:
                    ahead = connection.recv(LONGEST_HEADER, socket.MSG_PEEK)
                except BlockingIOError:
                    continue
                if not ahead and not received:
                    # How load balancers look whether somebody listens.
                    raise ConnectionAbortedError(errno.ECONNABORTED, "it was closed before its first byte")
                if not ahead:
                    raise BadProxyHeaderError("It ended within the PROXY header")
                header = parse(received + ahead)
                received += connection.recv(header.length - len(received) if header is not None else len(ahead))
                if header is not None:
                    return header.source

    async def _readable(self, connection: socket.socket) -> None:
        loop = self._path.loop
        readable = asyncio.Event()
        loop.add_reader(connection, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(connection)

    def _is_listed(self, peer: str) -> bool:
        if not peer:
            return "unix" in self._listed
        address = ip_address(peer.partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._networks)

    def _say(self, sentence: str, peer: str = "", cause: str = "") -> None:
        now = self._path.loop.time()
        if now >= self._said.get(sentence, 0.0):
            self._said[sentence] = now + _SILENCE
            whom = f" (from {peer})" if peer else ""
            self._path.logger.warning("%s%s%s", sentence, whom, f": {cause}" if cause else "")

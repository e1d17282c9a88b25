"""Which protocol a new connection speaks: the one place that decides it.

Plain connections speak HTTP/1.1. On a TLS listener the client chooses by ALPN (RFC 7301); one that does not take part
speaks HTTP/1.1.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from lampgate.gateway.client_connection import ClientConnection
from lampgate.gateway.data_path import DataPath

#: Makes a connection's protocol, given the client's address as a proxy in front has told it (None: nobody has).
MakeProtocol = Callable[[DataPath, "str | None"], asyncio.Protocol]

_SPOKEN: Mapping[str, MakeProtocol] = {"http/1.1": ClientConnection}

#: What TLS listeners offer, the preferred protocol first.
ALPN = tuple(_SPOKEN)


def choose_protocol(path: DataPath, transport: asyncio.BaseTransport, peer: str | None) -> asyncio.Protocol:
    """The protocol of a connection whose TLS handshake is complete.

    :param peer: the client's address as a proxy in front has told it; None: the transport's own peer.
    """
    chosen = transport.get_extra_info("ssl_object").selected_alpn_protocol()
    return _SPOKEN[chosen or "http/1.1"](path, peer)


class AwaitingHandshake(asyncio.Protocol):
    """Hands a TLS connection over as soon as it is known what it speaks."""

    def __init__(self, path: DataPath, peer: str | None) -> None:
        self._path = path
        self._peer = peer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is complete."""
        protocol = choose_protocol(self._path, transport, self._peer)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)

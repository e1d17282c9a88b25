"""Which protocol a new connection speaks: the one place that decides it.

Plain connections speak HTTP/1.1. On a TLS listener the client chooses by ALPN (RFC 7301): HTTP/2 unless the listener
has it switched off, or HTTP/1.1, which is also spoken with whoever does not take part. Browsers choose HTTP/1.1 for
their WebSockets.
"""

from __future__ import annotations

import asyncio

from lampgate.config.settings import TlsSettings
from lampgate.gateway.client_connection import ClientConnection
from lampgate.gateway.data_path import DataPath

_HTTP_1, _HTTP_2 = "http/1.1", "h2"


def offered(settings: TlsSettings) -> tuple[str, ...]:
    """What a TLS listener offers, the preferred protocol first."""
    return (_HTTP_2, _HTTP_1) if settings.http2 else (_HTTP_1,)


def choose_protocol(path: DataPath, transport: asyncio.BaseTransport, peer: str | None) -> asyncio.Protocol:
    """The protocol of a connection whose TLS handshake is complete.

    :param peer: the client's address as a proxy in front has told it; None: the transport's own peer.
    """
    chosen = transport.get_extra_info("ssl_object").selected_alpn_protocol()
    if chosen == _HTTP_2:
        # Here, so that only those who terminate TLS pay for the library in memory and time to start.
        from lampgate.gateway.http2_connection import Http2Connection

        return Http2Connection(path, peer)
    return ClientConnection(path, peer)


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

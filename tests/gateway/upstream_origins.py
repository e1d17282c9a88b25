"""Origins for the tests of upstreams: servers that answer every request with what they were asked."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import trustme


@dataclass
class Echo:
    """A server that answers with the request's head, for as long as the connection is open."""

    port: int = 0
    connections: int = 0
    protocols: list[str | None] = field(default_factory=list)
    server_names: list[str | None] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        tls = writer.get_extra_info("ssl_object")
        if tls is not None:
            self.protocols.append(tls.selected_alpn_protocol())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(head), head))
                await writer.drain()
        writer.close()

    async def close(self, server: asyncio.Server) -> None:
        server.close()
        for writer in self.writers:
            writer.transport.abort()
        for writer in self.writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def tls_echo(context: ssl.SSLContext) -> AsyncIterator[Echo]:
    echo = Echo()
    context.sni_callback = lambda _socket, name, _context: echo.server_names.append(name)
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0, ssl=context)
    echo.port = server.sockets[0].getsockname()[1]
    try:
        yield echo
    finally:
        await echo.close(server)


@contextlib.asynccontextmanager
async def plain_echo() -> AsyncIterator[Echo]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    echo.port = server.sockets[0].getsockname()[1]
    try:
        yield echo
    finally:
        await echo.close(server)


@contextlib.asynccontextmanager
async def unix_echo(path: Path) -> AsyncIterator[Echo]:
    echo = Echo()
    server = await asyncio.start_unix_server(echo.serve, path)
    try:
        yield echo
    finally:
        await echo.close(server)


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


@contextlib.contextmanager
def blocking_tls(context: ssl.SSLContext) -> Iterator[Echo]:
    """A TLS server that tells the other side why it refuses; asyncio's keeps that to itself."""
    echo = Echo()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        echo.port = listener.getsockname()[1]

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    echo.connections += 1
                    with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as tls:
                        with contextlib.suppress(ssl.SSLError):
                            tls.do_handshake()
                        # Bytes left unread would turn the end into a reset, which overtakes the alert.
                        socket.socket.shutdown(tls, socket.SHUT_WR)
                        while os.read(tls.fileno(), 4096):
                            pass

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield echo
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()

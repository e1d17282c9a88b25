"""An issuer's metadata and keys over TLS on a free port."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from joserfc.jwk import RSAKey


@asynccontextmanager
async def serving(context: ssl.SSLContext, keys: dict[str, RSAKey]) -> AsyncIterator[str]:
    """Serve an issuer; its URL, with the trailing slash."""
    documents: dict[str, object] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = json.dumps(documents[head.split()[1].decode()]).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    issuer = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    documents["/.well-known/openid-configuration"] = {"issuer": issuer, "jwks_uri": f"{issuer}jwks"}
    documents["/jwks"] = {"keys": [{**key.as_dict(private=False), "kid": kid} for kid, key in keys.items()]}
    async with server:
        yield issuer

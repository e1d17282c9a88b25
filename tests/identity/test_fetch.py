"""Requests over real sockets: whose certificate is trusted, and what a connection that fails looks like."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from lampgate.identity.errors import ProviderUnreachableError
from lampgate.identity.fetch import ProviderClient

_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"a": 1}\n'


@asynccontextmanager
async def https_server(ca: trustme.CA) -> AsyncIterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(_ANSWER)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_the_configured_ca_is_trusted_and_no_other(tmp_path: Path) -> None:
    ca, other = trustme.CA(), trustme.CA()
    for name, authority in (("ca.pem", ca), ("other.pem", other)):
        authority.cert_pem.write_to_path(str(tmp_path / name))
    async with https_server(ca) as url:
        client = ProviderClient(timeout=5, ca_files=(tmp_path / "ca.pem",))
        answer = await client.get(url)
        assert (answer.status, answer.document) == (200, {"a": 1})
        await client.close()
        for ca_files in ((), (tmp_path / "other.pem",)):
            client = ProviderClient(timeout=5, ca_files=ca_files, place="gateway.yaml line 3")
            with pytest.raises(ProviderUnreachableError, match=r"gateway\.yaml line 3") as caught:
                await client.get(url)
            assert "CERTIFICATE_VERIFY_FAILED" in caught.value.cause
            await client.close()


@pytest.mark.parametrize(
    ("url", "ca_files", "cause"),
    [
        ("http://127.0.0.1:1/", (), "connect"),
        ("https://127.0.0.1:1/", (Path("/nowhere/ca.pem"),), "No such file"),
        ("http://[::bad/", (), "Invalid"),
        ("ftp://127.0.0.1/", (), "protocol"),
    ],
)
async def test_what_cannot_be_reached_is_one_error_with_a_cause(
    url: str, ca_files: tuple[Path, ...], cause: str
) -> None:
    client = ProviderClient(timeout=5, ca_files=ca_files)
    with pytest.raises(ProviderUnreachableError) as caught:
        await client.get(url)
    assert cause in caught.value.cause
    await client.close()

"""TLS on a listener: real handshakes, certificates that change on disk, and peers that do not mean well."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from lampgate.config.settings import ListenAddress, TlsSettings
from lampgate.gateway.limits import Limits
from lampgate.gateway.listeners import open_listeners
from lampgate.gateway.tls import CertificateError, ServerCertificate
from tests.gateway.stage import PATIENCE, Client, Stage


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def write(authority: trustme.CA, folder: Path, name: str = "dash.example") -> TlsSettings:
    """A new certificate in the place of the one that is there."""
    issued = authority.issue_cert(name, "127.0.0.1")
    files = {"certificate_file": folder / "tls.crt", "key_file": folder / "tls.key"}
    for file, content in (
        (files["certificate_file"], b"".join(part.bytes() for part in issued.cert_chain_pems)),
        (files["key_file"], issued.private_key_pem.bytes()),
    ):
        ahead = file.with_suffix(".new")
        ahead.write_bytes(content)
        os.replace(ahead, file)  # noqa: PTH105 - as the kubelet does it
    return TlsSettings.model_validate(files)


class Served:
    def __init__(self, stage: Stage, port: int, authority: trustme.CA) -> None:
        self.stage = stage
        self.port = port
        self._authority = authority

    def context(self, **attributes: Any) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        for name, value in attributes.items():
            setattr(context, name, value)
        return context

    async def client(self, context: ssl.SSLContext | None = None, name: str = "dash.example") -> Client:
        reader, writer = await asyncio.wait_for(
            asyncio.open_connection("127.0.0.1", self.port, ssl=context or self.context(), server_hostname=name),
            PATIENCE,
        )
        self.stage._clients.append(writer)
        return Client(reader, writer)

    async def plain(self) -> Client:
        """A connection without a handshake."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.stage._clients.append(writer)
        return Client(reader, writer)

    def request(self, line: str = "GET /x HTTP/1.1", *headers: str) -> bytes:
        cookie = self.stage.cookie(secure=True)
        return "\r\n".join([line, "Host: dash.example", f"Cookie: {cookie}", *headers, "", ""]).encode("latin-1")


@asynccontextmanager
async def serving(
    authority: trustme.CA,
    tls: TlsSettings,
    *,
    limits: Limits | None = None,
    listener: Mapping[str, Any] | None = None,
    **changes: Any,
) -> AsyncIterator[Served]:
    (opened,) = open_listeners([ListenAddress(port=0, tls=tls, **(listener or {}))], {})
    port = opened.socket.getsockname()[1]
    async with Stage(limits=limits, **changes) as stage:
        await stage.server.start([opened])
        yield Served(stage, port, authority)


async def test_a_request_over_tls_has_the_https_origin(authority: trustme.CA, tmp_path: Path) -> None:
    async with serving(authority, write(authority, tmp_path)) as served:
        client = await served.client()
        client.sends(served.request())
        origin = await served.stage.origin()
        lines = await origin.receives_head()
        assert b"X-Forwarded-Proto: https" in lines
        assert b"X-Forwarded-Host: dash.example" in lines
        origin.answers_ok(b"over tls")
        assert (await client.gets_answer())[2] == b"over tls"
        client.closes()


async def test_loopback_over_tls_is_https_too(authority: trustme.CA, tmp_path: Path) -> None:
    async with serving(authority, write(authority, tmp_path)) as served:
        client = await served.client()
        client.sends(b"GET /oauth2/start HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await client.gets_answer()
        (request,) = served.stage.portal_requests
        assert (request["scheme"], request["lampgate.visit"].origin) == ("https", "https://localhost")
        client.closes()


async def test_several_requests_and_a_large_answer(authority: trustme.CA, tmp_path: Path) -> None:
    body = os.urandom(3_000_000)
    async with serving(authority, write(authority, tmp_path)) as served:
        client = await served.client()
        client.sends(served.request() + served.request("POST /y HTTP/1.1", "Content-Length: 4") + b"body")
        origin = await served.stage.origin()
        await origin.receives_head()
        origin.answers_ok(body)
        assert (await client.gets_answer())[2] == body
        assert (await origin.receives_head())[0] == b"POST /y HTTP/1.1"
        assert await origin.receives(4) == b"body"
        origin.answers_ok()
        assert (await client.gets_answer())[2] == b"ok"
        client.closes()


async def test_a_websocket_over_tls(authority: trustme.CA, tmp_path: Path) -> None:
    async with serving(authority, write(authority, tmp_path)) as served:
        client = await served.client()
        client.sends(
            served.request(
                "GET /ws HTTP/1.1",
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: a2tra2tra2tra2tra2traw==",
                "Origin: https://dash.example",
            )
        )
        origin = await served.stage.origin()
        await origin.receives_head()
        origin.answers(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x82\x02hi"
        )
        assert (await client.gets_head())[0] == 101
        assert await client.gets(4) == b"\x82\x02hi"
        client.sends(b"\x82\x82\0\0\0\0ho")
        assert await origin.receives(8) == b"\x82\x82\0\0\0\0ho"
        await served.stage.server.stop()
        assert (await client.is_cut_off())[2:4] == (1012).to_bytes(2, "big")


async def test_a_slow_reader_holds_the_upstream_back(authority: trustme.CA, tmp_path: Path) -> None:
    """Flow control goes through TLS: an answer nobody reads is not kept in memory."""
    async with serving(authority, write(authority, tmp_path)) as served:
        client = await served.client()
        client.pauses_reading()
        client.sends(served.request())
        origin = await served.stage.origin()
        await origin.receives_head()
        origin.answers_ok(bytes(16_000_000))
        (connection,) = served.stage.path.connections
        upstream = connection.exchange._connection.transport  # type: ignore[attr-defined]
        async with asyncio.timeout(PATIENCE):
            while upstream.is_reading():
                await served.stage.pause()
        client.writer.transport.abort()


async def test_what_is_negotiated(authority: trustme.CA, tmp_path: Path) -> None:
    tls = write(authority, tmp_path)
    async with serving(authority, tls) as served:
        context = served.context(maximum_version=ssl.TLSVersion.TLSv1_2)
        context.set_alpn_protocols(["spdy/3", "http/1.1"])
        client = await served.client(context)
        spoken = client.writer.get_extra_info("ssl_object")
        assert spoken.version() == "TLSv1.2"
        assert spoken.selected_alpn_protocol() == "http/1.1"
        assert spoken.cipher()[0].startswith("ECDHE-")
        client.closes()
    strict = tls.model_copy(update={"min_version": "1.3"})
    async with serving(authority, strict) as served:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await served.client(served.context(maximum_version=ssl.TLSVersion.TLSv1_2))
        client = await served.client()
        assert client.writer.get_extra_info("ssl_object").version() == "TLSv1.3"
        client.closes()
    narrow = tls.model_copy(update={"cipher_suites": ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",)})
    async with serving(authority, narrow) as served:
        client = await served.client(served.context(maximum_version=ssl.TLSVersion.TLSv1_2))
        assert client.writer.get_extra_info("ssl_object").cipher()[0] == "ECDHE-ECDSA-CHACHA20-POLY1305"
        client.closes()


async def test_a_new_certificate_is_used_for_new_connections(
    authority: trustme.CA, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with serving(authority, write(authority, tmp_path)) as served:
        old = await served.client()
        (tmp_path / "tls.key").write_text("half of a replacement")
        served.stage.server._tick()
        assert "listen.certificate" in caplog.text
        assert "The certificate that was read before stays in use" in caplog.text
        caplog.clear()
        served.stage.server._tick()
        assert caplog.text == "", "said once"
        await served.client()
        write(authority, tmp_path, "other.example")
        served.stage.server._tick()
        assert "A new certificate is in use" in caplog.text
        with pytest.raises(ssl.SSLCertVerificationError):
            await served.client()
        await served.client(name="other.example")
        old.sends(served.request("GET /ping HTTP/1.1"))
        assert (await old.gets_answer())[0] == 200


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda folder: (folder / "tls.crt").unlink(), "No such file"),
        (lambda folder: (folder / "tls.key").write_text("nothing"), "OpenSSL"),
        (lambda folder: (folder / "tls.key").write_bytes(trustme.CA().private_key_pem.bytes()), "not that of"),
    ],
    ids=["missing", "not-pem", "another-key"],
)
def test_a_certificate_that_cannot_be_used(authority: trustme.CA, tmp_path: Path, spoil: Any, cause: str) -> None:
    tls = write(authority, tmp_path)
    spoil(tmp_path)
    with pytest.raises(CertificateError) as raised:
        ServerCertificate(tls, ("http/1.1",))
    assert cause in raised.value.cause
    assert str(tmp_path) in str(raised.value)


def test_an_encrypted_key_asks_nobody(authority: trustme.CA, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    tls = write(authority, tmp_path)
    key = serialization.load_pem_private_key(tls.key_file.read_bytes(), None)
    tls.key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(CertificateError) as raised:
        ServerCertificate(tls, ("http/1.1",))
    assert "encrypted" in raised.value.cause


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 600, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"],
    ids=["http", "zeros", "broken-hello"],
)
async def test_what_is_no_handshake_is_closed(authority: trustme.CA, tmp_path: Path, data: bytes) -> None:
    async with serving(authority, write(authority, tmp_path)) as served:
        client = await served.plain()
        client.sends(data)
        answer = await client.is_cut_off()
        assert b"HTTP" not in answer
        assert not served.stage.path.connections
        good = await served.client()
        good.sends(served.request("GET /ping HTTP/1.1"))
        assert (await good.gets_answer())[0] == 200


async def test_half_a_handshake_ends_with_its_time(authority: trustme.CA, tmp_path: Path) -> None:
    tls = write(authority, tmp_path).model_copy(update={"handshake_timeout": 0.2})
    async with serving(authority, tls) as served:
        silent, half = await served.plain(), await served.plain()
        half.sends(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
        assert await silent.is_cut_off() == b""
        assert await half.is_cut_off() == b""


async def test_connections_within_the_handshake_count(authority: trustme.CA, tmp_path: Path) -> None:
    limits = Limits(connections_per_client=2)
    async with serving(authority, write(authority, tmp_path), limits=limits) as served:
        waiting = [await served.plain() for _ in range(2)]
        third = await served.plain()
        assert await third.is_cut_off() == b""
        assert served.stage.metrics.limits["connections_per_client"] == 1
        for client in waiting:
            client.closes()


async def test_stopping_ends_what_is_within_the_handshake(authority: trustme.CA, tmp_path: Path) -> None:
    async with serving(authority, write(authority, tmp_path)) as served:
        waiting, idle = await served.plain(), await served.client()
        idle.sends(served.request("GET /ping HTTP/1.1"))
        await idle.gets_answer()
        await served.stage.server.stop()
        assert await waiting.is_cut_off() == b""
        assert await idle.gets_end() == b""
        with pytest.raises(ConnectionRefusedError):
            await served.plain()

"""https upstreams: who is trusted, what is offered, what is said when it fails, and how files are rotated."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
import os
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from lampgate.config.settings import UpstreamSettings, UpstreamTLSSettings
from lampgate.gateway import upstream_tls
from tests.gateway.stage import Stage
from tests.gateway.upstream_origins import Echo, blocking_tls, plain_echo, server_context, tls_echo

NAME = "headlamp.tools.svc"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def https(echo: Echo, **tls: Any) -> tuple[UpstreamSettings, ...]:
    return (
        UpstreamSettings(
            id="main", url=f"https://127.0.0.1:{echo.port}", tls=UpstreamTLSSettings(**{"server_name": NAME, **tls})
        ),
    )


async def answer(stage: Stage) -> tuple[int, str]:
    client = await stage.client()
    client.sends(stage.request("GET /x HTTP/1.1", "Accept: application/json"))
    status, _, body = await client.gets_answer()
    return status, body.decode()


async def test_a_request_over_tls(authority: trustme.CA, ca_file: Path) -> None:
    async with tls_echo(server_context(authority.issue_cert(NAME))) as echo:
        async with Stage(upstreams=https(echo, ca_files=(ca_file,))) as stage:
            status, head = await answer(stage)
            assert status == 200
            assert head.startswith("GET /x HTTP/1.1\r\n")
            await answer(stage)
        assert echo.connections == 1
        # HTTP/2 was on offer, and is not what lampgate speaks.
        assert echo.protocols == ["http/1.1"]
        assert echo.server_names == [NAME]


async def test_the_name_of_the_url_is_expected_where_no_other_is_given(authority: trustme.CA, ca_file: Path) -> None:
    async with (
        tls_echo(server_context(authority.issue_cert("127.0.0.1"))) as echo,
        Stage(upstreams=https(echo, ca_files=(ca_file,), server_name=None)) as stage,
    ):
        assert (await answer(stage))[0] == 200


class TestFailures:
    async def fails(
        self, upstreams: tuple[UpstreamSettings, ...], cause: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with Stage(upstreams=upstreams) as stage:
            with caplog.at_level(logging.WARNING, "lampgate.gateway"):
                status, body = await answer(stage)
                await answer(stage)
        assert status == 502
        assert cause in body
        # What is only for whoever runs the gateway is in its log, once.
        assert "127.0.0.1" not in body
        assert "/ca.pem" not in body
        assert len(caplog.records) == 1
        assert cause in caplog.text
        assert "https://127.0.0.1" in caplog.text

    async def test_unknown_authority(self, caplog: pytest.LogCaptureFixture, ca_file: Path) -> None:
        async with tls_echo(server_context(trustme.CA().issue_cert(NAME))) as echo:
            await self.fails(https(echo, ca_files=(ca_file,)), "authority that is not trusted", caplog)

    async def test_the_system_does_not_know_it_either(
        self, caplog: pytest.LogCaptureFixture, authority: trustme.CA
    ) -> None:
        async with tls_echo(server_context(authority.issue_cert(NAME))) as echo:
            await self.fails(https(echo), "authority that is not trusted", caplog)

    async def test_another_name(self, caplog: pytest.LogCaptureFixture, authority: trustme.CA, ca_file: Path) -> None:
        async with tls_echo(server_context(authority.issue_cert("other.example"))) as echo:
            await self.fails(https(echo, ca_files=(ca_file,)), "for another name", caplog)

    async def test_another_address(
        self, caplog: pytest.LogCaptureFixture, authority: trustme.CA, ca_file: Path
    ) -> None:
        async with tls_echo(server_context(authority.issue_cert("127.0.0.2"))) as echo:
            await self.fails(https(echo, ca_files=(ca_file,), server_name=None), "for another address", caplog)

    async def test_expired(self, caplog: pytest.LogCaptureFixture, authority: trustme.CA, ca_file: Path) -> None:
        yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        async with tls_echo(server_context(authority.issue_cert(NAME, not_after=yesterday))) as echo:
            await self.fails(https(echo, ca_files=(ca_file,)), "has expired", caplog)

    async def test_no_tls_on_that_port(self, caplog: pytest.LogCaptureFixture, ca_file: Path) -> None:
        async with plain_echo() as echo:
            await self.fails(
                (UpstreamSettings(id="main", url=f"https://127.0.0.1:{echo.port}", connect_timeout=0.05),),
                "No connection within 0.05 s",
                caplog,
            )

    async def test_files_that_cannot_be_read(self, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
        async with plain_echo() as echo:
            missing = tmp_path / "ca.pem"
            await self.fails(https(echo, ca_files=(missing,)), "TLS files for the upstream cannot be used", caplog)
            assert f"{missing} cannot be read" in caplog.text
            assert echo.connections == 0


async def test_verification_can_be_switched_off() -> None:
    async with (
        tls_echo(server_context(trustme.CA().issue_cert("other.example"))) as echo,
        Stage(upstreams=https(echo, insecure_skip_verify=True)) as stage,
    ):
        assert (await answer(stage))[0] == 200


class TestClientCertificates:
    @pytest.fixture
    def asking(self, authority: trustme.CA) -> ssl.SSLContext:
        context = server_context(authority.issue_cert(NAME))
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
        return context

    async def test_it_is_shown(
        self, asking: ssl.SSLContext, authority: trustme.CA, ca_file: Path, tmp_path: Path
    ) -> None:
        certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
        ours = authority.issue_cert("lampgate.example")
        ours.cert_chain_pems[0].write_to_path(certificate)
        ours.private_key_pem.write_to_path(key)
        async with tls_echo(asking) as echo:
            upstreams = https(echo, ca_files=(ca_file,), certificate_file=certificate, key_file=key)
            async with Stage(upstreams=upstreams) as stage:
                assert (await answer(stage))[0] == 200

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    async def test_without_one(self, asking: ssl.SSLContext, ca_file: Path, version: ssl.TLSVersion) -> None:
        asking.minimum_version = asking.maximum_version = version
        with blocking_tls(asking) as echo:
            async with Stage(upstreams=https(echo, ca_files=(ca_file,))) as stage:
                status, body = await answer(stage)
        assert echo.connections == 1
        assert status == 502
        assert "client certificate" in body

    async def test_a_key_that_does_not_fit(
        self, authority: trustme.CA, ca_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
        authority.issue_cert("a.example").cert_chain_pems[0].write_to_path(certificate)
        authority.issue_cert("b.example").private_key_pem.write_to_path(key)
        async with plain_echo() as echo:
            upstreams = https(echo, ca_files=(ca_file,), certificate_file=certificate, key_file=key)
            async with Stage(upstreams=upstreams) as stage:
                assert (await answer(stage))[0] == 502
        assert "are not a certificate with its unencrypted private key" in caplog.text


class TestRotation:
    def test_files_are_read_again_when_they_change(
        self, authority: trustme.CA, ca_file: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        tls = upstream_tls.UpstreamTLS(UpstreamTLSSettings(ca_files=(ca_file,)), "main")
        first = tls.context(100.0)
        assert tls.context(200.0) is first
        replaced(ca_file, trustme.CA().cert_pem.bytes())
        # Not looked at again at once …
        assert tls.context(200.0 + upstream_tls._LOOK_INTERVAL - 0.1) is first
        # … but soon.
        second = tls.context(200.0 + upstream_tls._LOOK_INTERVAL)
        assert second is not first
        assert second.get_ca_certs() != first.get_ca_certs()
        replaced(ca_file, b"half of a certifi")
        assert tls.context(300.0) is second
        assert "goes on with its previous TLS files" in caplog.text
        ca_file.unlink()
        assert tls.context(400.0) is second
        replaced(ca_file, authority.cert_pem.bytes())
        assert tls.context(500.0).get_ca_certs() == first.get_ca_certs()

    async def test_a_new_authority_is_taken_up_without_a_restart(
        self, authority: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(upstream_tls, "_LOOK_INTERVAL", 0.0)
        new = trustme.CA()
        async with (
            tls_echo(server_context(new.issue_cert(NAME))) as echo,
            Stage(upstreams=https(echo, ca_files=(ca_file,))) as stage,
        ):
            assert (await answer(stage))[0] == 502
            replaced(ca_file, new.cert_pem.bytes())
            assert (await answer(stage))[0] == 200


def replaced(path: Path, content: bytes) -> None:
    """As the kubelet does it: a new file takes the old one's place."""
    new = path.with_suffix(".new")
    new.write_bytes(content)
    os.replace(new, path)  # noqa: PTH105 - the call whose atomicity is meant


def test_what_is_offered() -> None:
    context = upstream_tls.UpstreamTLS(UpstreamTLSSettings(), "main").context(0.0)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


async def test_connections_that_are_not_kept() -> None:
    async with plain_echo() as echo:
        upstreams = (UpstreamSettings(id="main", url=f"http://127.0.0.1:{echo.port}", keep_alive=False),)
        async with Stage(upstreams=upstreams) as stage:
            for _ in range(2):
                assert (await answer(stage))[0] == 200
        assert echo.connections == 2


async def test_a_websocket_over_tls(authority: trustme.CA, ca_file: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        writer.write(await reader.read(100))
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_context(authority.issue_cert(NAME)))
    echo = Echo(port=server.sockets[0].getsockname()[1])
    async with server, Stage(upstreams=https(echo, ca_files=(ca_file,))) as stage:
        client = await stage.client()
        client.sends(
            stage.request(
                "GET /ws HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket",
                "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            )
        )  # fmt: skip
        assert (await client.gets_head())[0] == 101
        frame = b"\x81\x82\x00\x00\x00\x00hi"
        client.sends(frame)
        assert (await client.gets(len(frame))) == frame
        assert await client.gets_end() == b""


async def test_a_large_body_both_ways_over_tls(authority: trustme.CA, ca_file: Path) -> None:
    size = 5_000_000

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(size)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (size, body))
        with contextlib.suppress(OSError):
            await reader.read()
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_context(authority.issue_cert(NAME)))
    echo = Echo(port=server.sockets[0].getsockname()[1])
    async with server, Stage(upstreams=https(echo, ca_files=(ca_file,))) as stage:
        client = await stage.client()
        body = os.urandom(size)
        client.sends(stage.request("POST / HTTP/1.1", f"Content-Length: {size}", body=body))
        assert (await client.gets_answer())[2] == body


def test_a_key_needs_its_certificate(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without its certificate"):
        UpstreamTLSSettings(key_file=tmp_path / "tls.key")


def test_a_url_of_another_kind_is_no_upstream() -> None:
    with pytest.raises(ValueError, match="of that kind"):
        UpstreamSettings(id="main", url="ftp://a")

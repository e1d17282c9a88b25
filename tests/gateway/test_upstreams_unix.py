"""Upstreams behind a unix socket, and what an upstream gets to see as its own name."""

from __future__ import annotations

from pathlib import Path

import pytest

from lampgate.config.settings import UpstreamSettings
from tests.gateway.stage import Client, Stage
from tests.gateway.upstream_origins import plain_echo, unix_echo


async def asked(client: Client, stage: Stage) -> tuple[int, list[str]]:
    client.sends(stage.request("GET /x%20y?z HTTP/1.1", "Accept: application/json"))
    status, _, body = await client.gets_answer()
    return status, body.decode().split("\r\n")


async def test_a_request_over_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "a b.sock"
    async with (
        unix_echo(path) as echo,
        Stage(upstreams=(UpstreamSettings(id="main", url=f"unix://{tmp_path}/a%20b.sock"),)) as stage,
    ):
        client = await stage.client()
        status, head = await asked(client, stage)
        assert status == 200
        assert head[0] == "GET /x%20y?z HTTP/1.1"
        assert f"Host: localhost:{stage.port}" in head
        assert (await asked(client, stage))[0] == 200
        assert echo.connections == 1


async def test_its_own_name_is_localhost(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    upstream = UpstreamSettings(id="main", url=f"unix://{path}", pass_host_header=False)
    async with unix_echo(path), Stage(upstreams=(upstream,)) as stage:
        assert "Host: localhost" in (await asked(await stage.client(), stage))[1]


async def test_nobody_listens(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "app.sock"
    async with Stage(upstreams=(UpstreamSettings(id="main", url=f"unix://{path}"),)) as stage:
        status, lines = await asked(await stage.client(), stage)
    assert status == 502
    assert "No such file" in lines[0]
    assert "app.sock" not in lines[0]
    assert str(path) in caplog.text


async def test_the_authority_of_the_url_is_the_host_where_the_clients_is_not_passed_on() -> None:
    async with plain_echo() as echo:
        upstream = UpstreamSettings(id="main", url=f"http://127.0.0.1:{echo.port}", pass_host_header=False)
        async with Stage(upstreams=(upstream,)) as stage:
            assert f"Host: 127.0.0.1:{echo.port}" in (await asked(await stage.client(), stage))[1]

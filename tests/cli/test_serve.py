"""``lampgate serve`` as a process: what it says, when it stays up, how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import httpx
import pytest

PUBLISHED = files("lampgate.lab").joinpath("scenario.yaml").read_text(encoding="utf-8")
CLIENT_ID = "5b1e0c44-2f7d-4a86-8c1e-9d3f60a7b215"
NOBODY_THERE = "http://127.0.0.1:9"
PATIENCE = 20.0


def configuration(issuer: str = f"{NOBODY_THERE}/tenant/v2.0", *changes: tuple[str, str]) -> str:
    text = PUBLISHED.replace("https://login.microsoftonline.com/..your-tenant.../v2.0", issuer)
    text = text.replace('clientID: "..."', f'clientID: "{CLIENT_ID}"').replace("http://headlamp:80", NOBODY_THERE)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    token = tmp_path / "token"
    token.write_text("a.b.c", encoding="ascii")
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("OAUTH2_PROXY_", "AZURE_"))
    }
    return {**inherited, "AZURE_FEDERATED_TOKEN_FILE": str(token)}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def refused(file: Path, environment: dict[str, str], *arguments: str) -> str:
    """What a configuration that cannot be right ends with."""
    done = subprocess.run(
        [sys.executable, "-m", "lampgate", "serve", str(file), *arguments],
        env=environment, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@contextmanager
def serving(file: Path, environment: dict[str, str], log: Path) -> Iterator[str]:
    """The URL of a gateway that runs; it has to end with 0 when asked to."""
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "lampgate", "serve", str(file), "--listen", f"127.0.0.1:{port}"],
            env=environment, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            wait_for(lambda: "Listening" in log.read_text(), process)
            yield f"http://localhost:{port}"
            assert process.poll() is None, log.read_text()
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
            assert "Traceback" not in log.read_text()
        finally:
            process.kill()
            process.wait()


def wait_for(condition: object, process: subprocess.Popen[bytes]) -> None:
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_published_configuration_names_its_placeholders(tmp_path: Path, environment: dict[str, str]) -> None:
    file = tmp_path / "configmap.yaml"
    file.write_text(PUBLISHED)
    complaint = refused(file, environment)
    assert "2 problems" in complaint
    assert "configmap.yaml line 22, alphaConfig.configData.providers[0].clientID" in complaint
    assert "configmap.yaml line 26, alphaConfig.configData.providers[0].oidcConfig.issuerURL" in complaint


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("        providers:", "        providers: [", "line"),
        ("scope:", "scoop:", "line 24"),
        (f'clientID: "{CLIENT_ID}"', 'name: "x"', "client"),
        ("cookie-refresh:", "cookie-refreshs:", "line 14"),
        ("email_domains =", "emial_domains =", "emial_domains"),
        ("uri: http", "uri: gopher", "unknown scheme"),
    ],
    ids=["yaml", "unknown-key", "no-client-id", "unknown-flag", "unknown-toml-key", "bad-scheme"],
)
def test_a_wrong_configuration_is_named(
    tmp_path: Path, environment: dict[str, str], old: str, new: str, said: str
) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(configuration(f"{NOBODY_THERE}/t/v2.0", (old, new)))
    complaint = refused(file, environment)
    assert "values.yaml" in complaint
    assert said in complaint


def test_a_missing_file(tmp_path: Path, environment: dict[str, str]) -> None:
    assert "nowhere.yaml" in refused(tmp_path / "nowhere.yaml", environment)


def test_the_charts_public_secret_is_refused(tmp_path: Path, environment: dict[str, str]) -> None:
    file = tmp_path / "configmap.yaml"
    file.write_text(configuration())
    complaint = refused(file, {**environment, "OAUTH2_PROXY_COOKIE_SECRET": "X" * 16})
    assert "config.public-secret" in complaint
    assert "XXXX" not in complaint


def test_an_address_that_is_taken(tmp_path: Path, environment: dict[str, str]) -> None:
    file = tmp_path / "configmap.yaml"
    file.write_text(configuration())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert f"Cannot listen on {address}" in refused(file, environment, "--listen", address)


def test_an_address_that_is_none(tmp_path: Path, environment: dict[str, str]) -> None:
    assert "HOST:PORT" in refused(tmp_path / "x", environment, "--listen", "nonsense")


def test_a_provider_that_is_away_stops_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    file, log = tmp_path / "configmap.yaml", tmp_path / "log"
    file.write_text(configuration())
    page = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    with serving(file, environment, log) as url, httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get("/ping").text == "OK"
        ready = client.get("/ready")
        assert ready.status_code == 503
        assert ready.json()["code"].startswith("provider.")
        shown = client.get("/c/main", headers=page)
        assert (shown.status_code, shown.headers["content-type"]) == (503, "text/html; charset=utf-8")
        assert client.get("/config").status_code == 401
    said = log.read_text()
    assert "line 26" in said, "the log names the setting"
    assert "config.no-cookie-secret" in said


async def test_a_provider_that_comes_later_is_found(tmp_path: Path, environment: dict[str, str]) -> None:
    """Starts the gateway first and the lab's Entra after it."""
    from contextlib import AsyncExitStack

    from lampgate.lab.entra.app import create_app
    from lampgate.lab.entra.applications import gateway_application
    from lampgate.lab.entra.tenant import Tenant
    from lampgate.lab.origin_server import serve
    from lampgate.lab.ports import listening_socket

    listener = listening_socket(0)
    tenant = Tenant(
        f"http://127.0.0.1:{listener.getsockname()[1]}",
        applications=[gateway_application(["http://localhost/x"], None)],
    )
    file, log = tmp_path / "configmap.yaml", tmp_path / "log"
    file.write_text(configuration(tenant.issuer))
    async with AsyncExitStack() as stack:
        url = await asyncio.to_thread(stack.enter_context(_Serving(file, environment, log)).url)
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False))
        assert (await client.get("/ready")).status_code == 503
        await serve(stack, create_app(tenant), listener)
        async with asyncio.timeout(PATIENCE):
            while (await client.get("/ready")).status_code != 200:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.05)
    assert "provider ready" in log.read_text()


class _Serving:
    """`serving` in pieces, for a test whose own loop has to go on meanwhile."""

    def __init__(self, file: Path, environment: dict[str, str], log: Path) -> None:
        self._context = serving(file, environment, log)

    def url(self) -> str:
        return self._context.__enter__()

    def __enter__(self) -> _Serving:
        return self

    def __exit__(self, *failure: object) -> None:
        self._context.__exit__(None, None, None)


def test_the_command_line_itself() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lampgate", *arguments], capture_output=True, text=True, timeout=30, check=False
        )

    assert run("--version").stdout.startswith("lampgate ")
    assert "serve" in run("--help").stdout
    assert run("serve").returncode == 2
    bad = run("lab", "--inject", "refresh_token")
    assert bad.returncode == 1
    assert "access_token or id_token" in bad.stderr


def test_serving_needs_none_of_the_labs_libraries() -> None:
    code = (
        "import sys, lampgate.cli.main, lampgate.cli.serve\n"
        "others = {'rich', 'uvicorn', 'websockets', 'trustme', 'httpx', 'joserfc', 'lampgate.lab'}\n"
        "loaded = others & set(sys.modules)\n"
        "sys.exit(str(loaded) if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

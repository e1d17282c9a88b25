"""``lampgate oauth2-proxy``: that program's own command line, and its name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from lampgate import __version__
from tests.cli.test_serve import CLIENT_ID, NOBODY_THERE, free_port

ALPHA = f"""
injectRequestHeaders:
  - name: Authorization
    values: [{{claim: access_token, prefix: "Bearer "}}]
server: {{BindAddress: "127.0.0.1:PORT"}}
metricsServer: {{BindAddress: "127.0.0.1:METRICS"}}
upstreamConfig: {{upstreams: [{{id: headlamp, path: /, uri: {NOBODY_THERE}}}]}}
providers:
  - id: entra
    provider: oidc
    clientID: {CLIENT_ID}
    clientSecret: a-client-secret
    oidcConfig: {{issuerURL: {NOBODY_THERE}/v2.0, emailClaim: email}}
"""
#: As the Helm chart renders them.
FLAGS = ["--cookie-secure=true", "--email-domain=*", "--skip-provider-button=true"]
ENVIRONMENT = {"OAUTH2_PROXY_COOKIE_SECRET": "b9Jq1Zk3tXw7Lr5Vn8Pc2Yd6Hf0Gs4Ma"}
PATIENCE = 20.0


def environment() -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("OAUTH2_PROXY_", "AZURE_"))}
    return inherited | ENVIRONMENT


def command(*words: str, name: str | None = None) -> list[str]:
    if name is None:
        return [sys.executable, "-m", "lampgate", "oauth2-proxy", *words]
    start = f"import sys; sys.argv[0] = {name!r}; from lampgate.cli.main import main; main()"
    return [sys.executable, "-c", start, *words]


def run(*words: str, name: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words, name=name), env=environment(), capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("name", [None, "/bin/oauth2-proxy"])
def test_it_serves_with_the_charts_arguments(tmp_path: Path, name: str | None) -> None:
    port, metrics = free_port(), free_port()
    alpha = tmp_path / "oauth2_proxy.yml"
    alpha.write_text(ALPHA.replace("PORT", str(port)).replace("METRICS", str(metrics)))
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(*FLAGS, f"--alpha-config={alpha}", name=name), env=environment(), stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while "Listening" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert httpx.get(f"http://127.0.0.1:{port}/ping", trust_env=False).text == "OK"
        assert "lampgate_" in httpx.get(f"http://127.0.0.1:{metrics}/metrics", trust_env=False).text
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0, log.read_text()
        assert "a-client-secret" not in log.read_text()
    finally:
        process.kill()
        process.wait()


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"lampgate {__version__}, in the place of oauth2-proxy\n")


def test_config_test(tmp_path: Path) -> None:
    alpha = tmp_path / "alpha.yaml"
    alpha.write_text(ALPHA.replace("PORT", "4180").replace("METRICS", "44180"))
    done = run(*FLAGS, f"--alpha-config={alpha}", "--config-test")
    assert (done.returncode, done.stdout) == (0, "The configuration is in order.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--no-such-flag=1"], "no-such-flag"),
        (["--alpha-config=/nowhere.yaml"], "/nowhere.yaml"),
        (["--provider=github"], "github"),
        (["--convert-config-to-alpha"], "lampgate convert"),
        ([], "client"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_else(words: list[str], said: str) -> None:
    done = run(*words)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr

"""Configurations in the shapes that guides for dashboards teach: each loads, is checked, and signs people in.

Written for these tests after the guides' facts: Headlamp's tutorial for AKS, the guide for the Kubernetes dashboard
(which injects the ID token), and the older style with flags in one file.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from bench.provider import CLIENT_SECRET, SCOPES, Entra, entra, sign_in
from lampgate.lab import world
from tests.cli.test_serve import free_port
from tests.differential.stage import Upstream

TUTORIAL = """
config:
  configFile: |-
    email_domains = [ "*" ]
    cookie_secret = "b9Jq1Zk3tXw7Lr5Vn8Pc2Yd6Hf0Gs4Ma"
extraArgs:
  reverse-proxy: "true"
  skip-provider-button: "true"
alphaConfig:
  enabled: true
  configData:
    injectRequestHeaders:
      - name: Authorization
        values: [{{claim: access_token, prefix: "Bearer "}}]
    upstreamConfig:
      upstreams: [{{id: headlamp, path: /, uri: "{upstream}"}}]
    providers:
      - id: entra
        provider: oidc
        clientID: "{client_id}"
        clientSecret: {client_secret}
        scope: "{scopes}"
        oidcConfig:
          issuerURL: {issuer}
          emailClaim: email
          audienceClaims: [aud]
          insecureAllowUnverifiedEmail: true
"""
DASHBOARD = """
config:
  clientID: "{client_id}"
  clientSecret: {client_secret}
  cookieSecret: b9Jq1Zk3tXw7Lr5Vn8Pc2Yd6Hf0Gs4Ma
  configFile: |-
    provider = "oidc"
    oidc_issuer_url = "{issuer}"
    scope = "{scopes}"
    email_domains = [ "*" ]
    insecure_oidc_allow_unverified_email = true
    upstreams = [ "{upstream}" ]
    pass_authorization_header = true
    set_authorization_header = true
    skip_provider_button = true
"""
FLAGS = """
http_address = "0.0.0.0:4180"
reverse_proxy = false
provider = "oidc"
oidc_issuer_url = "{issuer}"
client_id = "{client_id}"
client_secret = "{client_secret}"
cookie_secret = "b9Jq1Zk3tXw7Lr5Vn8Pc2Yd6Hf0Gs4Ma"
cookie_name = "_dashboard"
cookie_expire = "8h"
cookie_refresh = "30m"
email_domains = [ "contoso.example" ]
insecure_oidc_allow_unverified_email = true
scope = "{scopes}"
upstreams = [ "{upstream}" ]
pass_access_token = true
pass_user_headers = true
skip_provider_button = true
prompt = "select_account"
silence_ping_logging = true
exclude_logging_paths = [ "/healthz" ]
"""


def audience(header: str) -> str:
    payload = header.rpartition(" ")[2].split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["aud"])


@pytest.mark.parametrize(
    ("name", "text", "header", "meant_for", "finding"),
    [
        ("values.yaml", TUTORIAL, "authorization", world.AKS_SERVER_APP_ID, "check.no-token-refresh"),
        ("values.yaml", DASHBOARD, "authorization", world.GATEWAY_APP_ID, "check.id-token-injected"),
        ("oauth2_proxy.cfg", FLAGS, "x-forwarded-access-token", world.AKS_SERVER_APP_ID, "check.pkce-off"),
    ],
    ids=["headlamp-on-aks", "kubernetes-dashboard", "flags-in-a-file"],
)
async def test_it_loads_is_checked_and_signs_people_in(
    tmp_path: Path, name: str, text: str, header: str, meant_for: str, finding: str
) -> None:
    async with AsyncExitStack() as stack:
        upstream = Upstream()
        upstream_port = await upstream.start(stack)
        port = free_port()
        url = f"http://localhost:{port}"
        provider: Entra = await stack.enter_async_context(entra([f"{url}/oauth2/callback"]))
        file = tmp_path / name
        file.write_text(
            text.format(
                issuer=provider.issuer,
                client_id=provider.client_id,
                client_secret=CLIENT_SECRET,
                scopes=SCOPES,
                upstream=f"http://127.0.0.1:{upstream_port}",
            )
        )
        findings = json.loads(await command("check", str(file), "--format", "json", "--fail-on", "never"))
        assert finding in {each["code"] for each in findings["findings"]}, findings
        assert CLIENT_SECRET not in json.dumps(findings)
        log = tmp_path / "log"
        with log.open("wb") as output:
            serving = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "lampgate", "serve", str(file), "--listen", f"127.0.0.1:{port}"),
                env=environment(), stderr=output, stdout=output,
            )  # fmt: skip
        try:
            async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(20):
                while True:
                    assert serving.returncode is None, log.read_text()
                    try:
                        if (await client.get(f"{url}/ready")).status_code == 200:
                            break
                    except httpx.TransportError:
                        pass
                    await asyncio.sleep(0.05)
            assert await sign_in(f"{url}/oauth2/start?rd=/")
        finally:
            if serving.returncode is None:
                serving.terminate()
            await serving.wait()
        (_, _, headers), *_ = upstream.got
        assert audience(headers[header]) == meant_for


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("OAUTH2_PROXY_", "AZURE_"))}


async def command(*words: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lampgate", *words), env=environment(), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    return output.decode()

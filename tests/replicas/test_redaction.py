"""No token, code, cookie or secret of a whole run is in any log, page or metric.

The run: a sign-in, work, a renewal, and everything that goes wrong on the way, through the real process.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest

from tests.lab.entra.browser import SECRET
from tests.replicas.deployment import COOKIE_SECRET, Deployment
from tests.scenario.forms import press
from tests.store.servers import Server

NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
#: Shorter pieces of a secret than this are taken for chance.
PIECE = 16


class Run:
    """What was seen on the outside: everything the gateway has said, and every secret that passed by."""

    def __init__(self, deployment: Deployment) -> None:
        self.url = f"http://localhost:{deployment.port}"
        self.said: list[tuple[str, str]] = []
        self.secrets: dict[str, str] = {SECRET: "client secret"}
        self.client = self.browser(follow_redirects=True)

    def browser(self, *, follow_redirects: bool) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers=NAVIGATION,
            trust_env=False,
            timeout=20,
            follow_redirects=follow_redirects,
            event_hooks={"response": [self._look]},
        )

    async def _look(self, answer: httpx.Response) -> None:
        await answer.aread()
        for name in ("code", "state", "nonce", "code_challenge"):
            for address in (str(answer.request.url), answer.headers.get("location", "")):
                value = dict(parse_qsl(urlsplit(address).query)).get(name, "")
                if len(value) > PIECE:
                    self.secrets[value] = name
        if not str(answer.request.url).startswith(self.url):
            return
        for line in answer.headers.get_list("set-cookie"):
            value = line.partition(";")[0].partition("=")[2]
            if len(value) > PIECE:
                self.secrets[value] = "cookie"
        headers = "\n".join(
            f"{name}: {value}" for name, value in answer.headers.items() if name not in ("set-cookie", "location")
        )
        self.said.append((f"the answer to {answer.request.method} {answer.request.url.path}", headers + answer.text))

    async def raw(self, data: str) -> None:
        """Bytes that no client library would send."""
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(self.url).port)
        writer.write(data.encode("latin-1"))
        self.said.append(("the answer to bytes", (await asyncio.wait_for(reader.read(), 10)).decode("latin-1")))
        writer.close()

    def leaks(self, issued: set[str]) -> list[str]:
        """Which secret is where; never the secret itself."""
        found = []
        for secret, kind in {**self.secrets, **dict.fromkeys(issued, "token")}.items():
            middle = len(secret) // 2
            pieces = {secret[:PIECE], secret[middle : middle + PIECE], secret[-PIECE:]}
            if kind == "token" and secret.count(".") == 2:
                # All tokens of one key begin alike: what follows is a token's own.
                _, payload, signature = secret.split(".")
                pieces = {payload[-PIECE:], signature[:PIECE], signature[-PIECE:]}
            found += [f"{kind} in {place}" for place, text in self.said for piece in pieces if piece in text]
        return sorted(set(found))


@pytest.mark.parametrize("shared", [False, True], ids=["cookie", "store"])
async def test_nothing_of_a_whole_run_is_said(tmp_path: Path, store: Server, *, shared: bool) -> None:
    async with Deployment(tmp_path, count=1, store=store if shared else None, access_log=True) as deployment:
        run = Run(deployment)
        deployment.entra.tenant.access_token_lifetime = 4
        async with run.client as client:
            picker = await client.get(run.url + "/c/main/pods?x=1")
            consent = await press(client, picker, "ada")
            await press(client, consent, "Approve")
            for path in ("/", "/oauth2/", "/oauth2/userinfo", "/oauth2/auth", "/oauth2/sign_in", "/oauth2/none"):
                await client.get(run.url + path)
            cookie = "; ".join(f"{each.name}={each.value}" for each in client.cookies.jar)
            # Renewed, and renewed in vain.
            await asyncio.sleep(4.5)
            assert (await client.get(run.url + "/")).status_code == 200
            deployment.entra.away = True
            await asyncio.sleep(4.5)
            assert (await client.get(run.url + "/")).status_code == 503
            deployment.entra.away = False
            # A callback that is replayed, forged, refused.
            callback = f"{run.url}/oauth2/callback"
            (code, *_), (state, *_) = (
                [secret for secret, kind in run.secrets.items() if kind == wanted] for wanted in ("code", "state")
            )
            async with run.browser(follow_redirects=False) as stranger:
                await stranger.get(callback, params={"code": code, "state": state})
                refused = {"error": "access_denied", "error_description": code, "state": state}
                await stranger.get(callback, params=refused)
                begun = await stranger.get(f"{run.url}/oauth2/start")
                started = dict(parse_qsl(urlsplit(begun.headers["location"]).query))["state"]
                await stranger.get(callback, params={"code": code, "state": started})
            # Cookies and tokens in places where they do not belong.
            token = max(deployment.entra.issued, key=len)
            host = f"Host: localhost:{deployment.port}\r\n"
            await run.raw(f"GET /{token} HTTP/1.1\r\n{host}Cookie: {cookie}x\r\nConnection: close\r\n\r\n")
            await run.raw(f"GET / HTTP/1.1\r\n{host}Cookie: {cookie}\r\nAuthorization : Bearer {token}\r\n\r\n")
            await run.raw(f"GET / HTTP/1.1\r\n{host}Cookie: {cookie}\r\n folded: {token}\r\n\r\n")
            await run.raw(f"{token} / HTTP/1.1\r\n{host}\r\n")
            await client.post(f"{run.url}/oauth2/sign_out", headers={"Origin": run.url})
        (replica,) = deployment.replicas
        await replica.stop()
        log = replica.log.read_text(encoding="utf-8", errors="replace")
        run.said.append(("the log", unquote(log)))
        run.secrets[cookie.partition("=")[2]] = "cookie"
        run.secrets[COOKIE_SECRET.decode("latin-1")] = "cookie secret"
        issued = deployment.entra.issued

    assert re.search(r'"status": ?200|\b200\b', log), "the access log is on"
    assert len(issued) >= 4
    assert len(run.secrets) >= 10
    # The access log names the path that was asked for: a client that puts a token there has published it itself.
    run.said = [(place, text.replace(token, "")) for place, text in run.said]
    assert run.leaks(issued) == []


@pytest.mark.parametrize("kind", ["token", "cookie"])
def test_the_search_finds_what_is_there(tmp_path: Path, kind: str) -> None:
    run = Run(Deployment(tmp_path, count=1))
    secret = f"{'h' * 40}.{'p' * 200}{kind}.{'s' * 300}"
    run.secrets = {} if kind == "token" else {secret: kind}
    run.said = [("a page", "nothing")]
    assert run.leaks({secret} if kind == "token" else set()) == []
    run.said = [("a page", f"… {secret[-40:]} …")]
    assert run.leaks({secret} if kind == "token" else set()) == [f"{kind} in a page"]

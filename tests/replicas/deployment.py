"""A deployment of several replicas as an operator runs it: processes, one provider, one dashboard, maybe one store.

The provider is the lab's Entra and the dashboard a server that counts; both are here in the test's process. Sessions
are handed out by the test, sealed with the deployment's secret: a thousand sign-ins would take minutes.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import secrets
import signal
import socket
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lampgate.lab import world
from lampgate.lab.entra.app import create_app
from lampgate.lab.entra.applications import gateway_application
from lampgate.lab.entra.tenant import Tenant
from lampgate.lab.origin_server import serve
from lampgate.session.cookie_store import CookieStore
from lampgate.session.record import Session, Subject, Token
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing
from lampgate.session.store import SessionStore
from lampgate.store.shared import SharedSessions
from lampgate.store.ticket_store import TicketStore
from lampgate.wire.cookies import CookieAttributes
from tests.lab.entra.browser import AKS_SCOPE, CALLBACK, SECRET, SIGNED_OUT, VERIFIER, Browser
from tests.replicas.clients import request
from tests.store import replicas as store_replicas
from tests.store.servers import Server

COOKIE_SECRET = os.urandom(32)
_PATIENCE = 30.0
_TOKENS = ("access_token", "refresh_token", "id_token")


class Entra:
    """The lab's Entra behind a counter and a switch.

    :ivar token_requests: how often the token endpoint was asked.
    :ivar delay: seconds that the token endpoint takes; the real one takes 50 to 300 ms.
    :ivar away: answers nothing but 503.
    :ivar issued: every token that was given out.
    """

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.token_requests = 0
        self.delay = 0.1
        self.away = False
        self.issued: set[str] = set()
        self._app: ASGIApp = create_app(tenant)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/oauth2/v2.0/token"):
            self.token_requests += 1
            await asyncio.sleep(self.delay)
            if self.away:
                await send({"type": "http.response.start", "status": 503, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
            send = self._noting(send)
        await self._app(scope, receive, send)

    def _noting(self, send: Send) -> Send:
        body = b""

        async def note(message: Message) -> None:
            nonlocal body
            if message["type"] == "http.response.body":
                body += message.get("body", b"")
                if not message.get("more_body"):
                    answer = json.loads(body)
                    self.issued |= {answer[name] for name in _TOKENS if name in answer}
            await send(message)

        return note


class Dashboard:
    """Answers every request, and looks at the token it came with."""

    def __init__(self) -> None:
        self.served = 0
        #: Requests by what was wrong with their token.
        self.wrong: Counter[str] = Counter()

    async def start(self, stack: AsyncExitStack) -> int:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        stack.callback(server.close)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.served += 1
                tokens = [line[22:] for line in head.split(b"\r\n") if line.startswith(b"Authorization: Bearer ")]
                if len(tokens) != 1:
                    self.wrong["no token"] += 1
                elif _expires_at(tokens[0]) <= time.time():
                    self.wrong["expired"] += 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _expires_at(token: bytes) -> float:
    payload = token.split(b".")[1]
    return float(json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))["exp"])


class Replica:
    """One gateway process."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    def kill(self) -> None:
        """As a node that dies."""
        self.process.kill()

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), 10)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()


class Deployment:
    """Use as an async context manager; everything ends with it."""

    def __init__(self, folder: Path, *, count: int, store: Server | None = None, access_log: bool = False) -> None:
        self.store = store
        self._access_log = access_log
        self.dashboard = Dashboard()
        self.replicas: list[Replica] = []
        self._folder = folder
        self._count = count
        self._stack = AsyncExitStack()
        #: Where the first replica listens, and people can sign in.
        self.port = _free_port()

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def _start(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        authority = f"http://127.0.0.1:{listener.getsockname()[1]}"
        callbacks = (CALLBACK, SIGNED_OUT, f"http://localhost:{self.port}/oauth2/callback")
        application = gateway_application(callbacks, "https://cluster.example/", secrets=[SECRET])
        tenant = Tenant(authority, applications=[application])
        self.entra = Entra(tenant)
        await serve(self._stack, self.entra, listener)
        self._refresh_token, self.subject = await self._sign_in(tenant)
        dashboard = await self.dashboard.start(self._stack)
        self._configuration = self._folder / "lampgate.yaml"
        self._configuration.write_text(self._native(tenant, dashboard))
        ring = KeyRing([COOKIE_SECRET])
        attributes = CookieAttributes(secure=False)
        self._sessions: SessionStore
        if self.store is None:
            self._sessions = CookieStore("lampgate", attributes, ring, Revocations(time.time))
        else:
            shared = SharedSessions(store_replicas.settings(self.store), ring, Revocations(time.time), lifetime=3600)
            self._stack.push_async_callback(shared.close)
            self._sessions = TicketStore("lampgate", attributes, shared)
        ports = [self.port, *(_free_port() for _ in range(self._count - 1))]
        self.replicas = list(await asyncio.gather(*(self.start_replica(port) for port in ports)))
        self.entra.token_requests = 0

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(replica.stop() for replica in self.replicas))
        await self._stack.aclose()
        await self.entra.tenant.aclose()

    async def start_replica(self, port: int | None = None) -> Replica:
        port = port or _free_port()
        log = self._folder / f"replica-{port}.log"
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("OAUTH2_PROXY_", "AZURE_"))}
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "lampgate", "serve", str(self._configuration)),
                *("--listen", f"127.0.0.1:{port}"),
                env=inherited, stdout=output, stderr=output,
            )  # fmt: skip
        replica = Replica(process, port, log)
        deadline = time.monotonic() + _PATIENCE
        while (await request(port, "", path="/ready")).status != 200:
            assert process.returncode is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            await asyncio.sleep(0.05)
        return replica

    async def session(self, *, token_seconds: float, provider_session: str = "") -> str:
        """A session whose access token is good for so long; its ``Cookie`` header."""
        now = int(time.time())
        tenant = self.entra.tenant
        token = tenant.issue_access_token(
            tenant.accounts[0], app_id=world.GATEWAY_APP_ID, lifetime=max(int(token_seconds), 1)
        )
        session = Session(
            id=secrets.token_urlsafe(24),
            subject=self.subject,
            signed_in_at=now,
            expires_at=now + 3600,
            tokens={"access_token": Token(token.value, int(now + token_seconds), now)},
            refresh_token=self._refresh_token,
            provider_session=provider_session,
        )
        saved = self._sessions.save(session, {}, now)
        lines = saved if isinstance(saved, list) else await saved
        return "; ".join(line.partition(";")[0] for line in lines if "Max-Age=0" not in line)

    async def _sign_in(self, tenant: Tenant) -> tuple[str, Subject]:
        browser = Browser(tenant)
        async with browser.http as http:
            response = await browser.sign_in("Ada")
            answer = await http.post(
                tenant.token_endpoint,
                data={
                    "grant_type": "authorization_code",
                    "client_id": world.GATEWAY_APP_ID,
                    "client_secret": SECRET,
                    "code": response["code"],
                    "redirect_uri": CALLBACK,
                    "code_verifier": VERIFIER,
                    "scope": f"{AKS_SCOPE} openid profile email offline_access",
                },
            )
        tokens = answer.json()
        payload = tokens["id_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        subject = Subject(
            claims["iss"], claims["sub"], tid=claims["tid"], oid=claims["oid"],
            preferred_username=claims["preferred_username"], email=claims.get("email", ""),
        )  # fmt: skip
        return tokens["refresh_token"], subject

    def _native(self, tenant: Tenant, dashboard: int) -> str:
        (self._folder / "secret").write_bytes(base64.urlsafe_b64encode(COOKIE_SECRET))
        lines = [
            "lampgate: 1",
            "provider:",
            "  kind: entra",
            f"  issuer_url: {tenant.issuer}",
            f"  client_id: {world.GATEWAY_APP_ID}",
            f"  client_authentication: {{kind: secret, secret: '{SECRET}'}}",
            f"  scopes: [{AKS_SCOPE}, openid, profile, email, offline_access]",
            "session:",
            f"  cookie: {{name: lampgate, secret_file: {self._folder / 'secret'}}}",
        ]
        if self.store is not None:
            lines.append(f"  store: {{kind: redis, addresses: [{{host: 127.0.0.1, port: {self.store.port}}}]}}")
        lines += [
            "allow: {email_domains: ['*']}",
            f"upstreams: [{{id: main, url: 'http://127.0.0.1:{dashboard}'}}]",
            "inject: [{name: Authorization, values: [{claim: access_token, prefix: 'Bearer '}]}]",
            f"log: {{access: {str(self._access_log).lower()}}}",
        ]
        return "\n".join(lines) + "\n"

"""A stage for the data path: a client that speaks bytes, the real gateway, an origin that records bytes.

Everything is on loopback and real but the portal, which is a few lines of ASGI. A test reads as a conversation: what
the client sends, what the origin must receive, what it answers, what the client must get.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, NoReturn, cast

from pydantic import SecretBytes, SecretStr

from lampgate.config.settings import (
    AllowSettings,
    ClientSecret,
    CookieSettings,
    HeaderInjection,
    InjectedValue,
    ProviderSettings,
    SessionSettings,
    Settings,
    UpstreamSettings,
)
from lampgate.gateway.admission import Admission
from lampgate.gateway.data_path import DataPath, Message
from lampgate.gateway.further_tokens import TokenSource
from lampgate.gateway.limits import Limits
from lampgate.gateway.server import Server
from lampgate.identity.brought import Brought
from lampgate.identity.named_tokens import NamedTokens
from lampgate.identity.passwords import Passwords
from lampgate.observe.access_log import AccessLog
from lampgate.observe.metrics import Metrics
from lampgate.portal.problems import render
from lampgate.session.cookie_store import CookieStore
from lampgate.session.record import Session, Subject, Token
from lampgate.session.renewal import Redeem, Renewal
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing
from lampgate.session.store import Lookup, SessionStore
from lampgate.wire.cookies import CookieAttributes

TOKEN = "header.the-access-token.signature"
PATIENCE = 5.0


def settings(upstream_port: int, *, upstream: Mapping[str, Any] | None = None, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "provider": ProviderSettings(
            issuer_url="https://issuer.example",
            client_id="client",
            client_authentication=ClientSecret(secret=SecretStr("provider-secret")),
        ),
        "session": SessionSettings(cookie=CookieSettings(name="lampgate", secret=SecretBytes(b"k" * 32))),
        "allow": AllowSettings(email_domains=("*",)),
        "upstreams": (UpstreamSettings(id="main", url=f"http://127.0.0.1:{upstream_port}", **(upstream or {})),),
        "inject": (
            HeaderInjection(name="Authorization", values=(InjectedValue(claim="access_token", prefix="Bearer "),)),
        ),
    }
    return Settings(**{**values, **changes})


class OriginConnection:
    """One connection the gateway made to the origin."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def receives_head(self) -> list[bytes]:
        """The next request's head: its lines."""
        block = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        return block[:-4].split(b"\r\n")

    def pauses_reading(self) -> None:
        """Let what the gateway sends pile up."""
        cast("asyncio.Transport", self.writer.transport).pause_reading()

    async def receives(self, count: int) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(count), PATIENCE)

    async def receives_end(self) -> bytes:
        """Everything up to the end of the connection."""
        return await asyncio.wait_for(self.reader.read(), PATIENCE)

    def answers(self, data: bytes) -> None:
        self.writer.write(data)

    def answers_ok(self, body: bytes = b"ok", *headers: str) -> None:
        lines = "".join(f"{header}\r\n" for header in headers)
        self.answers(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body)

    def closes(self) -> None:
        self.writer.close()


class Client:
    """A client of the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def sends(self, data: bytes) -> None:
        self.writer.write(data)

    def pauses_reading(self) -> None:
        """Let what the gateway sends pile up."""
        cast("asyncio.Transport", self.writer.transport).pause_reading()

    def resumes_reading(self) -> None:
        cast("asyncio.Transport", self.writer.transport).resume_reading()

    async def gets_head(self) -> tuple[int, dict[str, str]]:
        block = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        first, *lines = block[:-4].decode("latin-1").split("\r\n")
        version, status, *_ = first.split(" ")
        assert version == "HTTP/1.1"
        return int(status), {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }

    async def gets(self, count: int) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(count), PATIENCE)

    async def gets_answer(self) -> tuple[int, dict[str, str], bytes]:
        """A whole answer of known length."""
        status, headers = await self.gets_head()
        return status, headers, await self.gets(int(headers.get("content-length", "0")))

    async def gets_end(self) -> bytes:
        """Everything up to the end of the connection."""
        return await asyncio.wait_for(self.reader.read(), PATIENCE)

    async def is_cut_off(self) -> bytes:
        """Everything up to a broken connection."""
        try:
            return await self.gets_end()
        except ConnectionResetError:
            return b""

    def closes(self) -> None:
        self.writer.close()


async def no_renewal(_session: Session) -> Renewal:
    """For conversations in which no token is to be renewed."""
    raise AssertionError("a renewal was asked for")


async def _no_token(refresh_token: str, scopes: tuple[str, ...]) -> NoReturn:
    raise AssertionError("a further token was asked for")


NO_FURTHER_TOKENS = NamedTokens({}, redeem=_no_token, clock=time.time)


class Stage:
    """The gateway between clients and one origin. Use as an async context manager."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        redeem: Redeem = no_renewal,
        bearer: Callable[[str], Awaitable[Lookup]] | None = None,
        passwords: Passwords | None = None,
        falls_back: bool = True,
        further: TokenSource = NO_FURTHER_TOKENS,
        **changes: Any,
    ) -> None:
        self._redeem = redeem
        brings = bearer is not None or passwords is not None
        self._brought = Brought(bearer, passwords, bearers_fall_back=falls_back) if brings else None
        self._further = further
        # Most conversations end in the middle of something; nothing of it is waited for.
        self._limits = replace(limits or Limits(), drain_timeout=0.05)
        self._changes = changes
        self._clients: list[asyncio.StreamWriter] = []
        self._arrived: asyncio.Queue[OriginConnection] = asyncio.Queue()
        self._origins: list[OriginConnection] = []
        self.portal_requests: list[dict[str, Any]] = []
        self.log = bytearray()

    async def __aenter__(self) -> Stage:
        loop = asyncio.get_running_loop()
        self._origin = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=2**20, backlog=1024)
        self.origin_port = self._origin.sockets[0].getsockname()[1]
        self.settings = settings(self.origin_port, **self._changes)
        self.revocations = Revocations(time.time)
        self.metrics = Metrics()
        self.keys = keys = KeyRing([b"k" * 32])
        attributes = {secure: CookieAttributes(secure=secure) for secure in (True, False)}
        self.stores: dict[bool, SessionStore] = {
            secure: CookieStore(kind.prefixed("lampgate"), kind, keys, self.revocations)
            for secure, kind in attributes.items()
        }
        self.admission = Admission(
            self.settings,
            self.stores,
            attributes,
            self.revocations,
            self._redeem,
            time.time,
            self.metrics,
            self._further,
            self._brought,
            lambda: 0.5,
        )
        self.path = DataPath(
            self.settings,
            loop=loop,
            admission=self.admission,
            portal=self._portal,
            render=render,
            access_log=AccessLog(self.log.extend, loop.call_later),
            limits=self._limits,
            metrics=self.metrics,
        )
        self.server = Server(self.path)
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        await self.server.start([listener])
        return self

    async def __aexit__(self, *_: object) -> None:
        for writer in self._clients:
            writer.close()
        await self.server.stop()
        self._origin.close()
        for writer in [*self._clients, *(origin.writer for origin in self._origins)]:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def client(self) -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        self._clients.append(writer)
        return Client(reader, writer)

    async def origin(self) -> OriginConnection:
        """The next connection that reaches the origin."""
        return await asyncio.wait_for(self._arrived.get(), PATIENCE)

    async def pause(self) -> None:
        """Let the gateway do what it has to do; for loops that wait for a condition."""
        await asyncio.sleep(0.001)

    @property
    def origin_untouched(self) -> bool:
        return not self._origins

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = OriginConnection(reader, writer)
        self._origins.append(connection)
        self._arrived.put_nowait(connection)

    def session(self, session_id: str = "s1", *, lifetime: float = 3600, token: Token | None = None) -> Session:
        """A session; one with a ``token`` of its own has a refresh token too."""
        now = int(time.time())
        return Session(
            id=session_id,
            subject=Subject(
                "https://issuer.example", "sub", tid="t", oid="o", preferred_username="rita@contoso.example"
            ),
            signed_in_at=now,
            expires_at=now + int(lifetime),
            tokens={"access_token": token or Token(TOKEN, now + int(lifetime), now)},
            refresh_token="refresh-0" if token else "",
        )

    def cookie(self, session: Session | None = None, *, secure: bool = False) -> str:
        """The ``Cookie`` header of a signed-in browser."""
        saved = self.stores[secure].save(session or self.session(), {}, time.time())
        assert isinstance(saved, list)
        return "; ".join(line.split(";")[0] for line in saved)

    def request(
        self, line: str = "GET / HTTP/1.1", *headers: str, body: bytes = b"", signed_in: bool = True
    ) -> bytes:
        fields = [line, f"Host: localhost:{self.port}", *headers]
        if signed_in:
            fields.append(f"Cookie: {self.cookie()}")
        return "\r\n".join([*fields, "", ""]).encode("latin-1") + body

    async def _portal(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        message = await receive()
        self.portal_requests.append({**scope, "body": message["body"]})
        if scope["path"].endswith("/fails"):
            raise RuntimeError("as asked for")
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"portal:" + scope["path"].encode()})

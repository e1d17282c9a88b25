"""oauth2-proxy itself and lampgate side by side: same flags, same provider, same upstream, same requests."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import bcrypt
import h11
import httpx

from bench.provider import CLIENT_SECRET, SCOPES, Entra, entra, sign_in, way_of_sign_in

_PATIENCE = 20.0
#: Of rita, “open sesame”; of bot, “barley”.
PASSWORDS = (
    f"rita:{bcrypt.hashpw(b'open sesame', bcrypt.gensalt(4)).decode()}\nbot:{{SHA}}8sm9n9vSgDQa0xiNymWGTeH/hG0=\n"
)
#: Cookies and headers of requests that are compared, as the upstream gets them.
_COMPARED = re.compile(r"authorization|x-forwarded-.*|x-real-ip|x-auth-.*|gap-auth|cookie|host|x-own")
_OUTCOME = ("status", "reaches the upstream")
_ANSWERED = (
    "content-type",
    "x-auth-request-user",
    "x-auth-request-email",
    "x-auth-request-access-token",
    "authorization",
    "gap-auth",
    "x-auth-request-preferred-username",
    "x-auth-request-groups",
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    signed_in: bool = True

    def __str__(self) -> str:
        extra = " ".join(f"{name}={value}" for name, value in self.headers.items())
        return f"{self.method} {self.path} {extra} {'signed in' if self.signed_in else 'signed out'}"


#: What was seen: field by field, so that differences have names.
Seen = dict[str, Any]


class Upstream:
    """Answers with 200, and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, dict[str, str]]] = []

    async def start(self, stack: AsyncExitStack) -> int:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        stack.callback(server.close)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parser = h11.Connection(h11.SERVER)
        try:
            while True:
                event = parser.next_event()
                if event is h11.NEED_DATA:
                    parser.receive_data(await reader.read(65536))
                elif isinstance(event, h11.Request):
                    headers = {name.decode().lower(): value.decode("latin-1") for name, value in event.headers}
                    self.got.append((event.method.decode(), event.target.decode(), headers))
                    head = event.method == b"HEAD"
                elif isinstance(event, h11.EndOfMessage):
                    answer = h11.Response(status_code=200, headers=[("Content-Length", "2"), ("X-Up", "1")])
                    writer.write(parser.send(answer) or b"")
                    if not head:
                        writer.write(parser.send(h11.Data(b"up")) or b"")
                    writer.write(parser.send(h11.EndOfMessage()) or b"")
                    parser.start_next_cycle()
                elif not isinstance(event, h11.Data):
                    break
        except (h11.RemoteProtocolError, ConnectionError):
            pass
        finally:
            writer.close()


class Side:
    """One of the two."""

    def __init__(self, name: str, port: int, upstream: Upstream) -> None:
        self.name = name
        self.url = f"http://localhost:{port}"
        self.port = port
        self.cookie = ""
        self._upstream = upstream

    async def way_back(self, rd: str) -> str:
        """Where a sign-in ends that began with this ``rd``."""
        async for answer, _ in way_of_sign_in(f"{self.url}/oauth2/start?{httpx.QueryParams({'rd': rd})}"):
            if answer.url.path == "/oauth2/callback":
                return self._value(answer.headers["location"])
        raise AssertionError("the sign-in did not come back")

    async def ask(self, client: httpx.AsyncClient, asked: Ask) -> Seen:
        self._upstream.got.clear()
        headers = dict(asked.headers)
        if asked.signed_in:
            headers["Cookie"] = f"own=1; {self.cookie}"
        request = httpx.Request(asked.method, self.url + asked.path, headers=headers)
        answer = await client.send(request, follow_redirects=False)
        seen: Seen = {"status": answer.status_code, "reaches the upstream": bool(self._upstream.got)}
        if "location" in answer.headers:
            seen["location"] = self._location(answer.headers["location"])
        for name in _ANSWERED:
            if name in answer.headers:
                seen[f"answer's {name}"] = self._value(answer.headers[name].partition(";")[0])
        for line in answer.headers.get_list("set-cookie"):
            kind = "sign-in" if "csrf" in line or "lampgate-" in line.partition("=")[0] else "session"
            verb = (
                "deletes"
                if re.search(r"max-age=(0|-1)\b|01 Jan (1970|0001)|^[^=]+=;", line, re.IGNORECASE)
                else "sets"
            )
            attributes = sorted(
                part.strip().partition("=")[0].lower()
                for part in line.split(";")[1:]
                if "expires" not in part.lower()
            )
            seen[f"{verb} the {kind} cookie"] = [name for name in attributes if name != "max-age"]
        for method, target, fields in self._upstream.got[:1]:
            seen["forwarded as"] = f"{method} {target}"
            for name, value in fields.items():
                if _COMPARED.fullmatch(name):
                    seen[f"upstream's {name}"] = self._value(value)
        return seen

    def _location(self, location: str) -> str:
        parts = urlsplit(location)
        if parts.path.endswith("/authorize"):
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            for name in ("state", "nonce", "code_challenge"):
                if name in query:
                    query[name] = "…"
            query["redirect_uri"] = self._value(query["redirect_uri"])
            return "provider: " + json.dumps(query, sort_keys=True)
        return self._value(location)

    def _value(self, value: str) -> str:
        """Without what has to differ: ports, tokens, cookies."""
        value = value.replace(f"localhost:{self.port}", "HERE")
        if value.startswith("Bearer ey"):
            return "Bearer <token>"
        if value.startswith("ey"):
            return "<token>"
        value = re.sub(r"_oauth2_proxy[^;]*", "<the gateway's cookie>", value)
        return re.sub(r"127\.0\.0\.1:\d+", "UPSTREAM", value)


class Pair:
    """Both with the same flags. Use as an async context manager."""

    def __init__(self, folder: Path, flags: Sequence[str], alpha: str = "") -> None:
        self._folder = folder
        self._flags = flags
        self._alpha = alpha
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.client = await self._stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=10))
        upstream = Upstream()
        port = await upstream.start(self._stack)
        ports = [_free_port(), _free_port()]
        callbacks = [f"http://localhost:{each}/oauth2/callback" for each in ports]
        (self._folder / "passwords").write_text(PASSWORDS)
        provider = await self._stack.enter_async_context(entra(callbacks))
        program = shutil.which("oauth2-proxy")
        assert program is not None
        self.sides = [Side("oauth2-proxy", ports[0], upstream), Side("lampgate", ports[1], upstream)]
        commands = ([program], [sys.executable, "-m", "lampgate", "oauth2-proxy"])
        for side, command in zip(self.sides, commands, strict=True):
            await self._start(side, command, port, provider)
            side.cookie = await sign_in(f"{side.url}/oauth2/start?rd=/")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def compare(self, asked: Ask) -> dict[str, tuple[object, object]]:
        """What the two do differently: by field, theirs and ours."""
        theirs, ours = [await side.ask(self.client, asked) for side in self.sides]
        fields = list(dict.fromkeys([*theirs, *ours]))
        if any(theirs.get(name) != ours.get(name) for name in _OUTCOME):
            # Something else happens: everything else follows from that.
            fields = list(_OUTCOME)
        elif ours["reaches the upstream"]:
            # Go adds a type to answers that have none.
            fields = [name for name in fields if name != "answer's content-type"]
        return {name: (theirs.get(name), ours.get(name)) for name in fields if theirs.get(name) != ours.get(name)}

    async def _start(self, side: Side, command: Sequence[str], upstream: int, provider: Entra) -> None:
        words = [
            "--provider=oidc",
            f"--oidc-issuer-url={provider.issuer}",
            f"--client-id={provider.client_id}",
            f"--client-secret={CLIENT_SECRET}",
            f"--scope={SCOPES}",
            f"--upstream=http://127.0.0.1:{upstream}/",
            f"--http-address=127.0.0.1:{side.port}",
            f"--redirect-url={side.url}/oauth2/callback",
            "--cookie-secret=b9Jq1Zk3tXw7Lr5Vn8Pc2Yd6Hf0Gs4Ma",
            "--cookie-secure=false",
            "--email-domain=*",
            "--code-challenge-method=S256",
            "--skip-claims-from-profile-url=true",
            "--insecure-oidc-allow-unverified-email=true",
            *(flag.replace("PASSWORDS", str(self._folder / "passwords")) for flag in self._flags),
        ]
        log = self._folder / f"{side.name}.log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("OAUTH2_PROXY_", "AZURE_"))}
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *command, *words, stdout=output, stderr=output, env=environment
            )
        self._stack.push_async_callback(_stop, process)
        async with asyncio.timeout(_PATIENCE):
            while True:
                assert process.returncode is None, log.read_text()
                try:
                    if (await self.client.get(f"{side.url}/ready")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port

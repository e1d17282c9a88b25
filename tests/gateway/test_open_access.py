"""What the operator has opened passes as nobody's, and nothing else does."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from lampgate.config.settings import HeaderInjection, InjectedValue, OpenAccessSettings, OpenRoute
from tests.gateway.stage import Stage
from tests.gateway.test_gate import WEBSOCKET

PUBLIC = OpenAccessSettings(routes=(OpenRoute(path="^/public/"), OpenRoute(path="^/hook$", methods=("POST",))))


async def exchange(stage: Stage, line: str, *headers: str, signed_in: bool = False) -> tuple[int, list[bytes]]:
    """The answer's status, and the head that the origin got; it answers 200 to whatever that is."""
    received: list[bytes] = []
    client = await stage.client()
    client.sends(stage.request(line, *headers, "Connection: close", signed_in=signed_in))
    try:
        origin = await stage.origin() if await _reaches(stage, client) else None
        if origin is not None:
            received = await origin.receives_head()
            origin.answers_ok(b"", "Connection: close")
        return (await client.gets_head())[0], received
    finally:
        client.closes()


async def status_of(stage: Stage, line: str, *headers: str) -> int:
    """Of somebody without a session."""
    return (await exchange(stage, line, *headers))[0]


async def _reaches(stage: Stage, client: Any) -> bool:
    """Whether a request reaches the origin before the client has an answer."""
    while stage._arrived.empty():
        if client.reader._buffer:
            return False
        await stage.pause()
    return True


@pytest.mark.parametrize(
    ("line", "passes"),
    [
        ("GET /public/a.css HTTP/1.1", True),
        ("POST /public/a HTTP/1.1", True),
        ("POST /hook HTTP/1.1", True),
        ("GET /hook HTTP/1.1", False),
        ("GET /hook/x HTTP/1.1", False),
        ("GET /private?/public/ HTTP/1.1", False),
        ("GET /private/public/ HTTP/1.1", False),
        ("GET /public HTTP/1.1", False),
    ],
)
async def test_routes(line: str, *, passes: bool) -> None:
    async with Stage(open_access=PUBLIC) as stage:
        assert await status_of(stage, line, "Content-Length: 0") == (200 if passes else 401)
        assert stage.origin_untouched is not passes


@pytest.mark.parametrize(
    "target",
    ["/public/../admin", "/public/..%2fadmin", "/public/%2e%2e/admin", "/public/..;/admin", "/admin%23/public/",
     "/admin#/public/", "//public/", "/public%2fx/../../admin", "/public/%252e%252e/admin"],
)  # fmt: skip
async def test_ambiguous_paths_open_nothing(target: str) -> None:
    async with Stage(open_access=PUBLIC) as stage:
        assert await status_of(stage, f"GET {target} HTTP/1.1") in (400, 401)
        assert stage.origin_untouched


async def test_nobody_brings_headers_of_somebody() -> None:
    async with Stage(open_access=PUBLIC) as stage:
        status, head = await exchange(stage, "GET /public/a HTTP/1.1", "Authorization: Bearer forged")
        assert status == 200
        assert not [line for line in head if line.lower().startswith(b"authorization")]


async def test_a_signed_in_person_is_somebody_there_too() -> None:
    async with Stage(open_access=PUBLIC) as stage:
        status, head = await exchange(stage, "GET /public/a HTTP/1.1", signed_in=True)
        assert status == 200
        assert [line for line in head if line.startswith(b"Authorization: Bearer ")]


async def test_another_site_gets_nobodys_answer_from_somebodys_browser() -> None:
    async with Stage(open_access=PUBLIC) as stage:
        foreign = ("Origin: https://evil.example", "Content-Length: 0")
        status, head = await exchange(stage, "POST /hook HTTP/1.1", *foreign, signed_in=True)
        assert status == 200
        assert not [line for line in head if line.lower().startswith(b"authorization")]
        status, head = await exchange(stage, "POST /other HTTP/1.1", *foreign, signed_in=True)
        assert (status, head) == (403, [])


@pytest.mark.parametrize(
    ("headers", "passes"),
    [(("Access-Control-Request-Method: GET", "Origin: https://other.example"), True), ((), False)],
)
async def test_preflights(headers: tuple[str, ...], *, passes: bool) -> None:
    async with Stage(open_access=OpenAccessSettings(preflight=True)) as stage:
        assert (await status_of(stage, "OPTIONS /a HTTP/1.1", *headers) == 200) is passes


NEAR = OpenAccessSettings(addresses=(ipaddress.ip_network("10.1.0.0/16"),))
PROXY = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.mark.parametrize(
    ("proxies", "told", "passes"),
    [
        ((), "10.1.2.3", False),
        (PROXY, "10.1.2.3", True),
        (PROXY, "192.0.2.1, 10.1.2.3", True),
        (PROXY, "10.1.2.3, 192.0.2.1", False),
        (PROXY, "10.1.2.3, 127.0.0.9", True),
        (PROXY, "", False),
        (PROXY, "10.1.2.3.evil", False),
    ],
)
async def test_addresses_count_as_far_as_they_can_be_known(
    proxies: tuple[ipaddress.IPv4Network, ...], told: str, *, passes: bool
) -> None:
    async with Stage(open_access=NEAR, trusted_proxies=proxies, public_url="http://localhost") as stage:
        status = await status_of(stage, "GET /a HTTP/1.1", f"X-Forwarded-For: {told}")
        assert (status == 200) is passes


async def test_a_websocket_of_nobody() -> None:
    async with Stage(open_access=OpenAccessSettings(routes=(OpenRoute(path="^/public/"),))) as stage:
        client = await stage.client()
        client.sends(stage.request("GET /public/ws HTTP/1.1", *WEBSOCKET, signed_in=False))
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers(
            b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
        )
        assert (await client.gets_head())[0] == 101
        stage.server._tick()
        origin.answers(b"\x81\x02hi")
        assert await client.gets(4) == b"\x81\x02hi"


async def test_headers_about_the_person_on_answers() -> None:
    injected = (HeaderInjection(name="X-Auth-Request-User", values=(InjectedValue(claim="user"),)),)
    async with Stage(inject_response=injected) as stage:
        client = await stage.client()
        client.sends(stage.request())
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers_ok()
        assert (await client.gets_answer())[1]["x-auth-request-user"] == "sub"

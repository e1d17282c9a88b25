"""WebSockets on `/clusters/main/…`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from lampgate.lab.dashboard.app import create_app
from tests.lab.dashboard.cluster_objects import pod
from tests.lab.dashboard.fake_api import FLOOD, NO_ROLE, FakeApi, token
from tests.lab.dashboard.serving import serving

ADA, RITA = (token(f"{name}@contoso.example") for name in ("ada", "rita"))
OFFERED = [Subprotocol("base64.binary.k8s.io"), Subprotocol("v4.channel.k8s.io")]


def dial(dashboard: str, path: str, offered: list[Subprotocol] | None = None, **headers: Any) -> connect:
    return connect(
        f"{dashboard.replace('http', 'ws')}/clusters/main{path}",
        subprotocols=offered,
        additional_headers=headers,
        max_size=None,
        max_queue=1,
        compression=None,
        proxy=None,
    )


async def close_of(browser: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as end:
        await browser.recv()
    assert end.value.rcvd is not None
    return end.value.rcvd.code, end.value.rcvd.reason


async def test_the_handshake_reaches_the_api_as_the_browser_made_it(api: FakeApi, dashboard: str) -> None:
    headers = {"Authorization": f"Bearer {ADA}", "Origin": "https://dash.example.com", "Cookie": "a=1"}
    async with dial(dashboard, "/echo?watch=1&x=%2F", OFFERED, **headers) as browser:
        assert browser.subprotocol == "v4.channel.k8s.io"
    seen = api.seen[-1]
    assert seen.target == "/echo?watch=1&x=%2F"
    assert seen.values("authorization") == [f"Bearer {ADA}"]
    assert seen.values("origin") == ["https://dash.example.com"]
    assert seen.values("sec-websocket-protocol") == [", ".join(OFFERED)]
    assert seen.values("sec-websocket-extensions") == []


async def test_a_cookie_wins_over_the_header_here_too(api: FakeApi, dashboard: str) -> None:
    headers: dict[str, Any] = {"Authorization": f"Bearer {ADA}", "Cookie": f"headlamp-auth-main.0={RITA}"}
    async with dial(dashboard, "/echo", **headers):
        assert api.seen[-1].values("authorization") == [f"Bearer {RITA}"]


@pytest.mark.parametrize(
    "message", ["café", b"\x00\x01\xff", "x" * 3_000_000, b""], ids=["text", "bytes", "3 MB", "empty"]
)
async def test_messages_pass_unchanged_both_ways(api: FakeApi, dashboard: str, message: str | bytes) -> None:
    async with dial(dashboard, "/echo") as browser:
        assert browser.subprotocol is None
        await browser.send(message)
        assert await browser.recv() == message


@pytest.mark.parametrize(
    ("person", "status", "message"),
    [(None, 401, "Unauthorized"), (token("rita@contoso.example"), 403, NO_ROLE)],
    ids=["401", "403"],
)
async def test_a_refusal_is_relayed_with_its_body(
    api: FakeApi, dashboard: str, person: str | None, status: int, message: str
) -> None:
    headers = {"Authorization": f"Bearer {person}"} if person else {}
    with pytest.raises(InvalidStatus) as refusal:
        await dial(dashboard, "/api/v1/secrets?watch=1", OFFERED, **headers)
    answer = refusal.value.response
    assert answer.status_code == status
    assert json.loads(answer.body or b"")["message"].endswith(message)


async def test_an_api_that_does_not_answer_is_a_502() -> None:
    with serving(create_app("http://127.0.0.1:9", None)) as origin, pytest.raises(InvalidStatus) as refusal:
        await dial(origin, "/api/v1/pods?watch=1")
    assert refusal.value.response.status_code == 502


async def test_the_apis_close_is_relayed(api: FakeApi, dashboard: str) -> None:
    async with dial(dashboard, "/closes") as browser:
        assert await close_of(browser) == (4321, "had enough")


@pytest.mark.parametrize(("code", "seen"), [(1000, 1000), (4001, 4001)])
async def test_the_browsers_close_is_relayed(api: FakeApi, dashboard: str, code: int, seen: int) -> None:
    browser = await dial(dashboard, "/echo")
    await browser.close(code)
    await until(lambda: api.closed_with == [seen])


async def test_a_browser_that_vanishes_frees_the_api(api: FakeApi, dashboard: str) -> None:
    browser = await dial(dashboard, "/echo")
    browser.transport.abort()
    await until(lambda: len(api.closed_with) == 1)


async def test_a_watch_brings_events_and_ends_when_the_api_ends_it(api: FakeApi, dashboard: str) -> None:
    path = "/api/v1/pods?watch=1&resourceVersion=1"
    async with dial(dashboard, path, OFFERED[:1], Authorization=f"Bearer {ADA}") as browser:
        await until(lambda: bool(api.watchers.get("pods")))
        api.change("ADDED", "pods", pod("shop", "new-1"))
        event = json.loads(await browser.recv())
        assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "new-1")
        api.hang_up("pods")
        assert (await close_of(browser))[0] == 1000


async def test_a_slow_reader_slows_the_api_down(api: FakeApi, dashboard: str) -> None:
    """The API wants to send 64 MB and nobody reads: it has to be stopped long before the end."""
    async with dial(dashboard, "/flood") as browser:
        stalled_at = -1
        while stalled_at != api.flooded:
            stalled_at = api.flooded
            await asyncio.sleep(0.2)
        assert 0 < stalled_at < FLOOD * 3 // 4
        for _ in range(FLOOD):
            assert len(await browser.recv()) == 1_000_000
        assert api.flooded == FLOOD


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, at most five seconds."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  (the other side is another thread, without an event of this loop)
            await asyncio.sleep(0.005)

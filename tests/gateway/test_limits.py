from __future__ import annotations

from lampgate.gateway.limits import Limits
from tests.gateway.stage import Stage
from tests.gateway.test_gate import WEBSOCKET
from tests.gateway.test_websockets import open_websocket


async def test_connections_in_all_and_of_one_client() -> None:
    for limits in (Limits(connections=1), Limits(connections_per_client=1)):
        async with Stage(limits=limits) as stage:
            first = await stage.client()
            first.sends(stage.request("GET /ping HTTP/1.1", signed_in=False))
            assert (await first.gets_answer())[0] == 200
            second = await stage.client()
            status, headers = await second.gets_head()
            assert (status, headers["retry-after"]) == (503, "5")
            assert await second.gets_end() == b""
            first.sends(stage.request("GET /ping HTTP/1.1", "Connection: close", signed_in=False))
            assert (await first.gets_answer())[0] == 200
            first.closes()
            while stage.path.connections:
                await stage.pause()
            third = await stage.client()
            third.sends(stage.request("GET /ping HTTP/1.1", signed_in=False))
            assert (await third.gets_answer())[0] == 200


async def test_websockets_in_all_and_of_one_session() -> None:
    async with Stage(limits=Limits(websockets_per_session=1)) as stage:
        client, _ = await open_websocket(stage, session_id="one")
        refused = await stage.client()
        cookie = f"Cookie: {stage.cookie(stage.session('one'))}"
        refused.sends(stage.request("GET / HTTP/1.1", *WEBSOCKET, cookie, signed_in=False))
        assert (await refused.gets_answer())[0] == 503
        await open_websocket(stage, session_id="two")
        client.closes()
        while len(stage.path.tunnels) > 1:
            await stage.pause()
        await open_websocket(stage, session_id="one")
    async with Stage(limits=Limits(websockets=1)) as stage:
        await open_websocket(stage, session_id="one")
        refused = await stage.client()
        refused.sends(stage.request("GET / HTTP/1.1", *WEBSOCKET))
        assert (await refused.gets_answer())[0] == 503


async def test_a_head_that_is_too_large() -> None:
    async with Stage(limits=Limits(head_bytes=2000)) as stage:
        for request in (b"GET / HTTP/1.1\r\nX: " + b"x" * 3000, stage.request("GET / HTTP/1.1", "X: " + "x" * 2000)):
            client = await stage.client()
            client.sends(request)
            assert (await client.gets_answer())[0] == 431
            assert await client.gets_end() == b""


async def test_a_target_that_is_too_long() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request(f"GET /{'x' * 17000} HTTP/1.1"))
        assert (await client.gets_answer())[0] == 414


async def test_an_idle_connection_is_closed() -> None:
    async with Stage(limits=Limits(idle_timeout=0.05)) as stage:
        client = await stage.client()
        assert await client.gets_end() == b""

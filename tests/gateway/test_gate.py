"""No byte reaches the upstream before the decision, whatever the method, path or upgrade (invariant 1)."""

from __future__ import annotations

import asyncio
import time

import pytest

from lampgate.session.store import Lookup, Unknown
from tests.gateway.stage import Stage

WEBSOCKET = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
NAVIGATION = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Accept: text/html")


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "SEARCH"]
)
@pytest.mark.parametrize("path", ["/", "/clusters/main/api/v1/pods", "/config", "/wsMultiplexer", "/a%2Bb", "//x"])
async def test_without_a_session_nothing_passes(method: str, path: str) -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request(f"{method} {path} HTTP/1.1", "Content-Length: 3", signed_in=False, body=b"abc"))
        status, headers, _ = await client.gets_answer() if method != "HEAD" else (*await client.gets_head(), b"")
        assert status == 401
        assert "location" not in headers
        assert stage.origin_untouched


@pytest.mark.parametrize("path", ["/", "/clusters/main/api/v1/pods?watch=1"])
async def test_without_a_session_no_websocket(path: str) -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request(f"GET {path} HTTP/1.1", *WEBSOCKET, signed_in=False))
        status, headers, _ = await client.gets_answer()
        assert (status, headers["connection"]) == (401, "close")
        assert stage.origin_untouched


@pytest.mark.parametrize(
    "cookie",
    [
        "lampgate=1~AQAAAAAA",
        "lampgate=x",
        "__Host-lampgate=1~x",
        "lampgate=1~x; lampgate=1~y",
        "lampgate=" + "A" * 4000,
    ],
)
async def test_a_cookie_that_is_not_ours_is_no_session(cookie: str) -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request("GET / HTTP/1.1", f"Cookie: {cookie}", signed_in=False))
        assert (await client.gets_answer())[0] == 401
        assert stage.origin_untouched


async def test_a_cookie_of_the_other_scheme_is_no_session() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request("GET / HTTP/1.1", f"Cookie: {stage.cookie(secure=True)}", signed_in=False))
        assert (await client.gets_answer())[0] == 401


async def test_a_session_ends_on_time_though_its_cookie_was_seen_before() -> None:
    async with Stage() as stage:
        cookie = stage.cookie(stage.session(lifetime=2))
        client = await stage.client()
        request = stage.request("GET / HTTP/1.1", f"Cookie: {cookie}", signed_in=False)
        client.sends(request)
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers_ok()
        assert (await client.gets_answer())[0] == 200
        deadline = time.time() + 4
        status = 200
        while status == 200 and time.time() < deadline:
            client.sends(request)
            reading = asyncio.ensure_future(client.gets_answer())
            receiving = asyncio.ensure_future(origin.receives_head())
            await asyncio.wait({reading, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if receiving.done():
                origin.answers_ok()
            status = (await reading)[0]
            if not receiving.done():
                receiving.cancel()
            await asyncio.sleep(0.1)
        assert status == 401


class TestNavigation:
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    async def test_goes_to_sign_in_with_the_path_kept(self, method: str) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request(f"{method} /c/main/pods?x=%2F&y HTTP/1.1", *NAVIGATION, signed_in=False))
            assert (await client.gets_head())[0] == 200
            (request,) = stage.portal_requests
            assert request["path"] == "/oauth2/start"
            assert request["query_string"] == b"rd=/c/main/pods%3Fx%3D%252F%26y"

    async def test_a_form_post_is_not_redirected(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request("POST / HTTP/1.1", *NAVIGATION, "Content-Length: 0", signed_in=False))
            status, headers, body = await client.gets_answer()
            assert (status, headers["content-type"]) == (401, "text/html; charset=utf-8")
            assert b"/oauth2/start" in body


class TestOthersGetAnswersTheyCanUse:
    async def test_fetch_gets_json_and_reloads_headlamp(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(
                stage.request("GET /config HTTP/1.1", "Sec-Fetch-Mode: cors", "Accept: */*", signed_in=False)
            )
            status, headers, body = await client.gets_answer()
            assert (status, headers["content-type"], headers["x-reload"]) == (401, "application/json", "reload")
            assert b'"code":"session.none"' in body.replace(b" ", b"")

    async def test_the_cluster_api_gets_a_status(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request("GET /clusters/main/api/v1/pods HTTP/1.1", signed_in=False))
            _, _, body = await client.gets_answer()
            assert b'"kind":"Status"' in body.replace(b" ", b"")
            assert b'"reason":"Unauthorized"' in body.replace(b" ", b"")


class TestCrossSite:
    @pytest.mark.parametrize(
        "headers",
        [
            ("Origin: https://evil.example",),
            ("Origin: null",),
            ("Sec-Fetch-Site: cross-site",),
            ("Sec-Fetch-Site: same-site",),
            ("Origin: http://localhost:1",),
        ],
    )
    async def test_changes_are_refused(self, headers: tuple[str, ...]) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request("POST /clusters/main/x HTTP/1.1", *headers, "Content-Length: 0"))
            assert (await client.gets_answer())[0] == 403
            assert stage.origin_untouched

    async def test_websockets_are_refused(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request("GET / HTTP/1.1", *WEBSOCKET, "Origin: https://evil.example"))
            assert (await client.gets_answer())[0] == 403
            assert stage.origin_untouched

    async def test_our_own_pages_may(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            own = (f"Origin: http://localhost:{stage.port}", "Sec-Fetch-Site: same-origin")
            client.sends(stage.request("POST / HTTP/1.1", *own, "Content-Length: 0"))
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers_ok()
            assert (await client.gets_answer())[0] == 200

    async def test_links_from_elsewhere_may(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request("GET / HTTP/1.1", *NAVIGATION, "Sec-Fetch-Site: cross-site"))
            origin = await stage.origin()
            await origin.receives_head()


class _AsyncStore:
    """A store that has to be asked over a network: answers when told to."""

    def __init__(self, inner: object) -> None:
        self.inner = inner
        self.answer: asyncio.Future[Lookup] = asyncio.get_running_loop().create_future()

    def load(self, cookies: object, now: float) -> asyncio.Future[Lookup]:
        return self.answer


class TestAStoreThatTakesTime:
    async def test_requests_wait_for_it(self) -> None:
        async with Stage() as stage:
            cookie_store = stage.stores[False]
            slow = _AsyncStore(cookie_store)
            client = await stage.client()
            request = stage.request("POST / HTTP/1.1", "Content-Length: 3", body=b"abc")
            stage.stores[False] = slow  # type: ignore[assignment]
            client.sends(request)
            client.sends(request)
            await asyncio.sleep(0)
            assert stage.origin_untouched
            found = cookie_store.load({"lampgate": stage_cookie(request)}, time.time())
            assert not isinstance(found, asyncio.Future)
            slow.answer.set_result(found)  # type: ignore[arg-type]
            origin = await stage.origin()
            for _ in range(2):
                await origin.receives_head()
                assert await origin.receives(3) == b"abc"
                origin.answers_ok()
                assert (await client.gets_answer())[0] == 200

    @pytest.mark.parametrize(
        "outcome", [Unknown("store down"), ConnectionError("store down")], ids=["unknown", "raises"]
    )
    async def test_not_knowing_signs_nobody_out(self, outcome: Lookup | Exception) -> None:
        async with Stage() as stage:
            slow = _AsyncStore(None)
            client = await stage.client()
            request = stage.request("GET / HTTP/1.1", *NAVIGATION)
            stage.stores[False] = slow  # type: ignore[assignment]
            if isinstance(outcome, Exception):
                slow.answer.set_exception(outcome)
            else:
                slow.answer.set_result(outcome)
            client.sends(request)
            status, headers, _ = await client.gets_answer()
            assert (status, headers["retry-after"]) == (503, "5")
            assert "set-cookie" not in headers


def stage_cookie(request: bytes) -> str:
    return request.split(b"Cookie: lampgate=")[1].split(b"\r\n")[0].decode()

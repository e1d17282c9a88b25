from __future__ import annotations

import pytest

from tests.gateway.stage import Stage


async def test_the_portal_gets_the_request() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(
            stage.request(
                "POST /oauth2/x?a=b HTTP/1.1", "Content-Length: 3", "X-Custom: 1", signed_in=False, body=b"abc"
            )
        )
        status, headers, body = await client.gets_answer()
        assert (status, headers["content-type"], body) == (200, "text/plain", b"portal:/oauth2/x")
        (request,) = stage.portal_requests
        assert (request["method"], request["query_string"], request["body"]) == ("POST", b"a=b", b"abc")
        assert (b"x-custom", b"1") in request["headers"]
        visit = request["lampgate.visit"]
        assert visit.origin == f"http://localhost:{stage.port}"
        assert stage.origin_untouched


@pytest.mark.parametrize("path", ["/ping", "/ready", "/oauth2", "/oauth2/", "/oauth2/auth"])
async def test_own_paths(path: str) -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request(f"GET {path} HTTP/1.1", signed_in=False))
        assert (await client.gets_answer())[2] == b"portal:" + path.encode()


@pytest.mark.parametrize("path", ["/pingx", "/ping/", "/oauth2x", "/Oauth2/x", "/ping?", "/%70ing"])
async def test_paths_are_matched_whole(path: str) -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request(f"GET {path} HTTP/1.1", signed_in=False))
        status, _, _ = await client.gets_answer()
        assert (status == 200) == (path in ("/ping?", "/%70ing"))


async def test_a_failing_portal_is_an_answer() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request("GET /oauth2/fails HTTP/1.1", signed_in=False))
        status, _, body = await client.gets_answer()
        assert status == 500
        assert b"as asked for" not in body
        client.sends(stage.request("GET /ping HTTP/1.1", signed_in=False))
        assert (await client.gets_answer())[0] == 200


async def test_too_large_a_form() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(
            stage.request("POST /oauth2/x HTTP/1.1", "Content-Length: 100000", signed_in=False, body=b"x" * 100000)
        )
        assert (await client.gets_answer())[0] == 413


async def test_head() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request("HEAD /ping HTTP/1.1", signed_in=False))
        status, headers = await client.gets_head()
        assert (status, headers["content-length"]) == (200, "12")
        client.sends(stage.request("GET /ping HTTP/1.1", signed_in=False))
        assert (await client.gets_answer())[2] == b"portal:/ping"

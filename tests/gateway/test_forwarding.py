"""A signed-in request goes on with exactly our Authorization, and its answer comes back as it was."""

from __future__ import annotations

import asyncio

import pytest

from lampgate.gateway.limits import Limits
from tests.gateway.stage import TOKEN, Stage

OUR_AUTHORIZATION = f"Authorization: Bearer {TOKEN}".encode()


async def test_a_get() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request("GET /api?watch=1 HTTP/1.1", "Authorization: Bearer theirs", "Accept: */*"))
        origin = await stage.origin()
        head = await origin.receives_head()
        assert head[0] == b"GET /api?watch=1 HTTP/1.1"
        assert [line for line in head if line.lower().startswith(b"authorization")] == [OUR_AUTHORIZATION]
        assert not [line for line in head if line.lower().startswith(b"cookie")]
        assert b"X-Forwarded-For: 127.0.0.1" in head
        assert b"X-Forwarded-Proto: http" in head
        assert f"X-Forwarded-Host: localhost:{stage.port}".encode() in head
        origin.answers_ok(b"hello", "ETag: x", "Connection: keep-alive")
        status, headers, body = await client.gets_answer()
        assert (status, headers["etag"], body) == (200, "x", b"hello")
        assert "connection" not in headers


async def test_connections_are_used_again_on_both_sides() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request())
        origin = await stage.origin()
        for number in range(3):
            await origin.receives_head()
            origin.answers_ok(b"%d" % number)
            assert (await client.gets_answer())[2] == b"%d" % number
            client.sends(stage.request())
        await origin.receives_head()


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(b"".join(stage.request(f"GET /{number} HTTP/1.1") for number in range(4)))
        origin = await stage.origin()
        for number in range(4):
            assert (await origin.receives_head())[0] == b"GET /%d HTTP/1.1" % number
            origin.answers_ok(b"%d" % number)
        for number in range(4):
            assert (await client.gets_answer())[2] == b"%d" % number


@pytest.mark.parametrize("size", [1, 7, 64])
async def test_heads_and_bodies_in_any_pieces(size: int) -> None:
    async with Stage() as stage:
        client = await stage.client()
        request = stage.request("POST /a HTTP/1.1", "Content-Length: 10", body=b"0123456789")
        for start in range(0, len(request), size):
            client.sends(request[start : start + size])
            await asyncio.sleep(0)
        origin = await stage.origin()
        head = await origin.receives_head()
        assert b"Content-Length: 10" in head
        assert await origin.receives(10) == b"0123456789"
        answer = b"HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc"
        for byte in answer:
            origin.answers(bytes((byte,)))
            await asyncio.sleep(0)
        assert await client.gets_answer() == (201, {"content-length": "3"}, b"abc")


class TestRequestBodies:
    async def test_chunked_stays_chunked(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(
                stage.request(
                    "POST / HTTP/1.1",
                    "Transfer-Encoding: chunked",
                    body=b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: no\r\n\r\n",
                )
            )
            origin = await stage.origin()
            assert b"Transfer-Encoding: chunked" in await origin.receives_head()
            assert await origin.receives(15) == b"5\r\nabcde\r\n0\r\n\r\n"
            origin.answers_ok()
            assert (await client.gets_answer())[0] == 200

    async def test_streams_before_it_is_complete(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request("POST / HTTP/1.1", "Content-Length: 6", body=b"abc"))
            origin = await stage.origin()
            await origin.receives_head()
            assert await origin.receives(3) == b"abc"
            client.sends(b"def")
            assert await origin.receives(3) == b"def"

    async def test_expectation_is_met_by_the_origin(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request("PUT / HTTP/1.1", "Content-Length: 2", "Expect: 100-continue"))
            origin = await stage.origin()
            assert b"Expect: 100-continue" in await origin.receives_head()
            origin.answers(b"HTTP/1.1 100 Continue\r\n\r\n")
            assert (await client.gets_head())[0] == 100
            client.sends(b"ok")
            assert await origin.receives(2) == b"ok"
            origin.answers_ok()
            assert (await client.gets_answer())[0] == 200

    async def test_an_early_answer_closes_in_order(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request("POST / HTTP/1.1", "Content-Length: 1000000", body=b"x" * 1000))
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
            status, headers, body = await client.gets_answer()
            assert (status, headers["connection"], body) == (413, "close", b"no")
            assert await client.gets_end() == b""


class TestResponseBodies:
    async def test_chunked_as_received(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request())
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            status, headers = await client.gets_head()
            assert (status, headers["transfer-encoding"]) == (200, "chunked")
            assert await client.gets(8) == b"3\r\nabc\r\n"
            origin.answers(b"0\r\nX-T: 1\r\n\r\n")
            assert await client.gets(13) == b"0\r\nX-T: 1\r\n\r\n"
            client.sends(stage.request("GET /next HTTP/1.1"))
            assert (await origin.receives_head())[0] == b"GET /next HTTP/1.1"

    async def test_a_length_with_leading_zeros_is_written_anew(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request())
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 010\r\n\r\n0123456789")
            status, headers = await client.gets_head()
            assert (status, headers["content-length"]) == (200, "10")
            assert await client.gets(10) == b"0123456789"

    async def test_until_close(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request())
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers(b"HTTP/1.1 200 OK\r\n\r\nabc")
            origin.answers(b"def")
            origin.closes()
            status, headers = await client.gets_head()
            assert (status, headers["connection"]) == (200, "close")
            assert await client.gets_end() == b"abcdef"

    async def test_head_has_no_body(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request("HEAD / HTTP/1.1"))
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
            assert (await client.gets_head())[1]["content-length"] == "500"
            client.sends(stage.request("GET /next HTTP/1.1"))
            await origin.receives_head()
            origin.answers_ok(b"next")
            assert (await client.gets_answer())[2] == b"next"

    @pytest.mark.parametrize("status", [204, 304])
    async def test_no_content(self, status: int) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request())
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers(b"HTTP/1.1 %d X\r\n\r\n" % status)
            assert (await client.gets_head())[0] == status
            client.sends(stage.request())
            await origin.receives_head()

    async def test_chunks_are_taken_off_for_http_1_0(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request("GET / HTTP/1.0"))
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            _, headers = await client.gets_head()
            assert "transfer-encoding" not in headers
            assert await client.gets_end() == b"abcde"

    async def test_cookies_that_would_make_the_person_somebody_else_stay_behind(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request())
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers_ok(b"", "Set-Cookie: headlamp-auth-main.0=x", "Set-Cookie: lampgate=y")
            assert "set-cookie" not in (await client.gets_answer())[1]


class TestPagesFromInsideTheCluster:
    """The API's proxy sub-resources return what a workload says; as a page it may not act in the person's name."""

    PROXIED = "GET /clusters/main/api/v1/namespaces/x/services/evil/proxy/ HTTP/1.1"

    @pytest.mark.parametrize("dest", ["document", "iframe", "embed", ""])
    async def test_a_page_is_sandboxed(self, dest: str) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request(self.PROXIED, *([f"Sec-Fetch-Dest: {dest}"] if dest else [])))
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers_ok(b"<script>", "Content-Type: text/html")
            _, headers, body = await client.gets_answer()
            assert (headers["content-security-policy"], headers["x-content-type-options"]) == ("sandbox", "nosniff")
            assert body == b"<script>"

    @pytest.mark.parametrize("path", ["/clusters/main/api/v1/pods", "/c/main/pods", "/static/app.js"])
    async def test_what_the_dashboard_fetches_and_its_own_pages_are_not(self, path: str) -> None:
        async with Stage() as stage:
            client = await stage.client()
            dest = "empty" if path.startswith("/clusters") else "document"
            client.sends(stage.request(f"GET {path} HTTP/1.1", f"Sec-Fetch-Dest: {dest}"))
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers_ok()
            assert "content-security-policy" not in (await client.gets_answer())[1]


class TestFailures:
    async def test_nobody_listens(self) -> None:
        async with Stage() as stage:
            stage._origin.close()
            await stage._origin.wait_closed()
            client = await stage.client()
            client.sends(stage.request("GET /clusters/main/api HTTP/1.1"))
            status, headers, body = await client.gets_answer()
            assert (status, headers["content-type"]) == (502, "application/json")
            assert b'"kind":"Status"' in body.replace(b" ", b"")

    async def test_no_answer_in_time(self) -> None:
        async with Stage(upstream={"response_timeout": 0.05}) as stage:
            client = await stage.client()
            client.sends(stage.request())
            await (await stage.origin()).receives_head()
            assert (await client.gets_answer())[0] == 504

    async def test_a_stale_connection_is_tried_once_more(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request())
            first = await stage.origin()
            await first.receives_head()
            first.answers_ok()
            await client.gets_answer()
            client.sends(stage.request("GET /again HTTP/1.1"))
            await first.receives_head()
            first.closes()
            second = await stage.origin()
            assert (await second.receives_head())[0] == b"GET /again HTTP/1.1"
            second.answers_ok(b"again")
            assert (await client.gets_answer())[2] == b"again"

    async def test_what_may_have_happened_is_not_tried_again(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request())
            first = await stage.origin()
            await first.receives_head()
            first.answers_ok()
            await client.gets_answer()
            client.sends(stage.request("POST / HTTP/1.1", "Content-Length: 0"))
            await first.receives_head()
            first.closes()
            assert (await client.gets_answer())[0] == 502

    @pytest.mark.parametrize(
        "answer",
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"HTTP/1.1 200 OK\nContent-Length: 3\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
            b"ICY 200 OK\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            b"noise\r\n\r\n",
        ],
    )
    async def test_a_malformed_answer_is_not_passed_on(self, answer: bytes) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request())
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers(answer)
            assert (await client.gets_answer())[0] == 502

    async def test_an_answer_broken_off_is_seen_to_be(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request())
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            await client.gets_head()
            assert await client.gets(3) == b"abc"
            origin.closes()
            assert await client.is_cut_off() == b""

    async def test_more_than_was_announced(self) -> None:
        async with Stage() as stage:
            client = await stage.client()
            client.sends(stage.request())
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n")
            assert b"HTTP/1.1 200" not in (await client.gets_answer())[2]

    async def test_a_client_that_leaves_takes_the_upstream_request_along(self) -> None:
        async with Stage(limits=Limits(half_closed_timeout=0.05)) as stage:
            client = await stage.client()
            client.sends(stage.request())
            origin = await stage.origin()
            await origin.receives_head()
            origin.answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            await client.gets_head()
            client.closes()
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await origin.receives(1)


async def test_a_half_closed_client_gets_its_answer() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request())
        client.writer.write_eof()
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers_ok(b"late")
        assert (await client.gets_answer())[2] == b"late"
        assert await client.gets_end() == b""


async def test_a_slow_reader_holds_the_origin_back() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        client.sends(stage.request())
        origin = await stage.origin()
        await origin.receives_head()
        size = 64 * 2**20
        origin.answers(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        origin.writer.transport.set_write_buffer_limits(high=2**16)
        sent = 0
        block = b"x" * 2**18
        try:
            while sent < size:
                origin.writer.write(block)
                sent += len(block)
                await asyncio.wait_for(origin.writer.drain(), 0.5)
        except TimeoutError:
            pass
        assert sent < 32 * 2**20, "the gateway took in what nobody reads"
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        await client.gets_head()
        await client.gets(sent)


async def test_a_slow_head_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Stage(limits=Limits(head_timeout=0.05)) as stage:
        client = await stage.client()
        client.sends(b"GET / HTTP/1.1\r\nHost: a")
        assert (await client.gets_answer())[0] == 408
        assert await client.gets_end() == b""


async def test_the_log_names_the_person_and_never_the_token() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request("GET /a%22b?code=secret-code HTTP/1.1"))
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers_ok(b"12345")
        await client.gets_answer()
        stage.path.access_log.flush()
        import json

        line = json.loads(stage.log)
        assert (line["status"], line["path"], line["user"], line["bytes"]) == (200, '/a"b', "rita@contoso.example", 5)
        assert b"secret-code" not in stage.log
        assert TOKEN.encode() not in stage.log


@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_a_client_that_wants_it_closed_gets_it_closed(framing: str) -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request("GET / HTTP/1.1", "Connection: close"))
        origin = await stage.origin()
        await origin.receives_head()
        if framing == "length":
            origin.answers_ok()
        else:
            origin.answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
        answer = await client.gets_end()
        assert b"\r\nConnection: close\r\n" in answer


async def test_a_connection_that_the_upstream_closes_is_not_used_again() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request())
        first = await stage.origin()
        await first.receives_head()
        first.answers_ok(b"", "Connection: close")
        assert (await client.gets_answer())[0] == 200
        client.sends(stage.request("POST / HTTP/1.1", "Content-Length: 1", body=b"x"))
        second = await stage.origin()
        await second.receives_head()
        second.answers_ok()
        assert (await client.gets_answer())[0] == 200

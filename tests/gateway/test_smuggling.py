"""Whatever is sent, the origin gets the one request that was judged, or nothing."""

from __future__ import annotations

import pytest

from tests.gateway.stage import Stage

CHUNKED_BODY = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

REFUSED: dict[str, tuple[list[str], bytes]] = {
    "te-and-cl": (["Content-Length: 6", "Transfer-Encoding: chunked"], CHUNKED_BODY),
    "cl-and-te": (["Transfer-Encoding: chunked", "Content-Length: 6"], CHUNKED_BODY),
    "te-space": (["Transfer-Encoding : chunked"], CHUNKED_BODY),
    "te-xchunked": (["Transfer-Encoding: xchunked"], CHUNKED_BODY),
    "te-list": (["Transfer-Encoding: identity, chunked"], CHUNKED_BODY),
    "te-twice": (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], CHUNKED_BODY),
    "te-vertical-tab": (["Transfer-Encoding: \x0bchunked"], CHUNKED_BODY),
    "te-quoted": (['Transfer-Encoding: "chunked"'], CHUNKED_BODY),
    "te-underscore": (["Transfer_Encoding: chunked", "Content-Length: 5"], b"hello"),
    "te-folded": (["Transfer-Encoding:\r\n chunked"], CHUNKED_BODY),
    "te-bare-lf": (["X: y\nTransfer-Encoding: chunked"], CHUNKED_BODY),
    "cl-twice": (["Content-Length: 0", "Content-Length: 44"], CHUNKED_BODY),
    "cl-list": (["Content-Length: 0, 44"], CHUNKED_BODY),
    "cl-plus": (["Content-Length: +5"], b"hello"),
    "cl-bare-cr": (["X: y\rContent-Length: 5"], b"hello"),
    "chunk-size-hex-prefix": (["Transfer-Encoding: chunked"], b"0x5\r\nhello\r\n0\r\n\r\n"),
    "chunk-size-overflow": (["Transfer-Encoding: chunked"], b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    "chunk-bare-lf": (["Transfer-Encoding: chunked"], b"5\nhello\n0\n\n"),
    "chunk-too-long": (["Transfer-Encoding: chunked"], b"5\r\nhello!\r\n0\r\n\r\n"),
    "chunk-negative": (["Transfer-Encoding: chunked"], b"-5\r\nhello\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize(("headers", "body"), REFUSED.values(), ids=REFUSED)
async def test_refused(headers: list[str], body: bytes) -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request("POST / HTTP/1.1", *headers, body=body))
        everything = await client.is_cut_off()
        assert everything == b"" or everything.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501"))
        assert everything.count(b"HTTP/1.1 ") <= 1
        if not stage.origin_untouched:
            received = await (await stage.origin()).receives_end()
            assert b"smuggled" not in received
            assert received.count(b" HTTP/1.1\r\n") <= 1


PASSED_AS_ONE: dict[str, tuple[list[str], bytes, bytes]] = {
    "te-upper-case": (["Transfer-Encoding: CHUNKED"], b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    "te-tab": (["Transfer-Encoding:\tchunked"], b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    "te-hidden-by-connection": (
        ["Connection: Transfer-Encoding", "Transfer-Encoding: chunked"], b"5\r\nhello\r\n0\r\n\r\n", b"hello"
    ),
    "cl-hidden-by-connection": (["Connection: Content-Length", "Content-Length: 5"], b"hello", b"hello"),
}  # fmt: skip


@pytest.mark.parametrize(("headers", "body", "payload"), PASSED_AS_ONE.values(), ids=PASSED_AS_ONE)
async def test_passed_as_one(headers: list[str], body: bytes, payload: bytes) -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request("POST / HTTP/1.1", *headers, body=body))
        origin = await stage.origin()
        head = await origin.receives_head()
        framing = [line for line in head if line.lower().startswith((b"content-length", b"transfer-encoding"))]
        assert len(framing) == 1
        assert payload in await origin.receives(len(payload) + (3 if b"chunked" in framing[0] else 0))


async def test_bytes_behind_a_chunked_request_are_judged_on_their_own() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(stage.request("POST / HTTP/1.1", "Transfer-Encoding: chunked", body=CHUNKED_BODY))
        origin = await stage.origin()
        assert (await origin.receives_head())[0] == b"POST / HTTP/1.1"
        assert await origin.receives(5) == b"0\r\n\r\n"
        origin.answers_ok()
        assert (await client.gets_answer())[0] == 200
        # Nobody is signed in there.
        assert (await client.gets_answer())[0] == 401
        origin.closes()
        assert await origin.receives_end() == b""


async def test_bytes_behind_a_refused_head_are_not_read() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n" + stage.request("GET /second HTTP/1.1"))
        assert (await client.gets_answer())[0] == 400
        assert await client.gets_end() == b""
        assert stage.origin_untouched


async def test_an_upgrade_to_something_else_is_an_ordinary_request() -> None:
    async with Stage() as stage:
        client = await stage.client()
        client.sends(
            stage.request(
                "GET /a HTTP/1.1", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: x"
            )
            + stage.request("GET /b HTTP/1.1")
        )
        origin = await stage.origin()
        for path in (b"/a", b"/b"):
            head = await origin.receives_head()
            assert head[0] == b"GET %b HTTP/1.1" % path
            assert not [line for line in head if line.lower().startswith((b"upgrade", b"connection", b"http2"))]
            origin.answers_ok()
            assert (await client.gets_answer())[0] == 200

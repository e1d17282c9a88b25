"""HTTP/2 towards browsers: the same gate, streams beside each other, and clients that mean harm."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from hyperframe.frame import ContinuationFrame, HeadersFrame

from lampgate.gateway.limits import Limits
from tests.gateway.http2_client import Http2Client
from tests.gateway.stage import TOKEN, OriginConnection
from tests.gateway.test_tls import Served, authority, serving, write

__all__ = ["authority"]


class Browsing:
    """A gateway with TLS, and clients of it."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.stage = served.stage
        self.cookie = served.stage.cookie(secure=True)
        self._clients: list[Http2Client] = []

    async def client(self, **options: Any) -> Http2Client:
        client = await Http2Client.connect(self.served.port, self.served.context(), **options)
        self._clients.append(client)
        return client

    async def nothing_is_left(self) -> None:
        for client in self._clients:
            await client.aclose()
        path = self.stage.path
        for _ in range(1000):
            if not path.connections:
                break
            await self.stage.pause()
        assert not path.connections
        assert not path._connections_of
        while path.pool._dialling:
            await self.stage.pause()
        # What was dialled in vain arrives at the origin nevertheless.
        for _ in range(20):
            await self.stage.pause()


@pytest.fixture
async def browsing(authority: trustme.CA, tmp_path: Path) -> AsyncIterator[Browsing]:
    async with serving(authority, write(authority, tmp_path)) as served:
        browsing = Browsing(served)
        yield browsing
        await browsing.nothing_is_left()


async def test_a_request_is_forwarded_with_the_token(browsing: Browsing) -> None:
    client = await browsing.client()
    stream = client.sends(("accept", "*/*"), ("x-forwarded-user", "forged"), path="/a?b=%2F", cookie=browsing.cookie)
    origin = await browsing.stage.origin()
    lines = await origin.receives_head()
    assert lines[0] == b"GET /a?b=%2F HTTP/1.1"
    assert f"Authorization: Bearer {TOKEN}".encode() in lines
    assert b"X-Forwarded-Proto: https" in lines
    assert not any(b"forged" in line or line.startswith(b"Cookie") for line in lines)
    origin.answers_ok(b"hello", "ETag: x", "Keep-Alive: timeout=5", "Connection: keep-alive")
    answer = await client.answer(stream)
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"hello", "x")
    assert not {"connection", "keep-alive", "transfer-encoding"} & set(answer.headers)
    browsing.stage.path.access_log.flush()
    assert b"GET" in browsing.stage.log


async def test_without_a_session_there_is_no_way_through(browsing: Browsing) -> None:
    client = await browsing.client()
    navigation = client.sends(("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("accept", "text/html"))
    assert (await client.answer(navigation)).body.startswith(b"portal:/oauth2/")
    script = client.sends(("sec-fetch-mode", "cors"), ("accept", "application/json"))
    assert (await client.answer(script)).status == 401
    assert browsing.stage.origin_untouched


async def test_a_cookie_in_pieces_is_one_cookie(browsing: Browsing) -> None:
    client = await browsing.client()
    stream = client.sends(cookie=f"a=1; {browsing.cookie}; b=2")
    origin = await browsing.stage.origin()
    assert b"Cookie: a=1; b=2" in await origin.receives_head()
    origin.answers_ok()
    assert (await client.answer(stream)).status == 200


@pytest.mark.parametrize("told", [True, False])
async def test_bodies_in_both_directions(browsing: Browsing, told: bool) -> None:
    body = bytes(range(256)) * 4096
    client = await browsing.client()
    length = [("content-length", str(len(body)))] if told else []
    stream = client.sends(*length, method="POST", cookie=browsing.cookie, ended=False)
    upload = asyncio.create_task(client.uploads(stream, body))
    origin = await browsing.stage.origin()
    lines = await origin.receives_head()
    assert (f"Content-Length: {len(body)}".encode() in lines) is told
    assert (b"Transfer-Encoding: chunked" in lines) is not told
    assert await received(origin, len(body), chunked=not told) == body
    await upload
    origin.answers(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for start in range(0, len(body), 10_000):
        piece = body[start : start + 10_000]
        origin.answers(b"%x\r\n%b\r\n" % (len(piece), piece))
    origin.answers(b"0\r\n\r\n")
    answer = await client.answer(stream)
    assert (answer.status, answer.body == body) == (200, True)


async def received(origin: OriginConnection, length: int, *, chunked: bool) -> bytes:
    if not chunked:
        return await origin.receives(length)
    body = b""
    while True:
        size = int(await asyncio.wait_for(origin.reader.readline(), 5), 16)
        body += await origin.receives(size)
        assert await origin.receives(2) == b"\r\n"
        if size == 0:
            return body


@pytest.mark.parametrize(
    ("method", "head", "body"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        ("GET", b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (
            "OPTIONS",
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
            b"x",
        ),
    ],
    ids=["head", "204", "304", "empty", "until-close", "interim"],
)
async def test_where_answers_end(browsing: Browsing, method: str, head: bytes, body: bytes) -> None:
    client = await browsing.client()
    origin: OriginConnection | None = None
    for _ in range(2):
        stream = client.sends(method=method, cookie=browsing.cookie)
        # The second request comes on the first one's connection, where that stays.
        if origin is None or not head.startswith(b"HTTP/1.1"):
            origin = await browsing.stage.origin()
        await origin.receives_head()
        origin.answers(head)
        if head.startswith(b"HTTP/1.0"):
            origin.closes()
        answer = await client.answer(stream)
        assert (answer.body, answer.ended, answer.reset) == (body, True, None)


async def test_a_hundred_at_once_and_a_slow_one_holds_up_nobody(browsing: Browsing) -> None:
    client = await browsing.client()
    slow = client.sends(path="/slow", cookie=browsing.cookie)
    stalled = await browsing.stage.origin()
    await stalled.receives_head()
    streams = [client.sends(path=f"/{number}", cookie=browsing.cookie) for number in range(99)]
    for _ in streams:
        origin = await browsing.stage.origin()
        line = (await origin.receives_head())[0]
        origin.answers_ok(line.split(b" ")[1])
    for number, stream in enumerate(streams):
        assert (await client.answer(stream)).body == b"/%d" % number
    stalled.answers_ok(b"at last")
    assert (await client.answer(slow)).body == b"at last"


async def test_who_does_not_read_is_not_sent_more(browsing: Browsing) -> None:
    client = await browsing.client()
    client.greedy = False
    stream = client.sends(path="/log", cookie=browsing.cookie)
    origin = await browsing.stage.origin()
    await origin.receives_head()
    size = 32 * 1024 * 1024
    origin.answers(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    sent = 0
    try:
        while sent < size:
            origin.answers(b"x" * 65536)
            sent += 65536
            await asyncio.wait_for(origin.writer.drain(), 0.5)
    except TimeoutError:
        pass
    assert sent < size / 2, "the origin was never held back"
    # Another stream has a window of its own only within the connection's, which this client keeps shut as well.
    assert len(client.answers[stream].body) <= 65535
    client.resets(stream)
    with contextlib.suppress(ConnectionResetError):
        assert await origin.receives_end() == b""


async def test_a_stalled_upload_leaves_room_for_others(browsing: Browsing) -> None:
    client = await browsing.client()
    stalled = client.sends(method="POST", cookie=browsing.cookie, ended=False)
    origin = await browsing.stage.origin()
    await origin.receives_head()
    origin.pauses_reading()
    upload = asyncio.create_task(client.uploads(stalled, b"x" * 64 * 1024 * 1024))
    quick = client.sends(path="/quick", cookie=browsing.cookie)
    other = await browsing.stage.origin()
    await other.receives_head()
    other.answers_ok(b"quick")
    assert (await client.answer(quick)).body == b"quick"
    upload.cancel()
    client.resets(stalled)


async def test_an_answer_before_the_request_is_complete(browsing: Browsing) -> None:
    client = await browsing.client()
    stream = client.sends(method="POST", cookie=browsing.cookie, ended=False)
    client.data(stream, b"some of it")
    origin = await browsing.stage.origin()
    await origin.receives_head()
    origin.answers_ok(b"enough")
    answer = await client.answer(stream)
    assert (answer.status, answer.body, answer.ended) == (200, b"enough", True)


async def test_an_upstream_that_breaks_off_resets_the_stream_only(browsing: Browsing) -> None:
    client = await browsing.client()
    stream = client.sends(cookie=browsing.cookie)
    origin = await browsing.stage.origin()
    await origin.receives_head()
    origin.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    origin.closes()
    answer = await client.answer(stream)
    assert (answer.ended, answer.reset) == (False, ErrorCodes.INTERNAL_ERROR)
    again = client.sends(path="/ping", cookie=browsing.cookie)
    assert (await client.answer(again)).body == b"portal:/ping"


async def test_giving_up_reaches_the_upstream(browsing: Browsing) -> None:
    client = await browsing.client()
    stream = client.sends(cookie=browsing.cookie)
    origin = await browsing.stage.origin()
    await origin.receives_head()
    client.resets(stream)
    assert await origin.receives_end() == b""
    while browsing.stage.metrics.responses[499] == 0:
        await browsing.stage.pause()


GOOD = [(":method", "GET"), (":path", "/x"), (":scheme", "https"), (":authority", "dash.example")]


def changed(**changes: str) -> list[tuple[str, str]]:
    return [(name, changes.get(name[1:], value)) for name, value in GOOD]


@pytest.mark.parametrize(
    "headers",
    [
        [*GOOD, ("x", "a\r\nX-Forged: 1")],
        [*GOOD, ("x", "a\nb")],
        [*GOOD, ("x", "a\x00b")],
        [*GOOD, ("x\r\nx-forged", "1")],
        [*GOOD, ("x y", "1")],
        [*GOOD, ("X-Upper", "1")],
        [*GOOD, ("x:", "1")],
        [*GOOD, ("", "1")],
        [*GOOD, ("transfer-encoding", "chunked")],
        [*GOOD, ("connection", "close, authorization")],
        [*GOOD, ("keep-alive", "1")],
        [*GOOD, ("proxy-connection", "close")],
        [*GOOD, ("upgrade", "websocket")],
        [*GOOD, ("te", "gzip")],
        [*GOOD, (":path", "/admin")],
        [*GOOD, ("a", "1"), (":method", "POST")],
        [*GOOD, (":protocol", "websocket")],
        [*GOOD, ("host", "evil.example")],
        [*GOOD, ("content-length", "5")],
        [*GOOD, ("content-length", "+0")],
        [*GOOD, ("content-length", "0, 0")],
        changed(path=""),
        changed(path="x"),
        changed(path="/x y"),
        changed(path="/x HTTP/1.1\r\nX-Forged: 1\r\n\r\nGET /admin"),
        changed(path="http://evil.example/x"),
        changed(path="/x#fragment"),
        changed(method="CONNECT"),
        changed(method="GET /admin"),
        changed(method=""),
        changed(scheme="ftp"),
        changed(authority="dash.example\r\nX-Forged: 1"),
        changed(authority="user@dash.example"),
        GOOD[:3],
        GOOD[1:],
    ],
)
@pytest.mark.parametrize("ended", [True, False], ids=["ended", "open"])
async def test_what_is_malformed_reaches_nobody(
    browsing: Browsing, headers: list[tuple[str, str]], ended: bool
) -> None:
    client = await browsing.client(validate=False)
    stream = client.sends_raw([*headers, ("cookie", browsing.cookie)], ended=ended)
    if not ended and ("content-length", "5") in headers:
        client.data(stream, b"too much for that", ended=True)
    answer = await client.answer(stream)
    assert client.closed or answer.reset is not None or 400 <= answer.status < 500, answer
    if not browsing.stage.origin_untouched:
        assert ("content-length", "5") in headers
        origin = await browsing.stage.origin()
        await origin.receives_head()
        assert len(await origin.receives_end()) <= 5


async def test_the_gateway_goes_on_after_a_malformed_stream(browsing: Browsing) -> None:
    client = await browsing.client(validate=False)
    bad = client.sends_raw(changed(path="/x y"))
    assert (await client.answer(bad)).reset == ErrorCodes.PROTOCOL_ERROR
    good = client.sends(path="/ping")
    assert (await client.answer(good)).status == 200


async def flood_of_resets(client: Http2Client, cookie: str) -> None:
    for _ in range(400):
        client.resets(client.sends(cookie=cookie))


async def flood_of_malformed(client: Http2Client, cookie: str) -> None:
    for _ in range(400):
        client.sends_raw([*changed(path="/x y"), ("cookie", cookie)])


async def flood_of_pings(client: Http2Client, _cookie: str) -> None:
    for _ in range(1200):
        client.h2.ping(b"12345678")
    client.flush()


async def flood_of_settings(client: Http2Client, _cookie: str) -> None:
    for number in range(1200):
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 65535 + number})
    client.flush()


async def flood_of_nothing(client: Http2Client, cookie: str) -> None:
    stream = client.sends(method="POST", cookie=cookie, ended=False)
    for _ in range(1200):
        client.h2.send_data(stream, b"")
    client.flush()


@pytest.mark.parametrize(
    "flood", [flood_of_resets, flood_of_malformed, flood_of_pings, flood_of_settings, flood_of_nothing]
)
async def test_floods_end_the_connection(browsing: Browsing, flood: Callable[[Http2Client, str], Any]) -> None:
    client = await browsing.client(validate=False)
    await flood(client, browsing.cookie)
    await client.end()
    # What the gateway says last may be lost where it had not read everything yet; so many streams at once are one
    # mistake more.
    assert client.gone in (None, ErrorCodes.ENHANCE_YOUR_CALM, ErrorCodes.PROTOCOL_ERROR)
    metrics = browsing.stage.metrics
    assert metrics.limits["http2_flood"] == 1 or client.gone == ErrorCodes.PROTOCOL_ERROR
    other = await browsing.client()
    assert (await other.answer(other.sends(path="/ping"))).status == 200


async def test_headers_without_an_end_are_bounded(browsing: Browsing) -> None:
    client = await browsing.client()
    frames = [HeadersFrame(1, b"\x00" * 10), *(ContinuationFrame(1, b"\x00" * 10) for _ in range(200))]
    client.writer.write(b"".join(frame.serialize() for frame in frames))
    await client.end()


@pytest.mark.parametrize("count", [1, 2000])
async def test_a_header_section_has_a_limit(browsing: Browsing, count: int) -> None:
    client = await browsing.client()
    # Repeated, so that a few bytes of HPACK stand for much more.
    headers = [("x-bomb", "y" * (200_000 // count))] * count
    client.sends(*headers, cookie=browsing.cookie)
    await client.end()
    assert browsing.stage.origin_untouched


async def test_too_many_streams_at_once(browsing: Browsing) -> None:
    client = await browsing.client()
    await client.answer(client.sends(path="/ping"))
    client.h2.remote_settings[SettingCodes.MAX_CONCURRENT_STREAMS] = 1000
    client.h2.remote_settings.acknowledge()
    for _ in range(101):
        client.sends(method="POST", cookie=browsing.cookie, ended=False)
    await client.end()


async def test_draining_finishes_what_is_under_way(browsing: Browsing) -> None:
    client = await browsing.client()
    stream = client.sends(cookie=browsing.cookie)
    origin = await browsing.stage.origin()
    await origin.receives_head()
    (connection,) = [each for each in browsing.stage.path.connections if type(each).__name__ == "Http2Connection"]
    connection.drain()
    while client.gone is None:
        await client.news()
    assert (client.gone, client.last_stream) == (ErrorCodes.NO_ERROR, stream)
    origin.answers_ok(b"still")
    assert (await client.answer(stream)).body == b"still"
    await client.end()


async def test_a_connection_without_requests_ends(authority: trustme.CA, tmp_path: Path) -> None:
    limits = Limits(idle_timeout=0.01)
    async with serving(authority, write(authority, tmp_path), limits=limits) as served:
        client = await Http2Client.connect(served.port, served.context())
        assert (await client.answer(client.sends(path="/ping"))).status == 200
        await client.end()
        assert client.gone == ErrorCodes.NO_ERROR
        await client.aclose()


async def test_a_session_that_ends_is_over_on_open_connections(browsing: Browsing) -> None:
    client = await browsing.client()
    session = browsing.stage.session("s7")
    cookie = browsing.stage.cookie(session, secure=True)
    stream = client.sends(cookie=cookie)
    origin = await browsing.stage.origin()
    await origin.receives_head()
    origin.answers_ok()
    assert (await client.answer(stream)).status == 200
    browsing.stage.revocations.revoke(session)
    again = client.sends(("sec-fetch-mode", "cors"), cookie=cookie)
    assert (await client.answer(again)).status == 401


async def test_websockets_stay_on_http_1(browsing: Browsing) -> None:
    served = browsing.served
    context = served.context()
    context.set_alpn_protocols(["http/1.1"])
    client = await served.client(context)
    client.sends(
        served.request(
            "GET /ws HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Origin: https://dash.example",
        )
    )  # fmt: skip
    origin = await browsing.stage.origin()
    await origin.receives_head()
    origin.answers(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    )
    assert (await client.gets_head())[0] == 101
    client.closes()


async def test_it_can_be_switched_off(authority: trustme.CA, tmp_path: Path) -> None:
    tls = write(authority, tmp_path).model_copy(update={"http2": False})
    async with serving(authority, tls) as served:
        context = served.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        client = await served.client(context)
        assert client.writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        client.closes()


async def test_curl_speaks_it(browsing: Browsing) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("no curl")
    process = await asyncio.create_subprocess_exec(
        curl, "--silent", "--http2", "--insecure", "--write-out", "%{http_version} %{http_code}",
        f"https://127.0.0.1:{browsing.served.port}/ping", stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 20)
    if b" 200" not in output or not output.startswith(b"portal"):
        pytest.fail(output.decode())
    assert output in (b"portal:/ping2 200", b"portal:/ping1.1 200")

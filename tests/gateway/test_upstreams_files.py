"""Files and fixed answers in the place of a server, behind the same gate; and attempts to get other files."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lampgate.config.settings import UpstreamSettings
from lampgate.session.renewal import Renewed
from tests.gateway.stage import Client, Stage
from tests.gateway.test_renewals import Provider, due, renewed

SECRET = b"not for anybody"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A directory with files, beside which there is a secret."""
    (tmp_path / "secret.txt").write_bytes(SECRET)
    (tmp_path / "site-secret").mkdir()
    (tmp_path / "site-secret" / "a.txt").write_bytes(SECRET)
    site = tmp_path / "site"
    (site / "sub" / "deeper").mkdir(parents=True)
    (site / ".well-known").mkdir()
    (site / "index.html").write_text("<h1>index</h1>")
    (site / "a b.txt").write_text("0123456789")
    (site / "large.bin").write_bytes(os.urandom(3_000_000))
    (site / "empty.css").write_bytes(b"")
    (site / "page.unknown").write_text("<script>")
    (site / "sub" / "index.html").write_text("sub")
    (site / "sub" / "deeper" / "x.svg").write_text("<svg/>")
    (site / ".well-known" / "x.json").write_text("{}")
    (site / ".env").write_bytes(SECRET)
    # As a ConfigMap is mounted.
    (site / "..2026").mkdir()
    (site / "..2026" / "mounted.json").write_text('{"a": 1}')
    (site / "..data").symlink_to("..2026")
    (site / "mounted.json").symlink_to("..data/mounted.json")
    (site / "out.txt").symlink_to("../secret.txt")
    (site / "absolute.txt").symlink_to(tmp_path / "secret.txt")
    (site / "outdir").symlink_to("..")
    (site / "beside").symlink_to("../site-secret")
    (site / "circle").symlink_to("circle")
    os.mkfifo(site / "pipe.txt")
    return site


@pytest.fixture
async def stage(site: Path) -> AsyncIterator[Stage]:
    upstreams = (
        UpstreamSettings(id="files", path="/files/", url=f"file://{site}/"),
        UpstreamSettings(id="one", path="/one.txt", url=f"file://{site}/a%20b.txt"),
        UpstreamSettings(id="pattern", path="^/v[0-9]+/(.*)$", rewrite_target="/sub/$1", url=f"file://{site}"),
        UpstreamSettings(id="gone", path="/gone/", url=f"file://{site}/nowhere"),
        UpstreamSettings(id="ok", path="/ok", url="static://200"),
        UpstreamSettings(id="nothing", path="/nothing/", url="static://204"),
        UpstreamSettings(id="teapot", path="/teapot", url="static://418"),
    )
    async with Stage(upstreams=upstreams) as stage:
        yield stage


async def answer(
    client: Client, stage: Stage, line: str, *headers: str, body: bytes = b""
) -> tuple[int, dict[str, str], bytes]:
    client.sends(stage.request(f"{line} HTTP/1.1", "Accept: application/json", *headers, body=body))
    if not line.startswith("HEAD"):
        return await client.gets_answer()
    status, fields = await client.gets_head()
    return status, fields, b""


async def asked(stage: Stage, line: str, *headers: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    return await answer(await stage.client(), stage, line, *headers, body=body)


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/files/", "text/html; charset=utf-8", b"<h1>index</h1>"),
        ("/files/index.html", "text/html; charset=utf-8", b"<h1>index</h1>"),
        ("/files/a%20b.txt", "text/plain; charset=utf-8", b"0123456789"),
        ("/files/empty.css", "text/css; charset=utf-8", b""),
        ("/files/page.unknown", "application/octet-stream", b"<script>"),
        ("/files/sub/", "text/html; charset=utf-8", b"sub"),
        ("/files/sub/deeper/x.svg?v=1", "image/svg+xml", b"<svg/>"),
        ("/files/.well-known/x.json", "application/json", b"{}"),
        ("/files/mounted.json", "application/json", b'{"a": 1}'),
        ("/one.txt", "text/plain; charset=utf-8", b"0123456789"),
        ("/v2/deeper/x.svg", "image/svg+xml", b"<svg/>"),
    ],
)
async def test_files(stage: Stage, path: str, content_type: str, body: bytes) -> None:
    status, headers, got = await asked(stage, f"GET {path}")
    assert (status, headers["content-type"], got) == (200, content_type, body)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "private, no-cache"
    assert headers["etag"].startswith('"')


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/files/none.txt", 404), ("/files/none/none.txt", 404), ("/files/a%20b.txt/", 404),
        ("/files/a%20b.txt/x", 404), ("/one.txt/", 404), ("/gone/", 404), ("/gone/x", 404),
        ("/files/" + "x" * 300, 404), ("/files/circle", 404), ("/files/pipe.txt", 404), ("/files/sub/deeper/", 404),
        # Attempts to leave the directory, or to see what is hidden in it.
        ("/files/../secret.txt", 400), ("/files/%2e%2e/secret.txt", 400), ("/files/..%2fsecret.txt", 400),
        ("/files/%2fetc%2fpasswd", 400), ("/files//etc/passwd", 404), ("/files/..;/secret.txt", 400),
        ("/files/sub/..%5c..%5csecret.txt", 400), ("/files/%252e%252e/secret.txt", 400), ("/files/a%00.txt", 400),
        ("/files/out.txt", 404), ("/files/absolute.txt", 404), ("/files/outdir/secret.txt", 404),
        ("/files/outdir/", 404), ("/files/beside/a.txt", 404), ("/files/.env", 404), ("/files/%2eenv", 404),
        ("/files/..data/mounted.json", 404), ("/files/..2026/mounted.json", 404), ("/files/...", 404),
        ("/v1/../../secret.txt", 400), ("/v1/.env", 404),
    ],
)  # fmt: skip
async def test_what_is_not_served(stage: Stage, path: str, status: int) -> None:
    got, _, body = await asked(stage, f"GET {path}")
    assert got == status
    assert SECRET not in body
    assert b"/site" not in body


async def test_a_directory_without_its_slash(stage: Stage) -> None:
    status, headers, _ = await asked(stage, "GET /files/sub?a=b")
    assert (status, headers["location"]) == (301, "/files/sub/?a=b")
    status, headers, _ = await asked(stage, "GET //files/sub")
    assert (status, headers["location"]) == (301, "/files/sub/")
    assert (await asked(stage, "GET /files"))[1]["location"] == "/files/"


async def test_nobody_gets_a_file_without_a_session(stage: Stage) -> None:
    for path in ("/files/index.html", "/ok", "/v1/index.html"):
        client = await stage.client()
        client.sends(stage.request(f"GET {path} HTTP/1.1", "Accept: application/json", signed_in=False))
        assert (await client.gets_answer())[0] == 401


class TestMethods:
    async def test_head(self, stage: Stage) -> None:
        client = await stage.client()
        status, headers, _ = await answer(client, stage, "HEAD /files/large.bin")
        assert (status, headers["content-length"]) == (200, "3000000")
        assert (await answer(client, stage, "GET /ok"))[0] == 200

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
    async def test_no_other(self, stage: Stage, site: Path, method: str) -> None:
        client = await stage.client()
        status, headers, _ = await answer(
            client, stage, f"{method} /files/index.html", "Content-Length: 3", body=b"abc"
        )
        assert (status, headers["allow"]) == (405, "GET, HEAD")
        assert (site / "index.html").read_text() == "<h1>index</h1>"
        assert (await answer(client, stage, "GET /ok"))[0] == 200

    async def test_a_body_is_not_looked_at(self, stage: Stage) -> None:
        client = await stage.client()
        for _ in range(2):
            status, _, body = await answer(client, stage, "GET /one.txt", "Content-Length: 3", body=b"abc")
            assert (status, body) == (200, b"0123456789")

    async def test_no_websocket(self, stage: Stage) -> None:
        for path in ("/files/index.html", "/ok"):
            status, _, _ = await asked(
                stage, f"GET {path}", "Connection: Upgrade", "Upgrade: websocket",
                "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            )  # fmt: skip
            assert status == 400


class TestPartsAndConditions:
    async def test_a_part(self, stage: Stage) -> None:
        status, headers, body = await asked(stage, "GET /one.txt", "Range: bytes=2-4")
        assert (status, headers["content-range"], body) == (206, "bytes 2-4/10", b"234")
        status, headers, body = await asked(stage, "GET /one.txt", "Range: bytes=10-")
        assert (status, headers["content-range"], body) == (416, "bytes */10", b"")

    async def test_a_part_of_something_large(self, stage: Stage, site: Path) -> None:
        status, _, body = await asked(stage, "GET /files/large.bin", "Range: bytes=100000-2900000")
        assert (status, body) == (206, (site / "large.bin").read_bytes()[100000:2900001])

    async def test_not_modified(self, stage: Stage, site: Path) -> None:
        client = await stage.client()
        _, headers, _ = await answer(client, stage, "GET /one.txt")
        client.sends(stage.request("GET /one.txt HTTP/1.1", f"If-None-Match: {headers['etag']}"))
        status, again = await client.gets_head()
        assert (status, again["etag"]) == (304, headers["etag"])
        assert "content-length" not in again
        (site / "a b.txt").write_text("another text")
        status, _, body = await answer(client, stage, "GET /one.txt", f"If-None-Match: {headers['etag']}")
        assert (status, body) == (200, b"another text")


class TestStreaming:
    async def test_something_large_arrives_whole_and_the_connection_goes_on(self, stage: Stage, site: Path) -> None:
        client = await stage.client()
        for _ in range(2):
            status, _, body = await answer(client, stage, "GET /files/large.bin")
            assert (status, body) == (200, (site / "large.bin").read_bytes())

    async def test_no_faster_than_the_client_reads(self, site: Path) -> None:
        size = 60_000_000
        with (site / "huge.bin").open("wb") as file:
            file.truncate(size)
        upstream = UpstreamSettings(id="files", path="/", url=f"file://{site}")
        async with Stage(upstreams=(upstream,)) as stage:
            client = await stage.client()
            client.sends(stage.request("GET /huge.bin HTTP/1.1"))
            assert (await client.gets_head())[1]["content-length"] == str(size)
            (connection,) = stage.path.connections
            # The client reads no further: what is on its way stops growing, far from the end.
            sent, same = -1, 0
            while same < 50:
                same = same + 1 if connection._bytes_sent == sent else 0  # type: ignore[attr-defined]
                sent = connection._bytes_sent  # type: ignore[attr-defined]
                await stage.pause()
            assert sent < size / 2
            # And it goes on when the client does.
            left = size
            while left:
                left -= len(await client.reader.read(2**20))

    async def test_a_client_that_leaves(self, stage: Stage) -> None:
        client = await stage.client()
        client.sends(stage.request("GET /files/large.bin HTTP/1.1"))
        await client.gets_head()
        client.closes()
        while stage.path.portal_tasks:
            await stage.pause()

    async def test_a_file_that_becomes_shorter(self, site: Path) -> None:
        with (site / "huge.bin").open("wb") as file:
            file.truncate(100_000_000)
        upstream = UpstreamSettings(id="files", path="/", url=f"file://{site}")
        async with Stage(upstreams=(upstream,)) as stage:
            client = await stage.client()
            client.sends(stage.request("GET /huge.bin HTTP/1.1"))
            await client.gets_head()
            os.truncate(site / "huge.bin", 10)
            received = len(await client.is_cut_off())
            assert received < 100_000_000


async def test_a_file_that_may_not_be_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("lampgate.gateway.file_exchange.open_below", refused)
    status, _, body = await asked(stage, "GET /files/index.html")
    assert status == 500
    assert b"Permission" not in body
    assert "Permission denied" in caplog.text


class TestFixedAnswers:
    async def test_with_a_body(self, stage: Stage) -> None:
        status, headers, body = await asked(stage, "GET /ok")
        assert (status, body, headers["content-type"]) == (200, b"Authenticated", "text/plain; charset=utf-8")
        assert (await asked(stage, "POST /teapot", "Content-Length: 2", body=b"{}"))[0] == 418

    async def test_without_one(self, stage: Stage) -> None:
        client = await stage.client()
        for _ in range(2):
            status, headers, _ = await answer(client, stage, "GET /nothing/at/all")
            assert status == 204
            assert "content-length" not in headers

    async def test_head(self, stage: Stage) -> None:
        client = await stage.client()
        for _ in range(2):
            status, headers, _ = await answer(client, stage, "HEAD /ok")
            assert (status, headers["content-length"]) == (200, "13")


@pytest.mark.parametrize("path", ["/a%20b.txt", "/large.bin", "/ok"])
async def test_a_renewed_session_reaches_the_browser_with_a_file_as_well(site: Path, path: str) -> None:
    upstreams = (
        UpstreamSettings(id="files", path="/", url=f"file://{site}"),
        UpstreamSettings(id="ok", path="/ok", url="static://204"),
    )
    async with Stage(upstreams=upstreams, redeem=Provider()) as stage:
        session = stage.session(token=due())
        newer = renewed(session)
        assert isinstance(newer, Renewed)
        for cookie, is_new in ((stage.cookie(newer.session), True), (stage.cookie(session), False)):
            client = await stage.client()
            client.sends(stage.request(f"GET {path} HTTP/1.1", f"Cookie: {cookie}", signed_in=False))
            _, headers, _ = await client.gets_answer()
            assert ("set-cookie" not in headers) == is_new

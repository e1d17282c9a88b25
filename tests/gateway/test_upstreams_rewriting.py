"""Rewritten paths on the wire: judged again, and never more than one path."""

from __future__ import annotations

import pytest

from lampgate.config.settings import UpstreamSettings
from tests.gateway.stage import Stage
from tests.gateway.upstream_origins import plain_echo


async def asked(upstreams: list[UpstreamSettings], line: str, *headers: str) -> tuple[int, dict[str, str], str]:
    async with plain_echo() as echo:
        aimed = tuple(
            UpstreamSettings(**{**upstream.model_dump(), "url": f"http://127.0.0.1:{echo.port}"})
            for upstream in upstreams
        )
        async with Stage(upstreams=aimed) as stage:
            client = await stage.client()
            client.sends(stage.request(f"{line} HTTP/1.1", "Accept: application/json", *headers))
            status, fields, body = await client.gets_answer()
            return status, fields, body.decode().split("\r\n")[0]


def route(path: str, target: str = "", name: str = "main") -> UpstreamSettings:
    return UpstreamSettings(id=name, path=path, rewrite_target=target, url="http://up")


async def test_a_rewritten_request() -> None:
    status, _, line = await asked([route("^/app/(.*)$", "/$1?from=gate")], "GET /app/a%20b?x=1")
    assert (status, line) == (200, "GET /a%20b?x=1&from=gate HTTP/1.1")


@pytest.mark.parametrize(
    ("path", "target", "line"),
    [
        # The client's dot and the configuration's make two.
        ("^/app/x([^/]*)/(.*)$", "/.$1/$2", "GET /app/x./secret"),
        ("^/app/(.*)$", "/%$1", "GET /app/2e"),
        ("^/app(.*)$", "$1", "GET /app"),
        ("^/app/(.*)$", "$1", "GET /app/http://evil.example/"),
        ("^/app/(.*)$", "\\$1", "GET /app/x"),
    ],
)
async def test_what_it_becomes_is_judged_again(path: str, target: str, line: str) -> None:
    status, _, answer = await asked([route(path, target)], line)
    assert status == 400
    assert "route.rewrite-refused" in answer


@pytest.mark.parametrize(
    "line", ["GET /app/%2e%2e/x", "GET /app/..%2fx", "GET /app/a%0d%0aX-Evil:%201", "GET /app/%2fx"]
)
async def test_ambiguous_paths_do_not_get_that_far(line: str) -> None:
    status, _, answer = await asked([route("^/app/(.*)$", "/$1")], line)
    assert status == 400
    assert "request.malformed" in answer


async def test_a_path_too_long_for_expressions() -> None:
    upstreams = [route("^/app/(.*)$", "/$1")]
    assert (await asked(upstreams, "GET /app/" + "x" * 2044))[0] == 414
    assert (await asked(upstreams, "GET /app/" + "x" * 2043))[0] == 200


async def test_pages_of_workloads_stay_sandboxed_where_the_upstream_sees_them() -> None:
    rewriting = route("^/k8s/(.*)$", "/clusters/$1")
    _, headers, _ = await asked([rewriting], "GET /k8s/main/x", "Sec-Fetch-Dest: document")
    assert "sandbox" in headers["content-security-policy"]
    _, headers, _ = await asked([route("^/clusters/(.*)$", "/api/$1")], "GET /clusters/x")
    assert "content-security-policy" not in headers


class TestTheSlashAtTheEnd:
    async def test_it_is_added(self) -> None:
        status, headers, _ = await asked([route("/app/")], "GET /app?a=b")
        assert (status, headers["location"]) == (301, "/app/?a=b")

    async def test_not_where_something_else_matches(self) -> None:
        status, _, line = await asked([route("/app/"), route("/", name="root")], "GET /app")
        assert (status, line) == (200, "GET /app HTTP/1.1")

    async def test_nothing_there(self) -> None:
        status, _, answer = await asked([route("/app/")], "GET /other")
        assert status == 404
        assert "route.none" in answer

    async def test_it_does_not_lead_to_another_host(self) -> None:
        status, headers, _ = await asked([route("/evil.example/")], "GET //evil.example")
        assert (status, headers["location"]) == (301, "/evil.example/")

    async def test_only_for_those_who_are_signed_in(self) -> None:
        async with Stage(upstreams=(route("/app/"),)) as stage:
            client = await stage.client()
            client.sends(stage.request("GET /app HTTP/1.1", "Accept: application/json", signed_in=False))
            assert (await client.gets_answer())[0] == 401

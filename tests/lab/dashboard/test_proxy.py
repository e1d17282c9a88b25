"""HTTP on `/clusters/main/…`: what reaches the API, and how its answer comes back."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.responses import Response

from lampgate.lab.dashboard.app import create_app
from tests.lab.dashboard.fake_api import NO_ROLE, FakeApi, token
from tests.lab.dashboard.serving import serving

ADA = f"Bearer {token('ada@contoso.example')}"
RITA = f"Bearer {token('rita@contoso.example')}"


def test_the_callers_own_token_goes_to_the_api(api: FakeApi, dashboard: str) -> None:
    answer = httpx.get(f"{dashboard}/clusters/main/api/v1/pods", headers={"Authorization": ADA})
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 9
    assert api.seen[-1].values("authorization") == [ADA]


def test_without_a_token_nothing_is_added(api: FakeApi, dashboard: str) -> None:
    answer = httpx.get(f"{dashboard}/clusters/main/api/v1/pods")
    assert (answer.status_code, answer.json()["message"]) == (401, "Unauthorized")
    assert api.seen[-1].values("authorization") == []


def test_headlamps_trap_a_cookie_wins_over_the_header(api: FakeApi, dashboard: str) -> None:
    first, second = RITA.removeprefix("Bearer ")[:40], RITA.removeprefix("Bearer ")[40:]
    cookie = f"headlamp-auth-main.0={first}; other=1; headlamp-auth-main.1={second}"
    headers = {"Authorization": ADA, "Cookie": cookie}
    answer = httpx.get(f"{dashboard}/clusters/main/api/v1/secrets", headers=headers)
    assert api.seen[-1].values("authorization") == [RITA]
    assert api.seen[-1].values("cookie") == [cookie]
    assert answer.status_code == 403
    assert answer.json()["message"].endswith(NO_ROLE)


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/pods?labelSelector=app%3Dweb,tier!%3Ddb&x=%7e%2F&empty=&a=1&a=2",
        "/api/v1/namespaces/shop/pods?fieldSelector=metadata.name%3D[x]",
        "/api/v1/namespaces/shop/services/http:web:80/proxy/a%20b",
    ],
)
def test_path_and_query_arrive_as_sent(api: FakeApi, dashboard: str, target: str) -> None:
    httpx.get(f"{dashboard}/clusters/main{target}", headers={"Authorization": ADA})
    assert api.seen[-1].target == target


def test_an_encoded_slash_is_lost_as_in_headlamp(api: FakeApi, dashboard: str) -> None:
    httpx.get(f"{dashboard}/clusters/main/api/v1/a%2Fb%3Ac", headers={"Authorization": ADA})
    assert api.seen[-1].target == "/api/v1/a/b:c"


def test_hop_by_hop_headers_end_here(api: FakeApi, dashboard: str) -> None:
    headers = {
        "Authorization": ADA,
        "Connection": "keep-alive, X-Secret",
        "X-Secret": "1",
        "TE": "trailers",
        "X-Kept": "2",
        "X-Forwarded-For": "192.0.2.1",
    }
    httpx.get(f"{dashboard}/clusters/main/api/v1/pods", headers=headers)
    seen = api.seen[-1]
    assert (seen.values("x-secret"), seen.values("te"), seen.values("x-kept")) == ([], [], ["2"])
    assert seen.values("x-forwarded-for") == ["192.0.2.1, 127.0.0.1"]
    assert seen.values("host") == seen.values("x-forwarded-host")
    assert "stand-in for Headlamp" in seen.values("user-agent")[0]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_body_arrives_whole(api: FakeApi, dashboard: str, method: str, chunked: bool) -> None:
    body = b'{"spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}' + b" " * 300_000
    content = iter([body[:1000], body[1000:]]) if chunked else body
    path = "/clusters/main/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = httpx.request(method, dashboard + path, content=content, headers={"Authorization": ADA})
    assert answer.json()["status"]["allowed"] is True
    assert (api.seen[-1].method, api.seen[-1].body) == (method, body)


def test_an_answer_keeps_its_encoding_and_repeated_headers(api: FakeApi, dashboard: str) -> None:
    given = Response(b"\x1f\x8bnot really gzip", headers={"content-encoding": "gzip", "warning": "299 - a"})
    given.headers.append("warning", "299 - b")
    api.answer_instead = given
    with httpx.stream("GET", f"{dashboard}/clusters/main/api/v1/pods") as answer:
        assert b"".join(answer.iter_raw()) == given.body
        assert answer.headers.get_list("warning") == ["299 - a", "299 - b"]
        assert len(answer.headers.get_list("date")) == 1


def test_the_first_piece_arrives_before_the_last_is_sent(api: FakeApi, dashboard: str) -> None:
    with httpx.stream("GET", f"{dashboard}/clusters/main/slow") as answer:
        pieces = answer.iter_raw()
        assert next(pieces) == b"first"
        assert "x-hop" not in answer.headers
        assert answer.headers["x-kubernetes"] == "1"
        api.release()
        assert b"".join(pieces) == b"last"


async def test_a_caller_who_leaves_ends_the_request_at_the_api(api: FakeApi, dashboard: str) -> None:
    async with httpx.AsyncClient() as client, client.stream("GET", f"{dashboard}/clusters/main/slow") as answer:
        await anext(answer.aiter_raw())
        assert api.closed_with == []
    async with asyncio.timeout(5):
        while not api.closed_with:  # noqa: ASYNC110  (the API is another thread, without an event of this loop)
            await asyncio.sleep(0.005)


def test_an_api_that_does_not_answer_is_a_502_status() -> None:
    with serving(create_app("http://127.0.0.1:9", None)) as origin:
        answer = httpx.get(f"{origin}/clusters/main/api/v1/pods")
    assert answer.status_code == 502
    assert answer.json()["message"].startswith("The Kubernetes API at 127.0.0.1:9 does not answer: ")


def test_unknown_clusters_are_not_proxied(api: FakeApi, dashboard: str) -> None:
    assert httpx.get(f"{dashboard}/clusters/other/api/v1/pods").headers["content-type"].startswith("text/html")
    assert api.seen == []

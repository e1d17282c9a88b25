"""The dashboard's own routes: the page, `/config`, `/plugins`, `/me`, `/token-facts`, `/set-token`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lampgate.lab.dashboard import page
from lampgate.lab.dashboard.app import create_app
from tests.lab.dashboard.fake_api import AKS_SERVER, token

STATIC = Path(page.__file__).parent / "static"


@pytest.fixture
def client(dashboard: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=dashboard) as client:
        yield client


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@pytest.mark.parametrize("path", ["/", "/c/main/pods/shop/checkout-1", "/static/gone.4f2a.js", "/me"])
def test_every_unknown_path_is_the_page(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "a stand-in for Headlamp" in answer.text


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/static/app.js", "text/javascript"),
        ("/static/style.css", "text/css"),
        ("/static/favicon.svg", "image/svg+xml"),
    ],
)
def test_assets_have_their_media_type(client: httpx.Client, path: str, media_type: str) -> None:
    answer = client.get(path)
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_may_load_from_its_own_origin_only(client: httpx.Client) -> None:
    policy = dict(part.split(" ", 1) for part in client.get("/").headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "img-src", "connect-src")} == {"'self'"}
    assert policy["frame-ancestors"] == "'none'"


def test_the_page_never_writes_markup_from_data() -> None:
    scripts = {file: file.read_text() for file in STATIC.rglob("*.js")}
    assert len(scripts) > 10
    risky = re.compile(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|srcdoc)\b")
    assert [file.name for file, text in scripts.items() if risky.search(text)] == []


def test_the_page_needs_nothing_from_elsewhere() -> None:
    allowed = {"http://www.w3.org/2000/svg", "https://sts.windows.net/", "https://graph.microsoft.com"}
    found = {url for file in STATIC.rglob("*.*") for url in re.findall(r"https?://[\w./-]+", file.read_text())}
    assert found <= allowed


@pytest.mark.parametrize("path", ["//config", "/x/../config", "/x/%2e%2e/config", "/./config"])
def test_an_unclean_path_is_sent_to_the_clean_one(client: httpx.Client, path: str) -> None:
    answer = client.get("/", extensions={"target": f"{path}?a=%2F".encode()})
    assert (answer.status_code, answer.headers["location"]) == (301, "/config?a=%2F")


def test_config_names_the_cluster_and_no_sign_in(client: httpx.Client) -> None:
    config = client.get("/config").json()
    assert [(each["name"], each["auth_type"]) for each in config["clusters"]] == [("main", "")]


def test_there_are_no_plugins(client: httpx.Client) -> None:
    assert client.get("/plugins").json() == []


def test_me_says_who_the_token_is_for(client: httpx.Client) -> None:
    claims: dict[str, Any] = {"email": "ada@contoso.example", "groups": ["g1"]}
    answer = client.get("/clusters/main/me", headers=bearer(token("ada@contoso.example", **claims)))
    assert answer.json() == {"username": "ada@contoso.example", "email": "ada@contoso.example", "groups": ["g1"]}
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["vary"] == "Cookie"


@pytest.mark.parametrize(
    ("headers", "message"),
    [({}, "unauthorized"), (bearer("opaque"), "invalid token"), (bearer(token("ada@x", exp=1)), "token expired")],
    ids=["no token", "no JWT", "expired"],
)
def test_me_refuses_what_it_cannot_read(client: httpx.Client, headers: dict[str, str], message: str) -> None:
    answer = client.get("/clusters/main/me", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"message": message})


def test_me_prefers_the_header_and_the_proxy_prefers_the_cookie(client: httpx.Client) -> None:
    """Headlamp's handlers disagree, so a left-over cookie shows one person and acts as another."""
    client.cookies.set("headlamp-auth-main.0", token("ghost@contoso.example"))
    headers = bearer(token("ada@contoso.example"))
    assert client.get("/clusters/main/me", headers=headers).json()["username"] == "ada@contoso.example"
    assert client.get("/clusters/main/token-facts", headers=headers).json()["username"] == "ghost@contoso.example"


def test_token_facts_are_five_claims_and_never_the_token(client: httpx.Client) -> None:
    text = token("ada@contoso.example", exp=7, oid="secret-ish")
    answer = client.get("/clusters/main/token-facts", headers=bearer(text))
    assert answer.json() == {
        "aud": AKS_SERVER,
        "iss": "https://sts.windows.net/lab/",
        "ver": "1.0",
        "exp": 7,
        "username": "ada@contoso.example",
    }
    assert client.get("/clusters/main/token-facts").status_code == 401


def test_set_token_keeps_a_long_token_in_parts(client: httpx.Client) -> None:
    answer = client.post("/clusters/main/set-token", json={"token": "x" * 5000})
    first, second = answer.headers.get_list("set-cookie")
    assert first.startswith("headlamp-auth-main.0=" + "x" * 3800 + ";")
    assert second.startswith("headlamp-auth-main.1=" + "x" * 1200 + ";")
    for attribute in ("HttpOnly", "Path=/clusters/main", "SameSite=strict", "Max-Age=86400"):
        assert attribute in first
    assert "Secure" not in first


def test_set_token_is_secure_behind_https(client: httpx.Client) -> None:
    answer = client.post("/clusters/main/set-token", json={"token": "x"}, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("body", [{"token": None}, {"token": ""}, {}])
def test_set_token_without_a_token_forgets_every_part(client: httpx.Client, body: dict[str, str | None]) -> None:
    client.cookies.update({"headlamp-auth-main.0": "a", "headlamp-auth-main.1": "b"})
    cookies = client.post("/clusters/main/set-token", json=body).headers.get_list("set-cookie")
    assert [each.split("=")[0] for each in cookies] == ["headlamp-auth-main.0", "headlamp-auth-main.1"]
    assert all("Max-Age=0" in each for each in cookies)


@pytest.mark.parametrize("body", [b"no json", b'{"token": 7}'])
def test_set_token_refuses_what_it_does_not_understand(client: httpx.Client, body: bytes) -> None:
    assert client.post("/clusters/main/set-token", content=body).status_code == 400


@pytest.mark.parametrize("url", ["127.0.0.1:6443", "ftp://x", "https://", "https://x/api"])
def test_an_api_url_that_is_no_origin_is_refused_at_start(url: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        create_app(url, None)

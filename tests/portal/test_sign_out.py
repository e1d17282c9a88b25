"""Conversations about signing out."""

from __future__ import annotations

import httpx
import pytest

from lampgate.config.settings import PortalSettings
from tests.identity.misbehaving_op import ABSENT, ISSUER
from tests.portal.conversation import ORIGIN, Stage


async def signed_in() -> Stage:
    stage = await Stage().ready()
    await stage.sign_in()
    assert stage.session is not None
    return stage


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", {"sec-fetch-site": "same-origin"}),
        ("POST", {"sec-fetch-site": "same-origin"}),
        ("POST", {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}),
    ],
)
async def test_ones_own_wish(method: str, headers: dict[str, str]) -> None:
    stage = await signed_in()
    session = stage.session
    await stage.begin()
    response = await stage.ask(method, "/oauth2/sign_out", headers)
    assert response.status_code == 303
    assert response.headers["location"] == "/oauth2/signed_out"
    assert stage.cookies == {}
    assert session is not None
    assert stage.revocations.is_revoked(session)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"sec-fetch-site": "cross-site"}),
        ("GET", {"sec-fetch-site": "same-site"}),
        ("GET", {"sec-fetch-site": ""}),
        ("GET", {"sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}),
        ("GET", {"sec-fetch-site": "same-origin", "sec-fetch-dest": "iframe"}),
        ("GET", {"sec-fetch-site": "same-origin", "sec-purpose": "prefetch;prerender"}),
        ("POST", {"sec-fetch-site": "cross-site"}),
        ("POST", {"sec-fetch-site": "same-site", "origin": ORIGIN}),
    ],
)
async def test_somebody_elses_wish_is_asked_about(method: str, headers: dict[str, str]) -> None:
    stage = await signed_in()
    response = await stage.ask(method, "/oauth2/sign_out", headers)
    assert response.status_code == 200
    assert '<form method="post" action="/oauth2/sign_out">' in response.text
    assert stage.session is not None


@pytest.mark.parametrize(("origin", "ends"), [(ORIGIN, True), ("https://evil.example", False), ("null", False)])
async def test_browsers_without_fetch_metadata(origin: str, ends: bool) -> None:
    stage = await signed_in()
    response = await stage.client.post(
        "/oauth2/sign_out",
        headers={"origin": origin, "cookie": "; ".join(f"{n}={v}" for n, v in stage.cookies.items())},
    )
    assert (response.status_code == 303) is ends
    asked = await stage.client.get("/oauth2/sign_out")
    assert asked.status_code == 200


async def test_rd_is_honoured_if_it_is_a_path() -> None:
    stage = await signed_in()
    assert (await stage.get("/oauth2/sign_out?rd=/bye")).headers["location"] == "/bye"
    evil = await stage.get("/oauth2/sign_out?rd=https://evil.example/")
    assert evil.headers["location"] == "/"


async def test_the_question_keeps_rd_and_lets_the_form_end_at_the_provider() -> None:
    stage = await signed_in()
    response = await stage.get("/oauth2/sign_out?rd=/c/main", {"sec-fetch-site": "cross-site"})
    assert 'action="/oauth2/sign_out?rd=/c/main"' in response.text
    assert f"form-action 'self' {ISSUER} https:;" in response.headers["content-security-policy"]


async def test_the_signed_out_page() -> None:
    stage = await Stage().ready()
    response = await stage.get("/oauth2/signed_out")
    assert response.status_code == 200
    assert "You are signed out of dash.example.com" in response.text
    assert f'href="{ISSUER}/logout?client_id=gateway-client"' in response.text
    assert "form-action 'self';" in response.headers["content-security-policy"]


async def test_a_provider_without_sign_out_is_not_offered() -> None:
    stage = Stage()
    stage.op.discovery = {"end_session_endpoint": ABSENT}
    await stage.ready()
    assert "as well" not in (await stage.get("/oauth2/signed_out")).text


async def test_the_signed_out_page_does_not_lie() -> None:
    stage = await signed_in()
    assert (await stage.get("/oauth2/signed_out")).headers["location"] == "/oauth2/"


async def test_signing_out_twice_is_harmless() -> None:
    stage = await Stage().ready()
    assert (await stage.get("/oauth2/sign_out")).status_code == 303


async def test_cookies_that_cannot_be_opened_are_deleted_too() -> None:
    stage = await Stage().ready()
    stage.cookies = {"__Host-lampgate": "1~garbage", "__Host-lampgate-1": "more", "other": "stays"}
    await stage.get("/oauth2/sign_out")
    assert stage.cookies == {"other": "stays"}


async def test_on_the_way_to_a_listed_host() -> None:
    stage = await Stage(changes={"portal": PortalSettings(return_hosts=(".company.com",))}).ready()
    for wanted, location in (
        ("https://app.company.com/bye?x=1", "https://app.company.com/bye?x=1"),
        ("https://evil.example/", "/"),
    ):
        await stage.sign_in()
        response = await stage.ask("POST", f"/oauth2/sign_out?rd={wanted}", {"sec-fetch-site": "same-origin"})
        assert response.headers["location"] == location
        assert stage.session is None


async def test_a_sign_in_that_ends_on_a_listed_host() -> None:
    stage = await Stage(changes={"portal": PortalSettings(return_hosts=(".company.com",))}).ready()
    for wanted, location in (
        ("https://app.company.com/c/main", "https://app.company.com/c/main"),
        ("https://company.com.evil.example/", "/"),
    ):
        answer = await stage.begin(wanted)
        response = await stage.get(f"/oauth2/callback?{httpx.QueryParams(answer)}")
        assert response.headers["location"] == location
        stage.cookies.clear()

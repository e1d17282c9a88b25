"""The provider ends sessions: back-channel and front-channel logout, and the way on to the provider's own sign-out.

Refusals are named after the modules of the OpenID conformance suite for relying parties.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jws

from lampgate.config.settings import PortalSettings
from tests.identity.misbehaving_op import ABSENT, CLIENT_ID, ISSUER, encoded, signing_key
from tests.portal.conversation import ORIGIN, Stage

SID = "session-at-the-provider"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


async def signed_in(**changes: Any) -> Stage:
    stage = Stage(changes=changes)
    stage.op.claims["sid"] = SID
    await stage.ready()
    await stage.sign_in()
    assert stage.session is not None
    return stage


def logout_token(stage: Stage, *, header: dict[str, Any] | None = None, key: str = "key-1", **changes: Any) -> str:
    now = int(stage.clock())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "iat": now,
        "exp": now + 120,
        "jti": "one",
        "events": {EVENT: {}},
        "sid": SID,
        **changes,
    }
    payload = json.dumps({name: value for name, value in claims.items() if value is not ABSENT}).encode()
    fields = {"alg": "RS256", "kid": "key-1", "typ": "logout+jwt", **(header or {})}
    if fields["alg"] == "none":
        return f"{encoded(json.dumps(fields).encode())}.{encoded(payload)}."
    registry = jws.JWSRegistry(algorithms=[fields["alg"]], strict_check_header=False)
    return jws.serialize_compact(fields, payload, signing_key(key), registry=registry)


async def tell(stage: Stage, token: str, **headers: str) -> httpx.Response:
    """As the provider's server does it: without cookies, and without what a browser sends."""
    async with httpx.AsyncClient(transport=stage.transport, base_url=ORIGIN) as server:
        return await server.post("/oauth2/backchannel_logout", data={"logout_token": token}, headers=headers)


@pytest.mark.parametrize(
    "changes",
    [{}, {"sub": "subject-of-rita"}, {"sid": ABSENT, "sub": "subject-of-rita"}, {"aud": [CLIENT_ID]}],
    ids=["sid", "sid-and-sub", "sub", "audience-as-list"],
)
async def test_oidcc_client_test_rp_backchannel_rpinitlogout(changes: dict[str, Any]) -> None:
    stage = await signed_in()
    answer = await tell(stage, logout_token(stage, **changes))
    assert (answer.status_code, answer.text, answer.headers["cache-control"]) == (200, "", "no-store")
    assert stage.session is None


@pytest.mark.parametrize(
    ("changes", "header"),
    [
        ({}, {"alg": "none", "kid": ABSENT}),
        ({"events": ABSENT}, {}),
        ({"nonce": "a-nonce"}, {}),
        ({}, {"alg": "RS512"}),
        ({"aud": "somebody-else"}, {}),
        ({"events": {"http://schemas.openid.net/event/other": {}}}, {}),
        ({"iss": "https://other.example"}, {}),
        ({"events": [EVENT]}, {}),
        ({"events": {EVENT: "yes"}}, {}),
        ({"sid": ABSENT}, {}),
        ({"sid": 7}, {}),
        ({"jti": ABSENT}, {}),
        ({"iat": ABSENT}, {}),
        ({"exp": 1}, {}),
        ({"sid": "s" * 2000}, {}),
    ],
    ids=[
        "oidcc-client-test-rp-backchannel-rpinitlogout-alg-none",
        "oidcc-client-test-rp-backchannel-rpinitlogout-no-event",
        "oidcc-client-test-rp-backchannel-rpinitlogout-with-nonce",
        "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-alg",
        "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-aud",
        "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-event",
        "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-iss",
        "events-as-list", "event-as-text", "nobody", "sid-as-number", "no-jti", "no-iat", "expired", "huge-sid",
    ],
)  # fmt: skip
async def test_what_is_no_logout_token(changes: dict[str, Any], header: dict[str, Any]) -> None:
    stage = await signed_in()
    fields = {name: value for name, value in header.items() if value is not ABSENT}
    answer = await tell(stage, logout_token(stage, header=fields, **changes))
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert stage.session is not None


async def test_a_logout_token_that_somebody_else_signed() -> None:
    stage = await signed_in()
    assert (await tell(stage, logout_token(stage, key="key-of-somebody"))).status_code == 400
    assert stage.session is not None


async def test_an_id_token_ends_nothing_and_a_logout_token_signs_nobody_in() -> None:
    stage = await signed_in()
    assert (await tell(stage, stage.op.id_token("nonce"))).status_code == 400
    assert stage.session is not None
    other = await Stage().ready()
    token = logout_token(other, sub="subject-of-rita")
    other.op.change_token = lambda _token: token
    await other.sign_in()
    assert other.session is None


async def test_a_session_that_began_later_goes_on() -> None:
    stage = await signed_in()
    earlier = logout_token(stage, sid=ABSENT, sub="subject-of-rita", exp=int(stage.clock()) + 7200)
    stage.clock.now += 3600
    await stage.sign_in()
    assert (await tell(stage, earlier)).status_code == 200
    assert stage.session is not None


@pytest.mark.parametrize(
    "body", [b"", b"logout_token=", b"logout_token=a&logout_token=b", b"\xff\xfe", b"x" * 60_000]
)
async def test_forms_that_are_none(body: bytes) -> None:
    stage = await signed_in()
    async with httpx.AsyncClient(transport=stage.transport, base_url=ORIGIN) as server:
        answer = await server.post("/oauth2/backchannel_logout", content=body)
    assert answer.status_code == 400
    assert stage.session is not None


async def test_while_the_provider_is_unknown_it_is_told_to_come_back() -> None:
    stage = await Stage().ready(discovered=False)
    stage.op.down = True
    assert (await tell(stage, logout_token(stage))).status_code in (400, 503)


@pytest.mark.parametrize("query", [{"iss": ISSUER, "sid": SID}, {"sid": SID}])
async def test_oidcc_client_test_rp_frontchannel_opinitlogout(query: dict[str, str]) -> None:
    stage = await signed_in()
    async with httpx.AsyncClient(transport=stage.transport, base_url=ORIGIN) as browser:
        # In a frame of the provider's page: no cookie of ours comes along.
        answer = await browser.get("/oauth2/frontchannel_logout", params=query)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == f"default-src 'none'; frame-ancestors {ISSUER}"
    assert "x-frame-options" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert stage.session is None


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"iss": ISSUER},
        {"sid": ""},
        {"sid": "s" * 300},
        {"iss": "https://other.example", "sid": SID},
    ],
)
async def test_a_frame_that_says_nothing_usable(query: dict[str, str]) -> None:
    stage = await signed_in()
    async with httpx.AsyncClient(transport=stage.transport, base_url=ORIGIN) as browser:
        assert (await browser.get("/oauth2/frontchannel_logout", params=query)).status_code == 400
    assert stage.session is not None


async def test_another_sid_ends_nothing() -> None:
    stage = await signed_in()
    async with httpx.AsyncClient(transport=stage.transport, base_url=ORIGIN) as browser:
        await browser.get("/oauth2/frontchannel_logout", params={"iss": ISSUER, "sid": "another"})
    assert stage.session is not None


@pytest.mark.parametrize("registered", [None, f"{ORIGIN}/oauth2/signed_out"])
async def test_oidcc_client_test_rp_init_logout(registered: str | None) -> None:
    portal = PortalSettings(provider_sign_out=True, post_logout_redirect_uri=registered)
    stage = Stage(changes={"portal": portal})
    stage.op.claims["login_hint"] = "an-opaque-hint"
    await stage.ready()
    await stage.sign_in()
    answer = await stage.ask("POST", "/oauth2/sign_out", {"sec-fetch-site": "same-origin"})
    assert answer.status_code == 303
    location = urlsplit(answer.headers["location"])
    assert location._replace(query="").geturl() == f"{ISSUER}/logout"
    expected = {"client_id": [CLIENT_ID], "logout_hint": ["an-opaque-hint"]}
    if registered is not None:
        expected["post_logout_redirect_uri"] = [registered]
    assert parse_qs(location.query) == expected
    assert stage.session is None


@pytest.mark.parametrize(
    "query",
    ["", "?state=never-sent"],
    ids=["oidcc-client-test-rp-init-logout-no-state", "oidcc-client-test-rp-init-logout-other-state"],
)
async def test_back_from_the_provider_nothing_hangs_on_the_state(query: str) -> None:
    stage = await Stage().ready()
    answer = await stage.get(f"/oauth2/signed_out{query}")
    assert answer.status_code == 200
    assert "never-sent" not in answer.text


async def test_oidcc_client_test_rp_frontchannel_rpinitlogout() -> None:
    stage = await signed_in(portal=PortalSettings(provider_sign_out=True))
    cookies = dict(stage.cookies)
    await stage.ask("POST", "/oauth2/sign_out", {"sec-fetch-site": "same-origin"})
    async with httpx.AsyncClient(transport=stage.transport, base_url=ORIGIN) as browser:
        # The provider's page tells everybody, us too, though the session has ended here already.
        answer = await browser.get("/oauth2/frontchannel_logout", params={"iss": ISSUER, "sid": SID})
    assert answer.status_code == 200
    stage.cookies = cookies
    assert stage.session is None


async def test_without_an_end_session_endpoint_it_ends_here() -> None:
    stage = Stage(changes={"portal": PortalSettings(provider_sign_out=True)})
    stage.op.discovery["end_session_endpoint"] = ABSENT
    await stage.ready()
    await stage.sign_in()
    answer = await stage.ask("POST", "/oauth2/sign_out", {"sec-fetch-site": "same-origin"})
    assert answer.headers["location"] == "/oauth2/signed_out"

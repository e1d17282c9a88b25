"""Who am I, for people and programs; health; and everything that is not there."""

from __future__ import annotations

import pytest

from lampgate.config.settings import AllowSettings, HeaderInjection, InjectedValue, PortalSettings
from lampgate.policy.problem import Wants
from lampgate.session.record import Session, Subject, Token
from lampgate.session.store import Found, Unknown
from tests.identity.misbehaving_op import ACCESS_TOKEN, REFRESH_TOKEN
from tests.portal.conversation import Stage


async def test_userinfo() -> None:
    stage = await Stage().ready()
    await stage.sign_in()
    response = await stage.get("/oauth2/userinfo")
    assert response.status_code == 200
    assert response.json() == {
        "user": "subject-of-rita",
        "email": "rita@contoso.example",
        "groups": ["readers"],
        "preferredUsername": "rita@contoso.example",
        "name": "Rita Reader",
        "tid": "",
        "oid": "",
        "session": {
            "signedInAt": 1_800_000_000,
            "expiresAt": 1_800_000_000 + 168 * 3600,
            "goodUntil": 1_800_000_000 + 3599,
        },
    }


async def test_userinfo_without_session_is_json_for_everybody() -> None:
    stage = await Stage(wants=Wants.PAGE).ready()
    response = await stage.get("/oauth2/userinfo")
    assert response.status_code == 401
    assert response.json()["code"] == "session.none"


async def test_auth() -> None:
    stage = await Stage(wants=Wants.JSON).ready()
    assert (await stage.get("/oauth2/auth")).status_code == 401
    await stage.sign_in()
    response = await stage.get("/oauth2/auth")
    assert (response.status_code, response.content) == (202, b"")


async def test_auth_asks_the_rules_of_today() -> None:
    stage = await Stage(wants=Wants.JSON).ready()
    await stage.sign_in()
    stage.changes = {"allow": AllowSettings(email_domains=("other.example",))}
    await stage.ready()
    response = await stage.get("/oauth2/auth")
    assert response.status_code == 403
    assert response.json()["code"] == "allow.email-domain"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 202),
        ("?allowed_groups=", 202),
        ("?allowed_groups=a,sre", 202),
        ("?allowed_groups=a&allowed_groups=sre", 202),
        ("?allowed_groups=a", 403),
        ("?allowed_emails=rita@contoso.example", 202),
        ("?allowed_emails=RITA@contoso.example", 403),
        ("?allowed_email_domains=contoso.example", 202),
        ("?allowed_email_domains=.example", 202),
        ("?allowed_email_domains=*.example", 202),
        ("?allowed_email_domains=other.example,*", 403),
        ("?allowed_groups=sre&allowed_email_domains=other.example", 403),
    ],
)
async def test_a_proxy_in_front_may_ask_for_more(query: str, status: int) -> None:
    stage = await Stage(wants=Wants.JSON).ready()
    stage.lookup = Found(
        Session("s", Subject("i", "s", email="rita@contoso.example", groups=("sre",)), 0, 2**40, {}, "refresh")
    )
    assert (await stage.get(f"/oauth2/auth{query}")).status_code == status


async def test_a_proxy_in_front_gets_headers_about_the_person() -> None:
    injected = (
        HeaderInjection(name="X-Auth-Request-User", values=(InjectedValue(claim="user"),)),
        HeaderInjection(name="X-Auth-Request-Groups", values=(InjectedValue(claim="groups"),)),
        HeaderInjection(name="X-Auth-Request-Access-Token", values=(InjectedValue(claim="access_token"),)),
    )
    stage = await Stage(wants=Wants.JSON, changes={"inject_response": injected}).ready()
    subject = Subject("i", "s", groups=("sre", "büro"))
    stage.lookup = Found(Session("s", subject, 0, 2**40, {"access_token": Token("token", 2**40)}, "refresh"))
    headers = (await stage.get("/oauth2/auth")).headers
    assert headers["x-auth-request-user"] == "s"
    assert headers["x-auth-request-groups"] == "sre,büro"
    assert headers["x-auth-request-access-token"] == "token"
    assert "x-auth-request-user" not in (await stage.get("/oauth2/userinfo")).headers


@pytest.mark.parametrize("path", ["/oauth2/", "/oauth2/userinfo", "/oauth2/auth"])
async def test_a_store_that_cannot_tell_signs_nobody_out(path: str) -> None:
    stage = await Stage(lookup=Unknown("connection refused")).ready()
    response = await stage.get(path)
    assert response.status_code == 503
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("path", ["/oauth2", "/oauth2/"])
async def test_who_am_i(path: str) -> None:
    stage = await Stage().ready()
    assert (await stage.get(path)).headers["location"] == "/oauth2/sign_in?rd=/"
    await stage.sign_in()
    response = await stage.get(path)
    assert response.status_code == 200
    for shown in ("Rita Reader", "rita@contoso.example", "readers", "15 January 2027, 08:00 UTC", "59 min left"):
        assert shown in response.text
    for hidden in (ACCESS_TOKEN, REFRESH_TOKEN):
        assert hidden not in response.text


async def test_who_am_i_escapes_claims() -> None:
    stage = await Stage().ready()
    stage.op.claims = {"name": "<img src=x onerror=alert(1)>", "groups": ['"><script>']}
    await stage.sign_in()
    text = (await stage.get("/oauth2/")).text
    assert "<img" not in text
    assert "<script>" not in text


async def test_health() -> None:
    stage = await Stage(changes={"portal": PortalSettings(ping_path="/healthz")}).ready(discovered=False)
    assert (await stage.get("/healthz")).text == "OK"
    response = await stage.get("/ready")
    assert response.status_code == 503
    assert response.json()["code"] == "provider.not-ready"
    assert "gateway.yaml" not in response.text
    await stage.provider.refresh_metadata()
    response = await stage.get("/ready")
    assert (response.status_code, response.text) == (200, "OK")


@pytest.mark.parametrize(
    "path", ["/oauth2/nothing", "/oauth2/start/", "/oauth2/callback/x", "/oauth2//start", "/other", "/"]
)
async def test_unknown_paths_are_ours_and_not_found(path: str) -> None:
    stage = await Stage(wants=Wants.JSON).ready()
    response = await stage.get(path, {"host": "evil.example"})
    assert response.status_code == 404
    assert response.json()["code"] == "portal.not-found"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/oauth2/callback"),
        ("HEAD", "/oauth2/callback"),
        ("HEAD", "/oauth2/sign_out"),
        ("POST", "/oauth2/start"),
        ("DELETE", "/oauth2/sign_out"),
        ("PUT", "/oauth2/userinfo"),
        ("POST", "/oauth2/auth"),
        ("TRACE", "/oauth2/"),
        ("POST", "/ping"),
    ],
)
async def test_methods_are_restricted(method: str, path: str) -> None:
    stage = await Stage(wants=Wants.STATUS).ready()
    response = await stage.ask(method, path)
    assert response.status_code == 405
    assert "GET" in response.headers["allow"]
    if method != "HEAD":
        assert response.json()["reason"] == "MethodNotAllowed"


async def test_another_prefix() -> None:
    stage = await Stage(changes={"portal": PortalSettings(prefix="/gate")}).ready()
    response = await stage.get("/gate/start?rd=/gate/sign_out")
    assert "gate%2Fcallback" in response.headers["location"]
    assert (await stage.get("/oauth2/start")).status_code == 404


async def test_a_mistake_of_ours_is_a_page_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = await Stage().ready()

    def fail(*_: object) -> list[str]:
        raise RuntimeError("a detail for the log")

    monkeypatch.setattr(stage.store, "end", fail)
    stage.transport.raise_app_exceptions = False
    response = await stage.get("/oauth2/sign_out")
    assert response.status_code == 500
    assert "Something went wrong here" in response.text
    assert "a detail for the log" not in response.text

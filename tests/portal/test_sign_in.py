"""Conversations about signing in."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from lampgate.config.settings import AllowSettings, HeaderInjection, InjectedValue, PortalSettings
from lampgate.policy.problem import Wants
from lampgate.session.store import StoreUnavailableError
from lampgate.wire.cookies import CookieAttributes
from tests.identity.misbehaving_op import ABSENT, ACCESS_TOKEN, ISSUER
from tests.portal.conversation import ORIGIN, Stage


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def test_from_the_first_click_to_the_session() -> None:
    stage = await Stage().ready()
    response = await stage.get("/oauth2/start?rd=/c/main/pods%3Fnamespace%3Dshop")
    assert response.status_code == 302
    asked = query_of(response.headers["location"])
    assert response.headers["location"].startswith(f"{ISSUER}/authorize?")
    assert asked["redirect_uri"] == f"{ORIGIN}/oauth2/callback"
    (cookie,) = response.headers.get_list("set-cookie")
    assert cookie.startswith(f"__Host-lampgate-signin-{asked['state'][:8]}=")
    assert cookie.endswith("; Path=/; Max-Age=900; HttpOnly; Secure; SameSite=Lax")

    back = await stage.come_back(stage.op.sign_in(response.headers["location"]))
    assert back.status_code == 302
    assert back.headers["location"] == "/c/main/pods?namespace=shop"
    assert set(stage.cookies) == {"__Host-lampgate"}
    session = stage.session
    assert session is not None
    assert session.subject.name == "Rita Reader"
    assert session.tokens["access_token"].value == ACCESS_TOKEN
    assert session.expires_at == stage.clock.now + stage.settings.session.lifetime
    assert session.id_token == ""
    assert session.refresh_token == "refresh-token-of-the-test"


async def test_every_sign_in_makes_a_new_session() -> None:
    stage = await Stage().ready()
    await stage.sign_in()
    first = stage.session
    await stage.sign_in()
    second = stage.session
    assert first is not None
    assert second is not None
    assert first.id != second.id
    assert len(second.id) >= 22
    assert not stage.revocations.is_revoked(first)


async def test_another_person_in_the_same_browser_ends_the_earlier_session() -> None:
    stage = await Stage().ready()
    await stage.sign_in()
    earlier = stage.session
    stage.op.claims = {"sub": "somebody-else"}
    await stage.sign_in()
    assert earlier is not None
    assert stage.revocations.is_revoked(earlier)
    assert stage.session is not None
    assert stage.session.subject.sub == "somebody-else"


async def test_tabs_sign_in_side_by_side() -> None:
    stage = await Stage().ready()
    first, second = await stage.begin("/one"), await stage.begin("/two")
    assert (await stage.come_back(first)).headers["location"] == "/one"
    assert (await stage.come_back(second)).headers["location"] == "/two"


async def test_abandoned_attempts_do_not_pile_up() -> None:
    stage = await Stage().ready()
    for number in range(12):
        stage.clock.now += 1
        await stage.begin(f"/{number}")
    assert len(stage.cookies) == 8
    last = await stage.begin("/last")
    assert (await stage.come_back(last)).headers["location"] == "/last"


async def test_the_id_token_is_kept_only_where_a_header_needs_it() -> None:
    header = HeaderInjection(name="Authorization", values=(InjectedValue(claim="id_token", prefix="Bearer "),))
    stage = await Stage(changes={"inject": (header,)}).ready()
    await stage.sign_in()
    assert stage.session is not None
    assert stage.session.id_token.count(".") == 2


async def test_a_strict_cookie_is_followed_by_a_page_instead_of_a_redirect() -> None:
    stage = await Stage(attributes=CookieAttributes(secure=True, same_site="strict")).ready()
    response = await stage.sign_in("/c/main?a=1&b=2")
    assert response.status_code == 200
    assert 'http-equiv="refresh" content="0; url=/c/main?a=1&amp;b=2"' in response.text
    session_cookie, attempt_cookie = response.headers.get_list("set-cookie")
    assert session_cookie.endswith("SameSite=Strict")
    assert attempt_cookie.endswith("SameSite=Lax")


@pytest.mark.parametrize("rd", ["https://evil.example/", "//evil.example", "/\\evil.example", "/oauth2/sign_out"])
async def test_return_paths_stay_at_home(rd: str) -> None:
    stage = await Stage().ready()
    assert (await stage.sign_in(rd)).headers["location"] == "/"


async def test_prompt_and_claims_are_passed_on_if_they_are_what_they_should_be() -> None:
    stage = await Stage().ready()
    good = await stage.get('/oauth2/start?prompt=select_account&claims={"access_token":{}}')
    assert query_of(good.headers["location"])["prompt"] == "select_account"
    assert query_of(good.headers["location"])["claims"] == '{"access_token":{}}'
    bad = await stage.get("/oauth2/start?prompt=none&claims=[1]")
    assert {"prompt", "claims"}.isdisjoint(query_of(bad.headers["location"]))


async def test_start_says_why_it_cannot() -> None:
    stage = await Stage().ready(discovered=False)
    response = await stage.get("/oauth2/start")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "10"
    assert "has not answered yet" in response.text
    assert stage.cookies == {}


async def test_the_page_with_the_button() -> None:
    stage = await Stage(changes={"portal": PortalSettings(skip_sign_in_page=False)}).ready()
    response = await stage.get("/oauth2/sign_in?rd=/c/main%3Fa%3D1%26b%3D2")
    assert response.status_code == 200
    assert "Sign in with op.example" in response.text
    (start,) = re.findall(r'href="(/oauth2/start[^"]*)"', response.text)
    back = await stage.come_back(stage.op.sign_in((await stage.get(unescape(start))).headers["location"]))
    assert back.headers["location"] == "/c/main?a=1&b=2"
    again = await stage.get("/oauth2/sign_in?rd=/c/main")
    assert again.headers["location"] == "/c/main"


async def test_the_page_is_skipped_where_settings_say_so() -> None:
    stage = await Stage().ready()
    response = await stage.get("/oauth2/sign_in?rd=/c/main")
    assert response.headers["location"].startswith(f"{ISSUER}/authorize?")


async def refused(stage: Stage, parameters: dict[str, str], status: int, code: str) -> httpx.Response:
    response = await stage.come_back(parameters)
    assert response.status_code == status
    assert code in response.text
    assert stage.session is None
    return response


async def test_callback_of_another_browser() -> None:
    stage = await Stage().ready()
    parameters = await stage.begin()
    stage.cookies.clear()
    response = await refused(stage, parameters, 400, "sign-in.unknown-attempt")
    assert "Try again" in response.text
    assert stage.op.forms == []


async def test_callback_with_another_state_never_redeems_the_code() -> None:
    stage = await Stage().ready()
    parameters = await stage.begin()
    changed = parameters["state"][:-1] + ("A" if parameters["state"][-1] != "A" else "B")
    await refused(stage, parameters | {"state": changed}, 400, "sign-in.unknown-attempt")
    assert stage.op.forms == []


async def test_callback_after_too_long() -> None:
    stage = await Stage().ready()
    parameters = await stage.begin()
    stage.clock.now += stage.settings.session.sign_in_timeout + 1
    await refused(stage, parameters, 400, "sign-in.unknown-attempt")


async def test_callback_a_second_time_with_a_session_just_goes_on() -> None:
    stage = await Stage().ready()
    parameters = await stage.begin()
    await stage.come_back(parameters)
    again = await stage.come_back(parameters)
    assert again.status_code == 302
    assert again.headers["location"] == "/"
    assert len(stage.op.forms) == 1


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?code=a",
        "?state=",
        "?state=a&state=b",
        "?code=a&code=b",
        "?state=%00",
        "?state=%FF",
        "?state[]=x",
        "?error=x&error_description=Call+this+number",
        "?state=" + "a" * 43,
        "?iss=a&iss=b",
    ],
)
async def test_callbacks_that_are_none(query: str) -> None:
    stage = await Stage().ready()
    await stage.begin()
    response = await stage.get(f"/oauth2/callback{query}")
    assert response.status_code == 400
    assert "Call this number" not in response.text
    assert stage.op.forms == []


async def test_a_known_attempt_without_code() -> None:
    stage = await Stage().ready()
    parameters = await stage.begin()
    await refused(stage, {"state": parameters["state"]}, 400, "sign-in.malformed-callback")
    assert stage.cookies == {}


async def test_the_provider_reports_an_error_through_the_browser() -> None:
    stage = await Stage().ready()
    parameters = await stage.begin("/c/main")
    description = (
        "AADSTS50105: Your administrator has configured <script>alert(1)</script> the application. Trace ID: 3f"
    )
    response = await refused(
        stage,
        {"state": parameters["state"], "error": "access_denied", "error_description": description},
        403,
        "sign-in.refused-by-provider",
    )
    assert "Only people who are assigned to this application may use it" in response.text
    assert "AADSTS50105" in response.text
    assert "<script>" not in response.text
    assert "/oauth2/start?rd=/c/main" in response.text
    assert stage.cookies == {}


@pytest.mark.parametrize(
    ("error", "status"),
    [("server_error", 503), ("login_required", 400), ("invalid_client", 502), ("consent_required", 403)],
)
async def test_errors_of_the_token_endpoint_have_a_status(error: str, status: int) -> None:
    stage = await Stage().ready()
    stage.op.token_answer = lambda: httpx.Response(400, json={"error": error, "error_description": "because"})
    response = await refused(stage, await stage.begin(), status, "provider.token-refused")
    assert "because" in response.text


async def test_a_claims_challenge_is_repeated_by_trying_again() -> None:
    stage = await Stage().ready()
    claims = '{"access_token":{"polids":{"essential":true,"values":["a&b"]}}}'
    stage.op.token_answer = lambda: httpx.Response(
        400, json={"error": "invalid_grant", "error_description": "AADSTS50076: MFA", "claims": claims}
    )
    response = await refused(stage, await stage.begin("/c/main"), 400, "provider.token-refused")
    (retry,) = re.findall(r'href="(/oauth2/start[^"]*)"', response.text)
    again = await stage.get(unescape(retry))
    assert query_of(again.headers["location"])["claims"] == claims


@pytest.mark.parametrize(
    ("claims", "cause"), [({"nonce": "other"}, "nonce"), ({"iss": "x"}, "issued by"), ({"exp": 1}, "expired")]
)
async def test_an_id_token_that_is_not_acceptable(claims: dict[str, Any], cause: str) -> None:
    stage = await Stage().ready()
    stage.op.claims = claims
    response = await refused(stage, await stage.begin(), 502, "provider.id-token-invalid")
    assert cause in response.text


async def test_a_code_is_redeemed_once() -> None:
    stage = await Stage().ready()
    parameters = await stage.begin()
    browser = dict(stage.cookies)
    await stage.come_back(parameters)
    stage.cookies = browser
    await refused(stage, parameters, 400, "provider.token-refused")


async def test_the_provider_is_gone_at_redemption() -> None:
    stage = await Stage().ready()
    parameters = await stage.begin()
    stage.op.down = True
    await refused(stage, parameters, 503, "provider.unreachable")


@pytest.mark.parametrize(
    ("announced", "issuer", "status"),
    [
        (True, ISSUER, 302),
        (True, None, 400),
        (True, "https://evil.example", 400),
        (False, "https://evil.example", 400),
    ],
)
async def test_rfc_9207_issuer(announced: bool, issuer: str | None, status: int) -> None:
    stage = Stage()
    stage.op.discovery = {"authorization_response_iss_parameter_supported": announced}
    await stage.ready()
    parameters = await stage.begin()
    response = await stage.come_back(parameters | ({"iss": issuer} if issuer else {}))
    assert response.status_code == status
    assert len(stage.op.forms) == (1 if status == 302 else 0)


@pytest.mark.parametrize(
    "allow",
    [AllowSettings(email_domains=("other.example",)), AllowSettings(email_domains=("*",), groups=("admins",))],
)
async def test_an_account_that_is_not_admitted(allow: AllowSettings) -> None:
    stage = await Stage(changes={"allow": allow}).ready()
    response = await refused(stage, await stage.begin("/c/main"), 403, "allow.")
    assert "Rita Reader (rita@contoso.example)" in response.text
    (other,) = re.findall(r'href="(/oauth2/start[^"]*)"', response.text)
    again = await stage.get(unescape(other))
    assert query_of(again.headers["location"])["prompt"] == "select_account"


async def test_an_account_without_address_passes_the_star() -> None:
    stage = await Stage().ready()
    stage.op.claims = {"email": ABSENT}
    assert (await stage.sign_in()).status_code == 302


async def test_scripts_get_json() -> None:
    stage = await Stage(wants=Wants.JSON).ready()
    response = await stage.get("/oauth2/callback?state=x")
    assert response.status_code == 400
    assert response.json()["code"] == "sign-in.unknown-attempt"


async def test_a_session_that_nothing_can_keep() -> None:
    stage = await Stage().ready()

    def save(*_: object) -> list[str]:
        raise StoreUnavailableError("the store does not answer")

    stage.store.save = save  # type: ignore[method-assign, assignment]
    answer = await stage.sign_in("/c/main/pods")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "cannot keep new sessions" in answer.text
    assert "rd=/c/main/pods" in answer.text, "trying again leads where the person wanted to go"
    assert stage.session is None


@pytest.mark.parametrize(
    ("texts", "shown", "hidden"),
    [
        ({}, ["with your organisation", "<footer>lampgate</footer>"], []),
        ({"banner": "Only <b>for</b> operators", "footer": "Ask the platform team"},
         ["<p>Only &lt;b&gt;for&lt;/b&gt; operators</p>", "<footer>Ask the platform team</footer>"],
         ["with your organisation", "<b>for</b>"]),
        ({"banner": "", "footer": ""}, ["<footer></footer>"], ["with your organisation"]),
    ],
    ids=["its-own", "the-operators", "none"],
)  # fmt: skip
async def test_texts_of_the_sign_in_page(texts: dict[str, Any], shown: list[str], hidden: list[str]) -> None:
    stage = await Stage(changes={"portal": PortalSettings(skip_sign_in_page=False, **texts)}).ready()
    page = (await stage.get("/oauth2/sign_in")).text
    assert all(text in page for text in shown), page
    assert not any(text in page for text in hidden), page

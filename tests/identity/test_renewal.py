"""Renewal against Entra (the lab's): what is refreshed, what ends the session, and what may pass."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from msgspec.structs import replace

from lampgate.config.settings import ClientSecret, ProviderSettings
from lampgate.identity import attempt as attempts
from lampgate.identity.provider import Provider
from lampgate.lab import world
from lampgate.lab.entra.applications import gateway_application
from lampgate.lab.entra.tenant import Tenant
from lampgate.session.record import Session
from lampgate.session.renewal import Refused, Renewed, Unsure
from tests.identity.misbehaving_op import Clock
from tests.lab.entra.browser import AKS_SCOPE, CALLBACK, SECRET, SIGNED_OUT, Browser

ISSUER = "https://cluster.example/issuer/"


class Stage:
    """The provider, and a person who has signed in with it."""

    def __init__(self) -> None:
        self.clock = Clock()
        application = gateway_application((CALLBACK, SIGNED_OUT), ISSUER, secrets=[SECRET])
        self.tenant = Tenant("http://127.0.0.1:8081", applications=[application], clock=self.clock)
        self.browser = Browser(self.tenant)
        settings = ProviderSettings(
            kind="entra",
            issuer_url=self.tenant.issuer,
            client_id=world.GATEWAY_APP_ID,
            client_authentication=ClientSecret(secret=SECRET),  # type: ignore[arg-type]
            scopes=(AKS_SCOPE, "openid", "profile", "email", "offline_access"),
        )
        self.provider = Provider(
            settings, place_of=str, clock=self.clock, http_transport=self.browser.http._transport
        )

    async def sign_in(self) -> Session:
        await self.provider.refresh_metadata()
        attempt = attempts.begin(return_path="/", redirect_uri=CALLBACK, now=self.clock())
        response = await self.browser.sign_in(
            "Ada",
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=attempt.code_challenge,
            scope=self.provider.scopes.parameter,
        )
        signed_in = await self.provider.redeem(response["code"], attempt, CALLBACK)
        now = int(self.clock())
        return Session(
            id=secrets.token_urlsafe(8),
            subject=signed_in.subject,
            signed_in_at=now,
            expires_at=now + 12 * 3600,
            tokens={"access_token": signed_in.access_token},
            refresh_token=signed_in.refresh_token,
        )

    @property
    def ada(self) -> str:
        return next(account.username for account in world.ACCOUNTS if account.display_name.startswith("Ada"))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    async with stage.browser.http:
        yield stage
    await stage.tenant.aclose()


async def test_new_tokens_for_the_same_person(stage: Stage) -> None:
    session = await stage.sign_in()
    stage.clock.now += 3000
    outcome = await stage.provider.refresh(session)
    assert isinstance(outcome, Renewed)
    renewed = outcome.session
    assert renewed.access_token is not None
    assert session.access_token is not None
    assert renewed.access_token.value != session.access_token.value
    assert renewed.access_token.obtained_at == int(stage.clock())
    assert renewed.access_token.expires_at > session.access_token.expires_at
    assert renewed.refresh_token not in ("", session.refresh_token)
    assert (renewed.id, renewed.subject, renewed.generation) == (session.id, session.subject, 1)
    assert (renewed.signed_in_at, renewed.expires_at) == (session.signed_in_at, session.expires_at)
    # The old refresh token stays good with Entra, so a replica that missed the new one loses nobody.
    assert isinstance(await stage.provider.refresh(session), Renewed)


@pytest.mark.parametrize(
    ("happens", "reason", "words"),
    [
        (lambda stage: stage.tenant.revoke_refresh_tokens(stage.ada), "invalid_grant", "sign"),
        (lambda stage: stage.tenant.withdraw_consent(world.GATEWAY_APP_ID), "invalid_grant", "agreed"),
    ],
)
async def test_what_ends_a_session(stage: Stage, happens: Callable[[Stage], None], reason: str, words: str) -> None:
    session = await stage.sign_in()
    stage.clock.now += 3000
    happens(stage)
    outcome = await stage.provider.refresh(session)
    assert isinstance(outcome, Refused)
    assert outcome.reason.startswith(reason)
    assert words in outcome.sentence.lower()
    assert session.refresh_token not in repr(outcome)


async def test_a_new_demand_brings_its_claims(stage: Stage) -> None:
    session = await stage.sign_in()
    stage.tenant.require_mfa(stage.ada)
    outcome = await stage.provider.refresh(session)
    assert isinstance(outcome, Refused)
    assert outcome.claims.startswith("{")


@pytest.mark.parametrize("code", [90033, 7000222, 7000215])
async def test_what_is_not_about_the_person_may_pass(stage: Stage, code: int) -> None:
    session = await stage.sign_in()
    stage.tenant.fail_next_token_request(code)
    assert isinstance(await stage.provider.refresh(session), Unsure)
    assert isinstance(await stage.provider.refresh(session), Renewed)


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (httpx.Response(500, text="<html>"), 0.0),
        (httpx.Response(503, headers={"retry-after": "17"}), 17.0),
        (httpx.Response(429, headers={"retry-after": "31"}, json={"error": "invalid_grant"}), 31.0),
        (httpx.Response(429, headers={"retry-after": "99999999999"}), 0.0),
        (httpx.Response(200, json={"access_token": "x\r\ny", "token_type": "Bearer"}), 0.0),
        (httpx.Response(200, text="[" * 100_000), 0.0),
        (httpx.Response(302, headers={"location": "https://evil.example"}), 0.0),
    ],
)
async def test_answers_that_say_nothing_about_the_session(stage: Stage, answer: httpx.Response, wait: float) -> None:
    session = await stage.sign_in()

    async def handle(_request: httpx.Request) -> httpx.Response:
        return answer

    stage.provider._client._client = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    outcome = await stage.provider.refresh(session)
    assert isinstance(outcome, Unsure)
    assert outcome.retry_after == wait
    assert session.refresh_token not in outcome.cause


async def test_somebody_elses_id_token_ends_the_session(stage: Stage) -> None:
    session = await stage.sign_in()
    other = replace(session, subject=replace(session.subject, oid="00000000-0000-4000-8000-000000000000"))
    outcome = await stage.provider.refresh(other)
    assert outcome == Refused("id-token-subject", "The renewed ID token is somebody else's")


async def test_keys_that_were_rolled_meanwhile_cost_nothing(stage: Stage) -> None:
    session = await stage.sign_in()
    stage.tenant.roll_keys()
    assert isinstance(await stage.provider.refresh(session), Renewed)


async def test_without_a_refresh_token_nothing_is_asked(stage: Stage) -> None:
    session = await stage.sign_in()
    assert await stage.provider.refresh(replace(session, refresh_token="")) == Refused("no-refresh-token")

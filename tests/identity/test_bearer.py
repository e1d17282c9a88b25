"""Tokens that requests bring: only what the provider, or a listed issuer, has made out to us stands for somebody."""

from __future__ import annotations

from typing import Any

import pytest

from lampgate.config.settings import BearerIssuer, BearerSettings, ProviderSettings, PublicClient
from lampgate.identity.bearer import Bearers, bearer_in
from lampgate.identity.provider import Provider
from lampgate.identity.subject import SubjectNeeds
from lampgate.session.store import Absent, Found, Unknown
from tests.identity.misbehaving_op import ABSENT, CLIENT_ID, ISSUER, OP, Clock

OTHER = "https://other-op.example"


class Stage:
    """A provider, and a second issuer with keys of its own behind the same transport."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.op = OP(self.clock)
        settings = ProviderSettings(
            issuer_url=ISSUER,
            client_id=CLIENT_ID,
            client_authentication=PublicClient(),
            extra_audiences=("the-api",),
        )
        self.provider = Provider(settings, place_of=str, clock=self.clock, http_transport=self.op.transport)

    async def ready(self, *issuers: BearerIssuer) -> Bearers:
        await self.provider.refresh_metadata()
        return self.provider.bearers(BearerSettings(enabled=True, issuers=issuers))

    def token(self, **claims: Any) -> str:
        self.op.claims = {"nonce": ABSENT, **claims}
        return self.op.id_token("")


@pytest.mark.parametrize("audience", [CLIENT_ID, "the-api"])
async def test_a_token_of_the_provider_stands_for_its_subject(audience: str) -> None:
    stage = Stage()
    bearers = await stage.ready()
    token = stage.token(aud=audience, groups=["sre"])
    found = await bearers.session(token)
    assert isinstance(found, Found)
    session = found.session
    assert session.access_token is not None
    assert session.access_token.value == token
    assert session.subject.groups == ("sre",)
    assert session.expires_at == session.access_token.expires_at
    assert session.refresh_token == ""
    assert token[:40] not in repr(found)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "somebody-else"}, "bearer-audience"),
        ({"iss": OTHER}, "bearer-issuer"),
        ({"exp": 1_700_000_000}, "bearer-expired"),
        ({"exp": ABSENT}, "bearer-times"),
        ({"sub": ABSENT}, "bearer-subject"),
        ({"nbf": 1_900_000_000}, "bearer-not-yet-valid"),
        ({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}, "bearer-logout-token"),
    ],
)
async def test_other_tokens_stand_for_nobody(claims: dict[str, Any], reason: str) -> None:
    stage = Stage()
    bearers = await stage.ready()
    assert await bearers.session(stage.token(**claims)) == Absent(reason)


async def test_claims_that_rules_ask_for_come_along() -> None:
    stage = Stage()
    stage.provider._needs = SubjectNeeds(claims=("team",))
    found = await (await stage.ready()).session(stage.token(team=["sre"], other="x", roles=["Reader"]))
    assert isinstance(found, Found)
    assert found.session.subject.claims == {"team": ("sre",)}
    assert found.session.subject.roles == ("Reader",)


async def test_a_token_with_another_signature_stands_for_nobody() -> None:
    stage = Stage()
    bearers = await stage.ready()
    token = stage.token()
    forged = token[: token.rindex(".") + 1] + "A" * 342
    assert await bearers.session(forged) == Absent("bearer-signature")
    stage.op.header = {"alg": "none"}
    assert isinstance(await bearers.session(token.replace("eyJ", "eyK", 1)), Absent)


async def test_an_unknown_key_makes_us_ask_the_provider_rarely() -> None:
    stage = Stage()
    bearers = await stage.ready()
    stage.op.signs_with = "key-9"
    asked = stage.op.asked_for("/keys")
    for _ in range(20):
        assert await bearers.session(stage.token()) == Absent("bearer-key")
    assert stage.op.asked_for("/keys") == asked + 1


async def test_a_listed_issuer_counts_for_its_audience_only() -> None:
    stage = Stage()
    bearers = await stage.ready(BearerIssuer(issuer_url=OTHER, audience="the-cluster"))
    stage.op.issuer = OTHER
    assert isinstance(await bearers.session(stage.token(iss=OTHER, aud="the-cluster")), Found)
    assert await bearers.session(stage.token(iss=OTHER, aud=CLIENT_ID)) == Absent("bearer-audience")


async def test_an_issuer_that_is_away_signs_nobody_out_and_is_not_pressed() -> None:
    stage = Stage()
    bearers = await stage.ready(BearerIssuer(issuer_url=OTHER, audience="the-cluster"))
    stage.op.down = True
    asked = len(stage.op.requests)
    for _ in range(5):
        assert isinstance(await bearers.session(stage.token(iss=OTHER, aud="the-cluster")), Unknown)
    assert len(stage.op.requests) == asked + 1


@pytest.mark.parametrize(
    ("header", "is_token"),
    [
        (b"Bearer eyJh.eyJz.c2ln", True),
        (b"bearer eyJh.eyJz.c2ln", False),
        (b"Bearer eyJh.eyJz.", False),
        (b"Bearer eyJh.eyJz.c2ln extra", False),
        (b"Bearer opaque", False),
        (b"Basic eyJh.eyJz.c2ln", False),
        (b"Bearer eyJh.eyJz." + b"x" * 40_000, False),
        (b"", False),
    ],
)
def test_what_is_looked_at(header: bytes, *, is_token: bool) -> None:
    assert bool(bearer_in(header)) is is_token

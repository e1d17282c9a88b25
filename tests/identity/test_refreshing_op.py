"""Renewals with providers that misbehave. Names are those of the OpenID conformance modules."""

from __future__ import annotations

import pytest

from lampgate.config.settings import ProviderSettings, PublicClient
from lampgate.identity import attempt as attempts
from lampgate.identity.provider import Provider
from lampgate.identity.subject import SubjectNeeds
from lampgate.session.record import Session
from lampgate.session.renewal import Refused, Renewal, Renewed, Unsure
from tests.identity.misbehaving_op import ABSENT, CLIENT_ID, ISSUER, OP, REFRESH_TOKEN, Clock

CALLBACK = "https://dash.example.com/oauth2/callback"


class SignedIn:
    """Somebody who has signed in, and whose tokens are about to be renewed."""

    def __init__(self, op: OP, provider: Provider, session: Session) -> None:
        self.op = op
        self.session = session
        self._provider = provider

    async def renewed(self) -> Renewal:
        return await self._provider.refresh(self.session)


@pytest.fixture
async def signed_in() -> SignedIn:
    clock = Clock()
    op = OP(clock)
    settings = ProviderSettings(issuer_url=ISSUER, client_id=CLIENT_ID, client_authentication=PublicClient())
    provider = Provider(settings, place_of=str, clock=clock, http_transport=op.transport)
    await provider.refresh_metadata()
    attempt = attempts.begin(return_path="/", redirect_uri=CALLBACK, now=clock())
    callback = op.sign_in(provider.authorization_url(attempt, CALLBACK))
    found = await provider.redeem(callback["code"], attempt, CALLBACK)
    now = int(clock())
    session = Session(
        id="s", subject=found.subject, signed_in_at=now, expires_at=now + 3600,
        tokens={"access_token": found.access_token}, refresh_token=found.refresh_token,
    )  # fmt: skip
    return SignedIn(op, provider, session)


async def test_oidcc_client_test_refresh_token(signed_in: SignedIn) -> None:
    outcome = await signed_in.renewed()
    assert isinstance(outcome, Renewed)
    token = outcome.session.access_token
    assert token is not None
    assert token.value.startswith("renewed.")
    assert outcome.session.refresh_token == REFRESH_TOKEN, "none came: the old one stays"
    assert outcome.session.subject == signed_in.session.subject


async def test_without_an_id_token_the_person_stays_who_they_are(signed_in: SignedIn) -> None:
    signed_in.op.token_members["id_token"] = ABSENT
    outcome = await signed_in.renewed()
    assert isinstance(outcome, Renewed)
    assert outcome.session.subject == signed_in.session.subject


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"sub": "somebody-else"},
        {"sub": ABSENT},
        {"aud": "another-client"},
        {"exp": 1},
        {"iat": ABSENT},
    ],
    ids=[
        "oidcc-client-test-refresh-token-invalid-issuer",
        "oidcc-client-test-refresh-token-invalid-sub",
        "missing-sub", "invalid-aud", "expired", "missing-iat",
    ],
)  # fmt: skip
async def test_an_id_token_that_is_not_theirs_brings_no_tokens(
    signed_in: SignedIn, claims: dict[str, object]
) -> None:
    signed_in.op.claims |= claims
    outcome = await signed_in.renewed()
    assert not isinstance(outcome, Renewed)


async def test_a_refusal_ends_the_session_and_silence_does_not(signed_in: SignedIn) -> None:
    signed_in.op.down = True
    assert isinstance(await signed_in.renewed(), Unsure)
    signed_in.op.down = False
    signed_in.session = Session("s", signed_in.session.subject, 0, 2**40, refresh_token="used-up")
    assert isinstance(await signed_in.renewed(), Refused)


@pytest.mark.parametrize("wanted", [True, False])
async def test_an_id_token_that_a_cookie_had_no_room_for_comes_back(signed_in: SignedIn, *, wanted: bool) -> None:
    signed_in._provider._needs = SubjectNeeds(id_token=wanted)
    assert signed_in.session.id_token == ""
    outcome = await signed_in.renewed()
    assert isinstance(outcome, Renewed)
    assert bool(outcome.session.id_token) is wanted
    signed_in.session = outcome.session
    signed_in.op.token_members["id_token"] = ABSENT
    again = await signed_in.renewed()
    assert isinstance(again, Renewed)
    assert again.session.id_token == outcome.session.id_token, "the one there is stays"

"""Further tokens of a session: one resource each, renewed alone, asked for once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from lampgate.identity.named_tokens import NamedTokens
from lampgate.session.record import Session, Subject, Token
from lampgate.session.renewal import Refused, Unsure
from tests.identity_entra.entra import ADA, Clock, Entra

SCOPES = {"graph": ("https://graph.microsoft.com/User.Read",), "other": ("api://other/read",)}


class Redeemer:
    """Stands in for the provider; answers when told to."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.outcome: Token | Refused | Unsure | None = None
        self.lifetime = 3_600
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, refresh_token: str, scopes: tuple[str, ...]) -> Token | Refused | Unsure:
        self.asked.append((refresh_token, scopes))
        number = len(self.asked)
        await self.may_answer.wait()
        return self.outcome or Token(f"token-{number}", int(self.clock()) + self.lifetime)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def redeem(clock: Clock) -> Redeemer:
    return Redeemer(clock)


@pytest.fixture
async def tokens(clock: Clock, redeem: Redeemer) -> AsyncIterator[NamedTokens]:
    tokens = NamedTokens(SCOPES, redeem=redeem, clock=clock)
    yield tokens
    await tokens.close()


def session(session_id: str = "s", refresh_token: str = "refresh") -> Session:
    return Session(session_id, Subject("https://op", "sub"), 0, 2_000_000_000, refresh_token=refresh_token)


def value(outcome: Token | Refused | Unsure) -> str:
    assert isinstance(outcome, Token), outcome
    return outcome.value


async def test_a_token_is_kept_until_it_is_nearly_over(tokens: NamedTokens, redeem: Redeemer, clock: Clock) -> None:
    assert [value(await tokens.token(session(), "graph")) for _ in range(3)] == ["token-1"] * 3
    assert redeem.asked == [("refresh", SCOPES["graph"])]
    clock.now += 3_600 * 0.8 - 1
    assert value(await tokens.token(session(), "graph")) == "token-1"
    clock.now += 2
    assert value(await tokens.token(session(), "graph")) == "token-2"


async def test_a_short_token_is_used_for_half_of_its_life(
    tokens: NamedTokens, redeem: Redeemer, clock: Clock
) -> None:
    redeem.lifetime = 120
    await tokens.token(session(), "graph")
    clock.now += 59
    assert value(await tokens.token(session(), "graph")) == "token-1"
    clock.now += 2
    assert value(await tokens.token(session(), "graph")) == "token-2"


async def test_names_and_sessions_are_kept_apart(tokens: NamedTokens, redeem: Redeemer) -> None:
    wanted = [("a", "graph"), ("a", "other"), ("b", "graph")]
    found = [value(await tokens.token(session(one), name)) for one, name in wanted]
    assert len(set(found)) == 3
    assert [scopes for _, scopes in redeem.asked] == [SCOPES["graph"], SCOPES["other"], SCOPES["graph"]]
    with pytest.raises(KeyError):
        await tokens.token(session(), "unknown")


async def test_many_wait_for_one_request(tokens: NamedTokens, redeem: Redeemer) -> None:
    redeem.may_answer.clear()
    waiting = [asyncio.create_task(tokens.token(session(), "graph")) for _ in range(20)]
    await asyncio.sleep(0)
    # One goes away; the others get their answer all the same.
    waiting[0].cancel()
    await asyncio.sleep(0)
    redeem.may_answer.set()
    found = await asyncio.gather(*waiting[1:])
    assert {value(one) for one in found} == {"token-1"}
    assert len(redeem.asked) == 1


async def test_a_good_token_goes_before_a_failure(tokens: NamedTokens, redeem: Redeemer, clock: Clock) -> None:
    await tokens.token(session(), "graph")
    clock.now += 3_000
    redeem.outcome = Unsure("away")
    assert value(await tokens.token(session(), "graph")) == "token-1"
    # Not asked at every request while the provider is away.
    assert value(await tokens.token(session(), "graph")) == "token-1"
    assert len(redeem.asked) == 2
    clock.now += 601
    assert await tokens.token(session(), "graph") == Unsure("away")
    redeem.outcome = None
    clock.now += 6
    assert value(await tokens.token(session(), "graph")) == "token-4"


async def test_the_providers_wish_is_followed(tokens: NamedTokens, redeem: Redeemer, clock: Clock) -> None:
    redeem.outcome = Unsure("throttled", 30.0)
    await tokens.token(session(), "graph")
    clock.now += 29
    await tokens.token(session(), "graph")
    assert len(redeem.asked) == 1
    clock.now += 2
    await tokens.token(session(), "graph")
    assert len(redeem.asked) == 2


async def test_a_refusal_is_remembered_for_a_minute(tokens: NamedTokens, redeem: Redeemer, clock: Clock) -> None:
    redeem.outcome = Refused("invalid_grant/consent_required")
    for _ in range(3):
        assert await tokens.token(session(), "graph") == redeem.outcome
    assert len(redeem.asked) == 1
    # A new sign-in may bring what the old one could not.
    redeem.outcome = None
    assert value(await tokens.token(session(refresh_token="new"), "graph")) == "token-2"
    redeem.outcome = Refused("invalid_grant")
    await tokens.token(session("other"), "graph")
    clock.now += 61
    await tokens.token(session("other"), "graph")
    assert len(redeem.asked) == 4


async def test_a_session_without_a_refresh_token_has_none(tokens: NamedTokens, redeem: Redeemer) -> None:
    outcome = await tokens.token(session(refresh_token=""), "graph")
    assert isinstance(outcome, Refused)
    assert outcome.reason == "no-refresh-token"
    assert redeem.asked == []


async def test_what_has_ended_is_forgotten(tokens: NamedTokens, redeem: Redeemer) -> None:
    await tokens.token(session(), "graph")
    tokens.forget("s")
    assert value(await tokens.token(session(), "graph")) == "token-2"


async def test_closing_gives_up_what_is_under_way(tokens: NamedTokens, redeem: Redeemer) -> None:
    redeem.may_answer.clear()
    waiting = asyncio.create_task(tokens.token(session(), "graph"))
    await asyncio.sleep(0)
    await tokens.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_entra_redeems_one_refresh_token_for_several_resources() -> None:
    async with Entra(accounts=(ADA,)) as entra:
        session = entra.session(await entra.sign_in())
        tokens = NamedTokens(SCOPES, redeem=entra.provider.redeem_for, clock=entra.clock)
        graph = await tokens.token(session, "graph")
        assert isinstance(graph, Token)
        assert graph.expires_at > entra.clock()
        answer = await entra.browser.http.get("/oidc/userinfo", headers={"Authorization": f"Bearer {graph.value}"})
        assert answer.status_code == 200
        # An API that the registration has no permission for.
        assert isinstance(await tokens.token(session, "other"), Refused | Unsure)
        entra.tenant.revoke_refresh_tokens("ada@contoso.example")
        tokens.forget(session.id)
        refused = await tokens.token(session, "graph")
        assert isinstance(refused, Refused)
        assert session.refresh_token not in repr(refused)


async def test_entra_that_is_away_refuses_nobody() -> None:
    async with Entra(accounts=(ADA,)) as entra:
        session = entra.session(await entra.sign_in())
        entra.intercept = lambda _request: httpx.Response(503, headers={"retry-after": "11"})
        outcome = await entra.provider.redeem_for(session.refresh_token, SCOPES["graph"])
        assert isinstance(outcome, Unsure)
        assert outcome.retry_after == 11


async def test_other_providers_are_not_asked() -> None:
    async with Entra(accounts=(ADA,)) as entra:
        session = entra.session(await entra.sign_in())
        entra.provider.settings = entra.provider.settings.model_copy(update={"kind": "oidc"})
        assert entra.provider.metadata is not None
        object.__setattr__(entra.provider.metadata, "is_entra", False)
        before = len(entra.requests)
        outcome = await entra.provider.redeem_for(session.refresh_token, SCOPES["graph"])
        assert isinstance(outcome, Refused)
        assert len(entra.requests) == before

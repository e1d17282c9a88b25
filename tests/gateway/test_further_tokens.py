"""Headers with tokens for other resources: there from the first request on, renewed alone, never stale."""

from __future__ import annotations

import asyncio
import time

import pytest

from lampgate.config.settings import HeaderInjection, InjectedValue, ProviderSettings, PublicClient
from lampgate.session.record import Session, Token
from lampgate.session.renewal import Refused, Unsure
from tests.gateway.stage import Stage

GRAPH = "X-Graph-Token"
PROVIDER = ProviderSettings(
    issuer_url="https://issuer.example",
    client_id="client",
    client_authentication=PublicClient(),
    tokens={"graph": ("https://graph.microsoft.com/User.Read",)},
)
INJECT = (
    HeaderInjection(name="Authorization", values=(InjectedValue(claim="access_token", prefix="Bearer "),)),
    HeaderInjection(name=GRAPH, values=(InjectedValue(claim="token:graph"),)),
)


class Source:
    """Gives out numbered tokens, or what it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.forgotten: list[str] = []
        self.lifetime = 3600.0
        self.outcome: Refused | Unsure | None = None
        self.closed = False

    async def token(self, session: Session, name: str) -> Token | Refused | Unsure:
        self.asked.append(name)
        await asyncio.sleep(0)
        return self.outcome or Token(f"graph-{len(self.asked)}", int(time.time() + self.lifetime))

    def forget(self, session_id: str) -> None:
        self.forgotten.append(session_id)

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def source() -> Source:
    return Source()


def stage(source: Source) -> Stage:
    return Stage(further=source, provider=PROVIDER, inject=INJECT)


async def graph_token(stage: Stage, cookie: str) -> str | None:
    """What one request brings to the origin; None where the header is missing."""
    client = await stage.client()
    client.sends(stage.request("GET / HTTP/1.1", f"Cookie: {cookie}", "Connection: close", signed_in=False))
    origin = await stage.origin()
    head = await origin.receives_head()
    origin.answers_ok(b"ok", "Connection: close")
    assert (await client.gets_answer())[0] == 200
    fields = [line.partition(b": ") for line in head[1:]]
    values = [value.decode() for name, _, value in fields if name.lower() == GRAPH.lower().encode()]
    assert len(values) <= 1
    return values[0] if values else None


async def test_it_is_there_from_the_first_request_and_asked_for_once(source: Source) -> None:
    async with stage(source) as there:
        cookie = there.cookie()
        assert [await graph_token(there, cookie) for _ in range(3)] == ["graph-1"] * 3
        assert source.asked == ["graph"]
    assert source.closed


async def test_requests_go_on_with_it_while_the_next_one_is_asked_for(source: Source) -> None:
    source.lifetime = 20
    async with stage(source) as there:
        cookie = there.cookie()
        assert await graph_token(there, cookie) == "graph-1"
        (live,) = there.admission._live[False].all()
        live.further_at = 0.0
        assert await graph_token(there, cookie) == "graph-1"
        while live.further["graph"].value == "graph-1":
            await there.pause()
        assert await graph_token(there, cookie) == "graph-2"


async def test_one_that_has_run_out_is_never_sent(source: Source) -> None:
    async with stage(source) as there:
        cookie = there.cookie()
        assert await graph_token(there, cookie) == "graph-1"
        (live,) = there.admission._live[False].all()
        live.further_until = time.time()
        assert await graph_token(there, cookie) == "graph-2"
        live.further_until, source.lifetime = time.time(), -1
        client = await there.client()
        client.sends(there.request("GET / HTTP/1.1", f"Cookie: {cookie}", signed_in=False))
        assert (await client.gets_answer())[0] == 503


async def test_what_the_person_cannot_have_is_left_out_and_said_once(
    source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    source.outcome = Refused("invalid_grant", "There is no consent for it.")
    async with stage(source) as there:
        cookie = there.cookie()
        assert [await graph_token(there, cookie) for _ in range(3)] == [None] * 3
    assert caplog.text.count("There is no consent for it.") == 1


async def test_who_cannot_be_told_comes_back_later(source: Source) -> None:
    source.outcome = Unsure("the provider did not answer", 7.0)
    async with stage(source) as there:
        client = await there.client()
        client.sends(there.request())
        status, headers, _ = await client.gets_answer()
        assert (status, headers["retry-after"]) == (503, "7")
        source.outcome = None
        assert await graph_token(there, there.cookie()) is not None


async def test_a_client_cannot_bring_its_own(source: Source) -> None:
    source.outcome = Refused("no-refresh-token", "no")
    async with stage(source) as there:
        client = await there.client()
        client.sends(there.request("GET / HTTP/1.1", f"{GRAPH}: forged", f"{GRAPH.lower()}: forged"))
        origin = await there.origin()
        assert not any(b"forged" in line for line in await origin.receives_head())


async def test_the_end_of_a_session_is_the_end_of_its_tokens(source: Source) -> None:
    async with stage(source) as there:
        session = there.session("s9")
        assert await graph_token(there, there.cookie(session)) == "graph-1"
        there.revocations.revoke(session)
        assert source.forgotten == ["s9"]


async def test_settings_that_take_it_no_more(source: Source) -> None:
    async with stage(source) as there:
        cookie = there.cookie()
        assert await graph_token(there, cookie) == "graph-1"
        there.admission.reload(there.settings.model_copy(update={"inject": INJECT[:1]}), None)
        assert await graph_token(there, cookie) is None

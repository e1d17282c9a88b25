"""Groups that an ID token has no room for: looked up with Graph, and never taken for none."""

from __future__ import annotations

import logging
from dataclasses import replace

import httpx
import pytest

from lampgate.identity.groups import GRAPH_SCOPE, MOST_GROUPS
from lampgate.identity.subject import SubjectNeeds, lacks_groups
from lampgate.session.renewal import Renewed
from tests.identity_entra.entra import ADA, GROUPS, MANY, Entra

WANTED = SubjectNeeds(groups=frozenset({GROUPS[3], GROUPS[249], "9c0d4b1e-0000-4d0c-9a8f-000000000000"}))


@pytest.mark.parametrize(
    ("claims", "lacking"),
    [
        ({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://old.example"}}}, True),
        ({"hasgroups": True}, True),
        ({"hasgroups": "true"}, True),
        ({"hasgroups": False}, False),
        ({"_claim_names": {"other": "src1"}}, False),
        ({"_claim_names": "groups"}, False),
        ({"groups": ["a"], "hasgroups": True}, False),
        ({"groups": []}, False),
        ({}, False),
    ],
)
def test_overage_is_noticed(claims: dict[str, object], *, lacking: bool) -> None:
    assert lacks_groups(claims, "groups") is lacking


def test_only_the_claim_that_is_looked_at_can_lack_groups() -> None:
    assert not lacks_groups({"hasgroups": True}, "roles")
    assert not lacks_groups({"_claim_names": {"groups": "src1"}}, "roles")
    assert lacks_groups({"_claim_names": {"roles": "src1"}}, "roles")


async def test_groups_are_asked_of_graph() -> None:
    async with Entra(needs=WANTED) as entra:
        signed_in = await entra.sign_in()
        # Of 250 groups those that matter: the session may have to fit a cookie.
        assert signed_in.subject.groups == (GROUPS[3], GROUPS[249])
        assert signed_in.subject.groups_complete
        (request,) = entra.asked("getMemberObjects")
        assert request.url.host == "127.0.0.1"
        assert entra.scopes_asked()[-1] == GRAPH_SCOPE
        # The session's own token is still the cluster's.
        assert request.headers["authorization"] != f"Bearer {signed_in.access_token.value}"


async def test_all_groups_are_kept_where_a_header_takes_them() -> None:
    async with Entra() as entra:
        assert set((await entra.sign_in()).subject.groups) == set(GROUPS)


async def test_no_more_than_a_header_could_take(caplog: pytest.LogCaptureFixture) -> None:
    many = tuple(f"9c0d4b1e-55aa-4d0c-9a8f-{number:012d}" for number in range(MOST_GROUPS + 1))
    async with Entra(accounts=(replace(MANY, groups=many),)) as entra:
        with caplog.at_level(logging.WARNING, "lampgate.identity"):
            subject = (await entra.sign_in()).subject
    assert len(subject.groups) == MOST_GROUPS
    assert not subject.groups_complete
    assert "2001 groups" in caplog.text


async def test_nobody_asks_where_no_rule_and_no_header_does() -> None:
    async with Entra(needs=SubjectNeeds(groups=frozenset())) as entra:
        subject = (await entra.sign_in()).subject
        assert (subject.groups, subject.groups_complete) == ((), False)
        assert entra.asked("getMemberObjects") == []


async def test_nobody_asks_where_the_token_says_it() -> None:
    async with Entra(accounts=(ADA,), needs=WANTED) as entra:
        subject = (await entra.sign_in()).subject
        assert (subject.groups, subject.groups_complete) == (ADA.groups, True)
        assert entra.asked("getMemberObjects") == []


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_a_failure_is_not_an_empty_list(status: int, caplog: pytest.LogCaptureFixture) -> None:
    async with Entra(needs=WANTED) as entra:
        entra.tenant.fail_next_graph_request(status)
        with caplog.at_level(logging.WARNING, "lampgate.identity"):
            subject = (await entra.sign_in()).subject
    assert not subject.groups_complete
    (line,) = [message for message in caplog.messages if "groups not known" in message]
    assert str(status) in line
    assert subject.key in line
    assert ("User.Read" in line) is (status in {401, 403})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(200, json={"value": "none"}), "200"),
        (httpx.Response(200, text="<html>"), "200"),
        (httpx.Response(302, headers={"location": "https://elsewhere.example"}), "redirect"),
    ],
)
async def test_answers_of_graph_that_are_none(
    answer: httpx.Response, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Entra(needs=WANTED) as entra:
        entra.intercept = lambda request: answer if "getMemberObjects" in request.url.path else None
        with caplog.at_level(logging.WARNING, "lampgate.identity"):
            assert not (await entra.sign_in()).subject.groups_complete
    assert said in caplog.text


async def test_without_consent_for_graph(caplog: pytest.LogCaptureFixture) -> None:
    async with Entra(needs=WANTED) as entra:
        parameters, attempt = await entra.come_back()
        tokens_before = len(entra.asked("/token"))

        def refuse_graph(request: httpx.Request) -> httpx.Response | None:
            if "/token" not in request.url.path or len(entra.asked("/token")) == tokens_before + 1:
                return None
            return httpx.Response(400, json={"error": "invalid_grant", "suberror": "consent_required"})

        entra.intercept = refuse_graph
        with caplog.at_level(logging.WARNING, "lampgate.identity"):
            signed_in = await entra.provider.redeem(parameters["code"], attempt, attempt.redirect_uri)
    assert not signed_in.subject.groups_complete
    assert "groups not known" in caplog.text
    assert signed_in.refresh_token not in caplog.text


async def test_without_a_refresh_token(caplog: pytest.LogCaptureFixture) -> None:
    async with Entra(needs=WANTED) as entra:
        parameters, attempt = await entra.come_back(as_configured=True)
        entra.provider._scopes = replace(entra.provider.scopes, added=("offline_access",))
        with caplog.at_level(logging.WARNING, "lampgate.identity"):
            signed_in = await entra.provider.redeem(parameters["code"], attempt, attempt.redirect_uri)
    assert signed_in.refresh_token == ""
    assert not signed_in.subject.groups_complete
    assert "offline_access" in caplog.text


async def test_an_answer_is_used_again_for_some_minutes() -> None:
    async with Entra(needs=WANTED) as entra:
        for _ in range(2):
            assert (await entra.sign_in()).subject.groups_complete
        assert len(entra.asked("getMemberObjects")) == 1
        entra.clock.now += 301
        await entra.sign_in()
        assert len(entra.asked("getMemberObjects")) == 2


async def test_graph_is_left_alone_for_a_moment_after_a_failure() -> None:
    async with Entra(needs=WANTED) as entra:
        entra.tenant.fail_next_graph_request()
        for _ in range(2):
            assert not (await entra.sign_in()).subject.groups_complete
        assert len(entra.asked("getMemberObjects")) == 1
        entra.clock.now += 16
        assert (await entra.sign_in()).subject.groups_complete


async def test_a_renewal_looks_again_and_keeps_what_is_known() -> None:
    async with Entra(needs=WANTED) as entra:
        session = entra.session(await entra.sign_in())
        entra.clock.now += 1_800
        entra.tenant.fail_next_graph_request()
        renewed = await entra.provider.refresh(session)
        assert isinstance(renewed, Renewed)
        # Graph is away: nobody loses their groups for that.
        assert renewed.session.subject.groups == (GROUPS[3], GROUPS[249])
        assert renewed.session.subject.groups_complete
        entra.clock.now += 1_800
        entra.tenant.accounts = (replace(MANY, groups=GROUPS[:240]),)
        renewed = await entra.provider.refresh(renewed.session)
        assert isinstance(renewed, Renewed)
        assert renewed.session.subject.groups == (GROUPS[3],)


async def test_a_renewal_brings_groups_that_were_missing() -> None:
    async with Entra(needs=WANTED) as entra:
        entra.tenant.fail_next_graph_request()
        session = entra.session(await entra.sign_in())
        assert not session.subject.groups_complete
        entra.clock.now += 60
        renewed = await entra.provider.refresh(session)
        assert isinstance(renewed, Renewed)
        assert renewed.session.subject.groups_complete

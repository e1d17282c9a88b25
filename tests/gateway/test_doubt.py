"""Sessions of which it cannot be told whether the person may pass: neither forwarded nor ended, and renewed."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from lampgate.config.settings import AllowSettings
from lampgate.session.record import Session
from lampgate.session.renewal import Renewal, Renewed
from tests.gateway.stage import Stage
from tests.gateway.test_renewals import Echoing, Provider, ask, refused, renewed

ADMINS: dict[str, Any] = {"allow": AllowSettings(email_domains=("*",), groups=("admins",))}


def in_doubt(stage: Stage) -> Session:
    """A session whose cookie had no room for the groups; its token is good."""
    session = stage.session()
    subject = replace(session.subject, groups=(), groups_complete=False)
    return replace(session, subject=subject, refresh_token="refresh-0")


def brings(*groups: str) -> Provider:
    """A provider whose renewals bring these groups."""

    def answer(session: Session) -> Renewal:
        outcome = renewed(session)
        assert isinstance(outcome, Renewed)
        subject = replace(outcome.session.subject, groups=groups, groups_complete=True)
        return Renewed(replace(outcome.session, subject=subject))

    return Provider(answer)


async def test_a_renewal_brings_what_is_missing() -> None:
    provider = brings("admins")
    async with Echoing(Stage(redeem=provider, **ADMINS)) as stage:
        cookie = stage.cookie(in_doubt(stage))
        status, _, body = await ask(stage, cookie)
        assert status == 200
        assert b"token-1" in body
        assert len(provider.asked) == 1
        await ask(stage, cookie)
        assert len(provider.asked) == 1


async def test_a_renewal_shows_that_the_person_may_not_pass() -> None:
    async with Stage(redeem=brings("readers"), **ADMINS) as stage:
        status, _, _ = await ask(stage, stage.cookie(in_doubt(stage)))
        assert status == 401
        assert stage.origin_untouched


async def test_what_still_cannot_be_told_is_said_and_not_asked_at_every_request() -> None:
    provider = Provider(renewed)
    async with Echoing(Stage(redeem=provider, **ADMINS)) as stage:
        cookie = stage.cookie(in_doubt(stage))
        for _ in range(3):
            status, headers, _ = await ask(stage, cookie)
            assert status == 503
            assert int(headers["retry-after"]) > 0
        assert len(provider.asked) == 1


async def test_a_provider_that_refuses_ends_it() -> None:
    async with Stage(redeem=Provider(refused), **ADMINS) as stage:
        status, _, _ = await ask(stage, stage.cookie(in_doubt(stage)))
        assert status == 401


async def test_doubt_about_groups_matters_to_rules_about_groups_only() -> None:
    provider = Provider(renewed)
    async with Echoing(Stage(redeem=provider)) as stage:
        status, _, _ = await ask(stage, stage.cookie(in_doubt(stage)))
        assert status == 200
        assert provider.asked == []

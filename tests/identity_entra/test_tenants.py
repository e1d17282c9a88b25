"""Authorities of one tenant by any name, and of several tenants."""

from __future__ import annotations

from typing import Any

import pytest

from lampgate.config.settings import AllowSettings
from lampgate.identity.errors import IdTokenInvalidError
from lampgate.lab import world
from lampgate.lab.entra import tokens
from lampgate.policy.allow import refusal
from tests.identity_entra.entra import ADA, ORIGIN, Entra


def entra(authority: str, **changes: Any) -> Entra:
    return Entra(
        accounts=(ADA,),
        application={"multi_tenant": True},
        settings={"issuer_url": f"{ORIGIN}/{authority}/v2.0"} | changes,
    )


@pytest.mark.parametrize("authority", [world.TENANT_ID, world.TENANT_DOMAIN, "common", "organizations"])
async def test_signing_in(authority: str) -> None:
    async with entra(authority) as stage:
        assert stage.provider.settings.is_tenantless is (authority in {"common", "organizations"})
        subject = (await stage.sign_in()).subject
        assert (subject.tid, subject.oid) == (world.TENANT_ID, ADA.oid)
        assert subject.issuer == f"{ORIGIN}/{world.TENANT_ID}/v2.0"
        # The lab's Graph, as the discovery document names it.
        assert stage.provider.metadata is not None
        assert stage.provider.metadata.graph_host == "127.0.0.1:8081"


@pytest.mark.parametrize(
    ("issuer_tenant", "tid"),
    [
        ("4c1b0a52-6f0e-4c57-9d43-6a1f2b7c8d10", world.TENANT_ID),
        (world.TENANT_ID, "4c1b0a52-6f0e-4c57-9d43-6a1f2b7c8d10"),
        ("{tenantid}", "{tenantid}"),
        ("evil", "evil"),
        (world.TENANT_ID, None),
    ],
)
async def test_issuer_and_tenant_of_a_token_have_to_agree(
    issuer_tenant: str, tid: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = tokens.id_token_claims

    def forged(*arguments: Any) -> tokens.Claims:
        claims = original(*arguments) | {"iss": f"{ORIGIN}/{issuer_tenant}/v2.0", "tid": tid}
        return {name: value for name, value in claims.items() if value is not None}

    monkeypatch.setattr("lampgate.lab.entra.redemption.id_token_claims", forged)
    async with entra("organizations") as stage:
        with pytest.raises(IdTokenInvalidError) as caught:
            await stage.sign_in()
        assert caught.value.reason == "issuer"


async def test_a_good_token_of_another_tenant_is_for_the_allow_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    other = "4c1b0a52-6f0e-4c57-9d43-6a1f2b7c8d10"
    original = tokens.id_token_claims

    def elsewhere(*arguments: Any) -> tokens.Claims:
        return original(*arguments) | {"iss": f"{ORIGIN}/{other}/v2.0", "tid": other}

    monkeypatch.setattr("lampgate.lab.entra.redemption.id_token_claims", elsewhere)
    async with entra("organizations") as stage:
        subject = (await stage.sign_in()).subject
    problem = refusal(AllowSettings(email_domains=("*",), tenants=(world.TENANT_ID,)), subject)
    assert problem is not None
    assert (problem.status, problem.code) == (403, "allow.tenant")
    assert refusal(AllowSettings(email_domains=("*",), tenants=(other,)), subject) is None

"""Projected service account tokens, checked as Entra would check a federated credential."""

from __future__ import annotations

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from lampgate.lab import world
from lampgate.lab.kubernetes.service_accounts import ServiceAccountIssuer
from tests.lab.kubernetes.conftest import START


def test_a_token_verifies_with_the_published_keys(service_accounts: ServiceAccountIssuer) -> None:
    token = service_accounts.issue(world.GATEWAY_SERVICE_ACCOUNT, world.FEDERATION_AUDIENCE, 3600)
    keys = KeySet.import_key_set(service_accounts.jwks())  # type: ignore[arg-type]
    verified = jwt.decode(token, keys, algorithms=["RS256"])
    assert verified.header["kid"] == service_accounts.jwks()["keys"][0]["kid"]
    assert verified.claims["iss"] == service_accounts.issuer
    assert verified.claims["sub"] == world.GATEWAY_SERVICE_ACCOUNT
    assert verified.claims["aud"] == [world.FEDERATION_AUDIENCE]
    assert (verified.claims["iat"], verified.claims["exp"]) == (START, START + 3600)
    assert verified.claims["kubernetes.io"]["namespace"] == "headlamp"


@pytest.mark.parametrize(
    "subject", ["ada@contoso.example", "system:serviceaccount:", "system:serviceaccount:headlamp"]
)
def test_only_service_accounts_get_one(service_accounts: ServiceAccountIssuer, subject: str) -> None:
    with pytest.raises(ValueError, match="is not a service account"):
        service_accounts.issue(subject, world.FEDERATION_AUDIENCE, 3600)

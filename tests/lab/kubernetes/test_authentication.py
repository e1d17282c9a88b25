"""Tokens the API front accepts, and the many it does not."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from lampgate.lab import world
from lampgate.lab.kubernetes.app import Front
from lampgate.lab.kubernetes.authentication import KEY_REFETCH_INTERVAL
from lampgate.lab.kubernetes.authorization import User
from lampgate.lab.kubernetes.status import StatusError
from tests.lab.kubernetes.conftest import ADA, RITA, Clock
from tests.lab.kubernetes.fake_entra import V2_ISSUER, FakeEntra

UNAUTHORIZED = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "Unauthorized",
    "reason": "Unauthorized",
    "code": 401,
}


async def refused(front: Front, authorization: str | None) -> None:
    with pytest.raises(StatusError) as refusal:
        await front.authenticator.authenticate(authorization)
    assert refusal.value.body() == UNAUTHORIZED


async def test_an_entra_user(front: Front, entra: FakeEntra) -> None:
    assert await front.authenticator.authenticate(f"Bearer {entra.aks_token(RITA)}") == User(
        name=RITA.username, groups=(*RITA.groups, "system:authenticated"), extra={"oid": [RITA.oid]}
    )


async def test_a_guest_has_no_upn(front: Front, entra: FakeEntra) -> None:
    user = await front.authenticator.authenticate(f"bearer {entra.aks_token(RITA, upn=None, groups=None)}")
    assert (user.name, user.groups) == (RITA.oid, ("system:authenticated",))


NOT_ACCEPTED: dict[str, dict[str, Any]] = {
    "an ID token (v2.0)": {"iss": V2_ISSUER, "aud": world.GATEWAY_APP_ID, "ver": "2.0"},
    "v2.0 issuer, right audience": {"iss": V2_ISSUER},
    "right issuer, the client's audience": {"aud": world.GATEWAY_APP_ID},
    "Microsoft Graph": {"aud": world.GRAPH_APP_ID},
    "legacy audience": {"aud": f"spn:{world.AKS_SERVER_APP_ID}"},
    "no audience": {"aud": None},
    "another tenant": {"iss": "https://entra.test/sts/72f988bf-86f1-41af-91ab-2d7cd011db47/"},
    "issuer without its slash": {"iss": f"https://entra.test/sts/{world.TENANT_ID}"},
    "expired": {"exp": 1_795_000_000},
    "no expiry": {"exp": None},
    "expiry as text": {"exp": "2099"},
    "not yet valid": {"nbf": 1_795_000_000 + 301},
    "nobody": {"upn": None, "oid": None},
}


@pytest.mark.parametrize("changes", NOT_ACCEPTED.values(), ids=NOT_ACCEPTED)
async def test_tokens_that_are_not_accepted(front: Front, entra: FakeEntra, changes: dict[str, Any]) -> None:
    await refused(front, f"Bearer {entra.aks_token(ADA, **changes)}")


async def test_headers_that_are_no_token(front: Front, entra: FakeEntra) -> None:
    token = entra.aks_token(ADA)
    for header in (None, "", "Bearer", "Bearer ", f"Basic {token}", token, "Bearer a.b.c", f"Bearer {token}é",
                   f"Bearer {token[:-8]}AAAAAAAA", "Bearer " + "a" * 70_000):  # fmt: skip
        await refused(front, header)


async def test_algorithms_are_not_the_tokens_choice(front: Front, entra: FakeEntra) -> None:
    claims = entra.aks_claims(ADA)
    secret = OctKey.import_key(b"0123456789abcdef0123456789abcdef")
    header = {"alg": "HS256", "kid": entra.key.kid}
    await refused(front, f"Bearer {jwt.encode(header, claims, secret, algorithms=['HS256'])}")
    await refused(front, f"Bearer {jwt.encode({**header, 'alg': 'RS512'}, claims, entra.key, algorithms=['RS512'])}")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": entra.key.kid}).encode()).decode().rstrip("=")
    await refused(front, f"Bearer {none}.{entra.sign(claims).split('.')[1]}.")


async def test_service_account_tokens_are_not_accepted(front: Front) -> None:
    token = front.service_accounts.issue(world.GATEWAY_SERVICE_ACCOUNT, world.AKS_SERVER_APP_ID, 3600)
    await refused(front, f"Bearer {token}")


async def test_issuer_and_keys_are_found_as_aks_finds_them(front: Front, entra: FakeEntra) -> None:
    for _ in range(3):
        await front.authenticator.authenticate(f"Bearer {entra.aks_token(ADA)}")
    assert entra.asked == [
        f"/{world.TENANT_ID}/.well-known/openid-configuration",
        f"/sts/{world.TENANT_ID}/.well-known/openid-configuration",
        f"/{world.TENANT_ID}/discovery/keys",
    ]


async def test_metadata_of_another_issuer_is_not_believed(front: Front, entra: FakeEntra) -> None:
    entra.metadata_issuer = "https://elsewhere.test/"
    await refused(front, f"Bearer {entra.aks_token(ADA)}")


async def test_a_new_key_is_fetched_but_not_for_each_token(front: Front, entra: FakeEntra, clock: Clock) -> None:
    await front.authenticator.authenticate(f"Bearer {entra.aks_token(ADA)}")
    new = RSAKey.generate_key(2048, auto_kid=True)
    entra.published = [entra.key, new]
    rotated = f"Bearer {entra.sign(entra.aks_claims(ADA), key=new)}"
    asked = len(entra.asked)
    await refused(front, rotated)
    assert len(entra.asked) == asked

    clock.now += KEY_REFETCH_INTERVAL
    assert (await front.authenticator.authenticate(rotated)).name == ADA.username
    for _ in range(3):
        await refused(front, f"Bearer {entra.sign(entra.aks_claims(ADA), key=new, kid='unknown')}")
    assert entra.asked[asked:] == [f"/{world.TENANT_ID}/discovery/keys"]


async def test_nobody_gets_in_while_entra_is_away(front: Front, entra: FakeEntra) -> None:
    entra.down = True
    await refused(front, f"Bearer {entra.aks_token(ADA)}")
    entra.down = False
    assert (await front.authenticator.authenticate(f"Bearer {entra.aks_token(ADA)}")).name == ADA.username


async def test_the_401_on_the_wire(rita: httpx.AsyncClient) -> None:
    for path in ("/api/v1/pods", "/version", "/no/such/path", "/healthz"):
        answer = await rita.get(path, headers={"Authorization": "Bearer nonsense"})
        assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
        assert answer.headers["cache-control"] == "no-cache, private"
    assert list(UNAUTHORIZED) == list(answer.json())


async def test_tokens_stay_out_of_the_log(front: Front, entra: FakeEntra, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    token = entra.aks_token(ADA, aud=world.GRAPH_APP_ID)
    await refused(front, f"Bearer {token}")
    assert world.GRAPH_APP_ID in caplog.text
    assert token not in caplog.text
    assert token.split(".")[1] not in caplog.text

"""A tenant that publishes keys and signs tokens, as far as the API front asks for it."""

from __future__ import annotations

from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from lampgate.lab import world

ORIGIN = "https://entra.test"
V1_ISSUER = f"{ORIGIN}/sts/{world.TENANT_ID}/"
V2_ISSUER = f"{ORIGIN}/{world.TENANT_ID}/v2.0"


class FakeEntra:
    """Answers metadata and keys through `transport`, and counts what it was asked."""

    def __init__(self, clock: Any, key: RSAKey) -> None:
        self.clock = clock
        self.key = key
        self.published = [key]
        self.asked: list[str] = []
        self.down = False
        self.metadata_issuer = V1_ISSUER
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if self.down:
            raise httpx.ConnectError("no route", request=request)
        keys_path = f"/{world.TENANT_ID}/discovery/keys"
        if path == f"/{world.TENANT_ID}/.well-known/openid-configuration":
            return httpx.Response(200, json={"issuer": V1_ISSUER, "jwks_uri": f"{ORIGIN}{keys_path}"})
        if path == f"/sts/{world.TENANT_ID}/.well-known/openid-configuration":
            return httpx.Response(200, json={"issuer": self.metadata_issuer, "jwks_uri": f"{ORIGIN}{keys_path}"})
        if path == keys_path:
            # As Entra does it: an issuer template in each key, and no "alg".
            keys = [{**key.as_dict(private=False), "use": "sig", "issuer": V2_ISSUER} for key in self.published]
            return httpx.Response(200, json={"keys": keys})
        return httpx.Response(404)

    def aks_claims(self, account: world.Account, **changes: Any) -> dict[str, Any]:
        """The claims of the access token AKS accepts; a change of None drops a claim."""
        now = int(self.clock())
        claims = {
            "aud": world.AKS_SERVER_APP_ID,
            "iss": V1_ISSUER,
            "iat": now,
            "nbf": now,
            "exp": now + 4000,
            "oid": account.oid,
            "upn": account.username,
            "groups": list(account.groups),
            "scp": "user.read",
            "tid": world.TENANT_ID,
            "ver": "1.0",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims: dict[str, Any], *, key: RSAKey | None = None, kid: str | None = None) -> str:
        key = key or self.key
        return jwt.encode({"alg": "RS256", "kid": kid or key.kid}, claims, key, algorithms=["RS256"])

    def aks_token(self, account: world.Account, **changes: Any) -> str:
        return self.sign(self.aks_claims(account, **changes))

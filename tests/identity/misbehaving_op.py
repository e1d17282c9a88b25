"""An OpenID provider in memory that behaves well by default and badly on request.

One attribute for each misbehaviour; the tests are named after the modules of the OpenID Foundation's relying party
conformance suite that ask for the same.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jws
from joserfc.jwk import RSAKey

ISSUER = "https://op.example"
CLIENT_ID = "gateway-client"
TENANT = "0f3c9a52-6f0e-4c57-9d43-6a1f2b7c8d10"
ACCESS_TOKEN = "ey.access-token-for-the-dashboard.sig"
REFRESH_TOKEN = "refresh-token-of-the-test"

#: As the value of a claim or member: leave it out.
ABSENT = object()


class Clock:
    """A clock that tests move."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@cache
def signing_key(kid: str) -> RSAKey:
    """A key pair, made once a test run."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class OP:
    """The provider. ``requests`` holds what was asked of it; ``forms`` the token requests."""

    clock: Clock
    issuer: str = ISSUER
    discovery: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    token_members: dict[str, Any] = field(default_factory=dict)
    token_answer: Callable[[], httpx.Response] | None = None
    published: list[str] = field(default_factory=lambda: ["key-1"])
    signs_with: str = "key-1"
    change_token: Callable[[str], str] = str
    down: bool = False
    requests: list[httpx.Request] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def sign_in(self, authorization_url: str) -> dict[str, str]:
        """What a person does at the provider; the parameters of the callback."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(authorization_url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(24)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def asked_for(self, path: str) -> int:
        return sum(request.url.path == path for request in self.requests)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.down:
            raise httpx.ConnectError("connection refused", request=request)
        path = request.url.path
        if path.endswith("/.well-known/openid-configuration"):
            return httpx.Response(200, json=self._discovery())
        if path == "/keys":
            keys = [signing_key(kid).as_dict(private=False) for kid in self.published]
            if self.header.get("kid") is ABSENT:
                keys = [{name: value for name, value in key.items() if name != "kid"} for key in keys]
            return httpx.Response(200, json={"keys": keys})
        if path == "/token" and request.method == "POST":
            return self._token(request)
        return httpx.Response(404, text="no such thing")

    def _discovery(self) -> dict[str, Any]:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "end_session_endpoint": f"{ISSUER}/logout",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return _without_absent(document | self.discovery)

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.forms.append(form)
        if self.token_answer is not None:
            return self.token_answer()
        if form["grant_type"] == "refresh_token":
            return self._refreshed(form)
        asked = self.codes.pop(form["code"], None)
        challenge = encoded(hashlib.sha256(form["code_verifier"].encode()).digest())
        if (
            asked is None
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
            or form["scope"] != asked["scope"]
        ):
            return httpx.Response(400, json={"error": "invalid_grant"})
        members = {
            "token_type": "Bearer",
            "access_token": ACCESS_TOKEN,
            "refresh_token": REFRESH_TOKEN,
            "expires_in": 3599,
            "id_token": self.id_token(asked["nonce"]),
        }
        return httpx.Response(200, json=_without_absent(members | self.token_members))

    def _refreshed(self, form: dict[str, str]) -> httpx.Response:
        if form["refresh_token"] != REFRESH_TOKEN:
            return httpx.Response(400, json={"error": "invalid_grant"})
        members = {
            "token_type": "Bearer",
            "access_token": f"renewed.{ACCESS_TOKEN}",
            "expires_in": 3599,
            "id_token": self.id_token(""),
        }
        return httpx.Response(200, json=_without_absent(members | self.token_members))

    def id_token(self, nonce: str) -> str:
        now = int(self.clock())
        claims = {
            "iss": self.issuer,
            "sub": "subject-of-rita",
            "aud": CLIENT_ID,
            "exp": now + 3600,
            "iat": now,
            "nonce": nonce,
            "name": "Rita Reader",
            "email": "rita@contoso.example",
            "preferred_username": "rita@contoso.example",
            "groups": ["readers"],
        }
        payload = json.dumps(_without_absent(claims | self.claims)).encode()
        header = _without_absent({"alg": "RS256", "kid": self.signs_with} | self.header)
        if header["alg"] == "none":
            return f"{encoded(json.dumps(header).encode())}.{encoded(payload)}."
        registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
        return self.change_token(
            jws.serialize_compact(header, payload, signing_key(self.signs_with), registry=registry)
        )


def _without_absent(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not ABSENT}

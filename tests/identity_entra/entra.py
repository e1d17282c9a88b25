"""The lab's Entra and a relying party that talks to it, in one process and without sockets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from lampgate.config.settings import ProviderSettings
from lampgate.identity import attempt as attempts
from lampgate.identity.attempt import SignInAttempt
from lampgate.identity.provider import Provider, SignedIn
from lampgate.identity.subject import SubjectNeeds
from lampgate.lab import world
from lampgate.lab.entra.applications import Application, gateway_application
from lampgate.lab.entra.keys import SigningKeys
from lampgate.lab.entra.tenant import Tenant
from lampgate.session.record import Session
from tests.lab.entra.browser import CALLBACK, SECRET, Browser, answer

ORIGIN = "http://127.0.0.1:8081"
NOW = 1_800_000_000.0
ADA = world.ACCOUNTS[0]
GROUPS = tuple(f"9c0d4b1e-55aa-4d0c-9a8f-{number:012d}" for number in range(250))
#: Somebody whose groups no ID token has room for.
MANY = replace(ADA, groups=GROUPS)


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@cache
def keys() -> SigningKeys:
    """Made once, as making RSA keys takes its time."""
    return SigningKeys(NOW)


@dataclass
class Entra:
    """The stage. ``requests`` holds what the relying party asked."""

    application: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    needs: SubjectNeeds = field(default_factory=SubjectNeeds)
    accounts: tuple[world.Account, ...] = (MANY,)
    clock: Clock = field(default_factory=Clock)
    requests: list[httpx.Request] = field(default_factory=list)
    intercept: Callable[[httpx.Request], httpx.Response | None] = lambda _request: None

    def __post_init__(self) -> None:
        registered: Application = replace(
            gateway_application((CALLBACK,), None, secrets=[SECRET], group_membership_claims=True),
            **self.application,
        )
        self.tenant = Tenant(
            ORIGIN,
            applications=[registered],
            accounts=self.accounts,
            clock=self.clock,
            keys=keys(),
            access_token_lifetime=3_600,
        )
        self.browser = Browser(self.tenant)
        self._inner = self.browser.http._transport
        values: dict[str, Any] = {
            "kind": "entra",
            "issuer_url": f"{ORIGIN}/{world.TENANT_ID}/v2.0",
            "client_id": world.GATEWAY_APP_ID,
            "client_authentication": {"kind": "secret", "secret": SECRET},
        }
        self.provider = Provider(
            ProviderSettings.model_validate(values | self.settings),
            place_of=str,
            clock=self.clock,
            needs=self.needs,
            http_transport=_Transport(self),
        )

    async def __aenter__(self) -> Entra:
        await self.provider.refresh_metadata()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.browser.http.aclose()

    async def come_back(self, name: str = "Ada", **changes: Any) -> tuple[dict[str, str], SignInAttempt]:
        """A sign-in up to the callback: its parameters, and the attempt."""
        attempt = attempts.begin(return_path="/", redirect_uri=CALLBACK, now=self.clock(), **changes)
        url = self.provider.authorization_url(attempt, CALLBACK)
        page = await self.browser.http.get(url)
        # Whom Entra knows already comes straight back.
        if page.status_code != 302:
            page = await self.browser.decide(await self.browser.pick(page, name), "Approve")
        return answer(page), attempt

    async def sign_in(self, name: str = "Ada") -> SignedIn:
        """A whole sign-in."""
        parameters, attempt = await self.come_back(name)
        return await self.provider.redeem(parameters["code"], attempt, CALLBACK)

    def session(self, signed_in: SignedIn, session_id: str = "session") -> Session:
        """The session that begins with a sign-in."""
        return Session(
            id=session_id,
            subject=signed_in.subject,
            signed_in_at=int(self.clock()),
            expires_at=int(self.clock()) + 86_400,
            tokens={"access_token": signed_in.access_token},
            refresh_token=signed_in.refresh_token,
        )

    def asked(self, part: str) -> list[httpx.Request]:
        """The requests whose path holds this."""
        return [request for request in self.requests if part in request.url.path]

    def scopes_asked(self) -> list[str]:
        """The scopes of the token requests."""
        return [
            dict(parse_qsl(request.content.decode())).get("scope", "") for request in self.asked("oauth2/v2.0/token")
        ]

    def query(self, url: str) -> dict[str, str]:
        """The parameters of a URL."""
        return dict(parse_qsl(urlsplit(url).query))


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, entra: Entra) -> None:
        self._entra = entra

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self._entra.requests.append(request)
        instead = self._entra.intercept(request)
        return instead if instead is not None else await self._entra._inner.handle_async_request(request)

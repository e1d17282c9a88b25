"""A browser, the portal and a provider, talking: the stage for the portal's tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from lampgate.config.settings import (
    AllowSettings,
    ProviderSettings,
    PublicClient,
    Settings,
    UpstreamSettings,
)
from lampgate.identity.passwords import Passwords
from lampgate.identity.provider import Provider
from lampgate.identity.subject import subject_needs
from lampgate.policy.problem import Wants
from lampgate.portal.app import create_portal
from lampgate.portal.visit import Visit
from lampgate.session.cookie_store import CookieStore
from lampgate.session.record import Session
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing
from lampgate.session.store import Found, Lookup
from lampgate.wire.cookies import CookieAttributes, parse
from tests.identity.misbehaving_op import CLIENT_ID, ISSUER, OP, Clock

ORIGIN = "https://dash.example.com"

NAVIGATION = {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@dataclass
class Stage:
    """Everything a conversation needs. Change it before `ready` is called."""

    changes: dict[str, Any] = field(default_factory=dict)
    provider_changes: dict[str, Any] = field(default_factory=dict)
    attributes: CookieAttributes = field(default_factory=lambda: CookieAttributes(secure=True))
    wants: Wants = Wants.PAGE
    lookup: Lookup | None = None
    clock: Clock = field(default_factory=Clock)
    cookies: dict[str, str] = field(default_factory=dict)
    passwords: Passwords | None = None

    def __post_init__(self) -> None:
        self.op = OP(self.clock)
        self.keys = KeyRing([b"k" * 32])
        self.revocations = Revocations(self.clock)
        self.store = CookieStore(self.attributes.prefixed("lampgate"), self.attributes, self.keys, self.revocations)

    async def ready(self, *, discovered: bool = True) -> Stage:
        provider: dict[str, Any] = {
            "issuer_url": ISSUER,
            "client_id": CLIENT_ID,
            "client_authentication": PublicClient(),
        }
        values: dict[str, Any] = {
            "provider": ProviderSettings(**provider | self.provider_changes),
            "allow": AllowSettings(email_domains=("*",)),
            "upstreams": (UpstreamSettings(id="main", url="http://headlamp:80"),),
        }
        self.settings = Settings(**values | self.changes)
        self.provider = Provider(
            self.settings.provider,
            place_of=lambda path: f"gateway.yaml line 3, {path}",
            clock=self.clock,
            http_transport=self.op.transport,
            needs=subject_needs(self.settings),
        )
        if discovered:
            await self.provider.refresh_metadata()
        portal = create_portal(
            settings=self.settings,
            provider=self.provider,
            passwords=self.passwords,
            keys=self.keys,
            clock=self.clock,
            revocations=self.revocations,
        )
        self.transport = httpx.ASGITransport(self._visited(portal))
        self.client = httpx.AsyncClient(transport=self.transport, base_url=ORIGIN)
        return self

    def _visited(self, portal: ASGIApp) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            headers = dict(scope["headers"])
            cookies = parse(headers.get(b"cookie", b"").decode())
            lookup = self.lookup or self.store.load(cookies, self.clock())
            scope["lampgate.visit"] = Visit(ORIGIN, self.store, lookup, cookies, self.attributes, self.wants)
            await portal(scope, receive, send)

        return app

    async def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, form: dict[str, str] | None = None
    ) -> httpx.Response:
        cookie = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        response = await self.client.request(method, path, headers=NAVIGATION | cookie | (headers or {}), data=form)
        self.client.cookies.clear()
        for value in response.headers.get_list("set-cookie"):
            pair, *attributes = value.split("; ")
            name, _, content = pair.partition("=")
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = content
        # Whatever the portal says is for this browser and this moment only.
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["referrer-policy"] == ("same-origin" if "<form" in response.text else "no-referrer")
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        return response

    async def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.ask("GET", path, headers)

    async def begin(self, return_path: str = "/c/main") -> dict[str, str]:
        """Start a sign-in, and do at the provider what it asks for; the parameters of the callback."""
        response = await self.get(f"/oauth2/start?{httpx.QueryParams({'rd': return_path})}")
        assert response.status_code == 302
        return self.op.sign_in(response.headers["location"])

    async def come_back(self, parameters: dict[str, str]) -> httpx.Response:
        return await self.get(f"/oauth2/callback?{httpx.QueryParams(parameters)}")

    async def sign_in(self, return_path: str = "/c/main") -> httpx.Response:
        return await self.come_back(await self.begin(return_path))

    @property
    def session(self) -> Session | None:
        lookup = self.store.load(self.cookies, self.clock())
        return lookup.session if isinstance(lookup, Found) else None

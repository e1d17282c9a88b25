"""A browser without a screen: follows the tenant's pages by their forms, as a person without script would."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from lampgate.lab import world
from lampgate.lab.entra.app import create_app
from lampgate.lab.entra.tenant import Tenant

CALLBACK = "https://headlamp.example.com/oauth2/callback"
SIGNED_OUT = "https://headlamp.example.com/"
SECRET = "the-secret:with/special+characters"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
AKS_SCOPE = f"{world.AKS_SERVER_APP_ID}/user.read"


@dataclass
class Form:
    """A form of a page: where it goes and what its hidden fields say."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    text: str = ""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values["action"], values["method"]))
            self._open = True
        elif tag == "input" and self._open:
            self.forms[-1].fields[values["name"]] = values["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.forms[-1].text += data


def forms(page: httpx.Response) -> list[Form]:
    """The forms of a page, in order."""
    parser = _Forms()
    parser.feed(page.text)
    return parser.forms


def answer(response: httpx.Response) -> dict[str, str]:
    """The parameters of an authorization response that came as a redirect to the client."""
    assert response.status_code == 302, response.text
    location = response.headers["location"]
    assert location.startswith("https://headlamp.example.com/"), location
    parts = urlsplit(location)
    return dict(parse_qsl(parts.query or parts.fragment))


class Browser:
    """A browser, and beside it the client application it is sent by."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(tenant)), base_url=tenant.origin)

    async def authorize(self, **changes: str | None) -> httpx.Response:
        """Open the authorization endpoint with a good request, changed as told; None takes a parameter away."""
        parameters: dict[str, str | None] = {
            "client_id": world.GATEWAY_APP_ID,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": f"{AKS_SCOPE} openid profile email offline_access",
            "state": "the-state",
            "nonce": "the-nonce",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        query = urlencode({name: value for name, value in parameters.items() if value is not None})
        return await self.http.get(f"{self.tenant.authorization_endpoint}?{query}")

    async def submit(self, form: Form) -> httpx.Response:
        """Press a form's button."""
        assert form.method == "post"
        return await self.http.post(form.action, data=form.fields)

    async def pick(self, page: httpx.Response, name: str) -> httpx.Response:
        """Pick an account, and follow to the page after it."""
        form = next(form for form in forms(page) if name in form.text)
        response = await self.submit(form)
        return await self.http.get(response.headers["location"]) if response.status_code == 303 else response

    async def decide(self, page: httpx.Response, button: str) -> httpx.Response:
        """Press the button with this text, and follow to the page after it."""
        form = next(form for form in forms(page) if form.text.strip() == button)
        response = await self.submit(form)
        return await self.http.get(response.headers["location"]) if response.status_code == 303 else response

    async def sign_in(self, name: str = "Ada", **changes: str | None) -> dict[str, str]:
        """The whole way: pick, approve.

        :returns: the authorization response's parameters.
        """
        approval = await self.pick(await self.authorize(**changes), name)
        return answer(await self.decide(approval, "Approve"))

    async def token(self, **changes: str | None) -> httpx.Response:
        """Send a token request, authenticated with the secret unless changed."""
        form: dict[str, str | None] = {"client_id": world.GATEWAY_APP_ID, "client_secret": SECRET, **changes}
        data = {name: value for name, value in form.items() if value is not None}
        return await self.http.post(self.tenant.token_endpoint, data=data)

    async def redeem(self, code: str, **changes: str | None) -> httpx.Response:
        """Redeem a code."""
        return await self.token(
            **{
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": CALLBACK,
                "code_verifier": VERIFIER,
                **changes,
            }
        )

    async def refresh(self, token: str, **changes: str | None) -> httpx.Response:
        """Use a refresh token."""
        return await self.token(**{"grant_type": "refresh_token", "refresh_token": token, **changes})


def refused(response: httpx.Response, code: int, error: str, status: int = 400) -> dict[str, object]:
    """Assert that the token endpoint refused with this code; the body."""
    body: dict[str, object] = response.json()
    assert (body["error_codes"], body["error"], response.status_code) == ([code], error, status)
    assert str(body["error_description"]).startswith(f"AADSTS{code}: ")
    return body

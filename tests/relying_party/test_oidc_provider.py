"""Against a certified provider (npm's oidc-provider), over HTTP: sign-in, renewals with rotation, and the way out."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urljoin, urlsplit

import httpx
import pytest

from lampgate.config.settings import ClientSecret, ProviderSettings, PublicClient
from lampgate.identity import attempt as attempts
from lampgate.identity.errors import TokenEndpointError
from lampgate.identity.provider import Provider
from lampgate.session.record import Session
from lampgate.session.renewal import Refused, Renewed
from tests.scenario.forms import forms

Making = Callable[[str, str, Any], Provider]
HERE = Path(__file__).parent
CALLBACK = "https://dash.example.com/oauth2/callback"
SIGNED_OUT = "https://dash.example.com/oauth2/signed_out"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules" / "oidc-provider").exists():
        if os.environ.get("LAMPGATE_REQUIRE_NODE"):
            pytest.fail("no oidc-provider, and LAMPGATE_REQUIRE_NODE is set")
        pytest.skip("no oidc-provider: see the words of scripts/oidc-provider")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [node, "provider.mjs", str(port)], cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        while line := process.stdout.readline():
            if line == "listening\n":
                break
        assert line, "it has ended at once"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
async def provider() -> AsyncIterator[Making]:
    made: list[Provider] = []

    def make(issuer: str, client: str, authentication: Any) -> Provider:
        made.append(provider_of(issuer, client, authentication))
        return made[-1]

    yield make
    for each in made:
        await each._client.close()


def provider_of(issuer: str, client: str, authentication: Any) -> Provider:
    settings = ProviderSettings(
        issuer_url=issuer,
        client_id=client,
        client_authentication=authentication,
        scopes=("openid", "email", "profile", "offline_access"),
    )
    return Provider(settings, place_of=str, clock=time.time)


CLIENTS = {
    "basic": ClientSecret(secret="a-client-secret-of-32-characters"),  # type: ignore[arg-type]
    "post": ClientSecret(secret="a-client-secret-of-32-characters"),  # type: ignore[arg-type]
    "public": PublicClient(),
}


async def interact(url: str, browser: httpx.AsyncClient) -> dict[str, str]:
    """What a person does in the provider's pages; the parameters of the callback."""
    answer = await browser.get(url)
    for _ in range(20):
        if answer.is_redirect:
            target = urljoin(str(answer.url), answer.headers["location"])
            if target.startswith("https://dash.example.com/"):
                return dict(parse_qsl(urlsplit(target).query))
            answer = await browser.get(target)
        else:
            assert answer.status_code == 200, answer.text[:500]
            form = forms(answer.text)[0]
            # What is typed, and the button that is pressed where somebody signs out.
            typed = {"login": "rita", "password": "x"} if form.fields.get("prompt") == "login" else {"logout": "yes"}
            fields = form.fields | typed
            answer = await browser.post(urljoin(str(answer.url), form.action), data=fields)
    raise AssertionError("the provider's pages lead nowhere")


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as browser:
        yield browser


async def sign_in(it: Provider, browser: httpx.AsyncClient) -> Session:
    await it.refresh_metadata()
    attempt = attempts.begin(return_path="/", redirect_uri=CALLBACK, now=time.time())
    back = await interact(it.authorization_url(attempt, CALLBACK), browser)
    assert back["state"] == attempt.state
    assert back["iss"] == it.settings.issuer_url
    found = await it.redeem(back["code"], attempt, CALLBACK)
    now = int(time.time())
    return Session(
        id="s",
        subject=found.subject,
        signed_in_at=now,
        expires_at=now + 3600,
        tokens={"access_token": found.access_token},
        refresh_token=found.refresh_token,
    )


@pytest.mark.parametrize("client", CLIENTS)
async def test_signing_in_and_renewing(
    issuer: str, client: str, browser: httpx.AsyncClient, provider: Making
) -> None:
    it = provider(issuer, client, CLIENTS[client])
    session = await sign_in(it, browser)
    assert (session.subject.sub, session.subject.email) == ("rita", "rita@company.example")
    refresh_tokens = {session.refresh_token}
    used = session
    for _ in range(3):
        outcome = await it.refresh(session)
        assert isinstance(outcome, Renewed), outcome
        assert outcome.session.subject.sub == "rita"
        used, session = session, outcome.session
        refresh_tokens.add(session.refresh_token)
    assert len(refresh_tokens) == 4, "each is good for once"
    assert isinstance(await it.refresh(used), Refused), "one that was used already"
    assert isinstance(await it.refresh(session), Refused), "using one twice has taken back all of them"


async def test_a_code_is_good_for_once(issuer: str, browser: httpx.AsyncClient, provider: Making) -> None:
    it = provider(issuer, "basic", CLIENTS["basic"])
    await it.refresh_metadata()
    attempt = attempts.begin(return_path="/", redirect_uri=CALLBACK, now=time.time())
    back = await interact(it.authorization_url(attempt, CALLBACK), browser)
    await it.redeem(back["code"], attempt, CALLBACK)
    with pytest.raises(TokenEndpointError) as raised:
        await it.redeem(back["code"], attempt, CALLBACK)
    assert raised.value.error == "invalid_grant"


async def test_a_wrong_secret_is_explained(issuer: str, browser: httpx.AsyncClient, provider: Making) -> None:
    it = provider(issuer, "basic", ClientSecret(secret="wrong"))  # type: ignore[arg-type]
    await it.refresh_metadata()
    attempt = attempts.begin(return_path="/", redirect_uri=CALLBACK, now=time.time())
    back = await interact(it.authorization_url(attempt, CALLBACK), browser)
    with pytest.raises(TokenEndpointError) as raised:
        await it.redeem(back["code"], attempt, CALLBACK)
    assert raised.value.error == "invalid_client"


async def test_the_way_out(issuer: str, browser: httpx.AsyncClient, provider: Making) -> None:
    it = provider(issuer, "basic", CLIENTS["basic"])
    await sign_in(it, browser)
    url = it.end_session_url(post_logout_redirect_uri=SIGNED_OUT)
    assert url is not None
    assert parse_qs(urlsplit(url).query)["client_id"] == ["basic"]
    await interact(url, browser)
    # Whoever signs in next is asked again.
    attempt = attempts.begin(return_path="/", redirect_uri=CALLBACK, now=time.time())
    answer = await browser.get(it.authorization_url(attempt, CALLBACK), follow_redirects=True)
    assert forms(answer.text)[0].fields["prompt"] == "login"

"""The lab's Entra for every peer that signs people in, and the person who does."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx

from bench.processes import BenchmarkError
from lampgate.lab import world
from lampgate.lab.entra.app import create_app
from lampgate.lab.entra.applications import gateway_application
from lampgate.lab.entra.tenant import Tenant
from lampgate.lab.origin_server import serve

CLIENT_SECRET = "the-client-secret-of-the-benchmark"  # noqa: S105 - of a provider that lives for minutes
SCOPES = f"{world.AKS_SERVER_APP_ID}/user.read openid profile email offline_access"
NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_INPUT = re.compile(r"<input\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_MOST_STEPS = 20


@dataclass(frozen=True, slots=True)
class Entra:
    """What a peer has to know about the provider."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    client_id: str = world.GATEWAY_APP_ID


@asynccontextmanager
async def entra(redirect_uris: Iterable[str]) -> AsyncIterator[Entra]:
    """Run the lab's Entra."""
    listener = socket.create_server(("127.0.0.1", 0))
    authority = f"http://127.0.0.1:{listener.getsockname()[1]}"
    application = gateway_application(tuple(redirect_uris), None, secrets=[CLIENT_SECRET])
    tenant = Tenant(authority, applications=[application])
    async with AsyncExitStack() as stack:
        stack.push_async_callback(tenant.aclose)
        await serve(stack, create_app(tenant), listener)
        yield Entra(tenant.issuer, tenant.authorization_endpoint, tenant.token_endpoint)


async def sign_in(url: str) -> str:
    """Open a page of a peer, sign in where it leads to, and come back.

    :returns: the ``Cookie`` header of the browser that is signed in.
    :raises BenchmarkError: the way did not end at the page.
    """
    async for answer, cookies in way_of_sign_in(url):
        if answer.url.netloc == httpx.URL(url).netloc and answer.status_code == 200:
            return cookies.get("Cookie", "")
        if answer.is_error:
            raise BenchmarkError(f"{answer.status_code} at {answer.url.copy_with(query=None)}")
    raise BenchmarkError(f"signing in at {url} leads nowhere")


async def way_of_sign_in(url: str) -> AsyncIterator[tuple[httpx.Response, dict[str, str]]]:
    """Every answer on the way through a sign-in, with the header of the cookies its host has set until then.

    Cookies are kept by host and port alone: a peer that marks them as secure is measured over http all the same.
    """
    jars: dict[str, dict[str, str]] = {}
    method, data = "GET", None
    target = url
    async with httpx.AsyncClient(headers=NAVIGATION, trust_env=False, timeout=20) as client:
        for _ in range(_MOST_STEPS):
            jar = jars.setdefault(urlsplit(target).netloc, {})
            client.cookies.clear()
            answer = await client.request(method, target, data=data, headers=_cookie(jar))
            _keep(jar, answer)
            yield answer, _cookie(jar)
            if answer.is_redirect:
                method, data, target = "GET", None, urljoin(target, answer.headers["location"])
            else:
                action, data = _button(answer)
                method, target = "POST", urljoin(target, action)


def _cookie(jar: Mapping[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}


def _keep(jar: dict[str, str], answer: httpx.Response) -> None:
    for line in answer.headers.get_list("set-cookie"):
        pair, _, attributes = line.partition(";")
        name, _, value = pair.partition("=")
        gone = "max-age=0" in attributes.lower() or "max-age=-" in attributes.lower() or "01 jan 1970" in line.lower()
        if gone or not value:
            jar.pop(name.strip(), None)
        else:
            jar[name.strip()] = value


def _button(page: httpx.Response) -> tuple[str, dict[str, str]]:
    """The form to send: the one that approves, else the first account's."""
    forms = [(dict(_ATTRIBUTE.findall(head)), body) for head, body in _FORM.findall(page.text)]
    if not forms:
        raise BenchmarkError(f"{page.status_code} at {page.url}: {page.text[:300]}")
    head, body = next((form for form in forms if "Approve" in form[1]), forms[0])
    fields = [dict(_ATTRIBUTE.findall(each)) for each in _INPUT.findall(body)]
    return unescape(head.get("action", "")), {each["name"]: unescape(each.get("value", "")) for each in fields}

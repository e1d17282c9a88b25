"""Where the Kubernetes API is, how its certificate is checked, and what of a request's head goes to it.

Pure decisions, shared by the HTTP proxy and the WebSocket tunnel. Follows Go's ``httputil.ReverseProxy``, which
Headlamp uses: hop-by-hop headers end here (RFC 9110 section 7.6.1), everything else passes, ``Cookie`` included.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import quote, urlsplit

from starlette.requests import HTTPConnection

from lampgate.lab.dashboard.credential import AUTHORIZATION, cookie_token

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)

#: What Headlamp sets itself, so that the caller's value does not count.
_REPLACED = frozenset({b"host", b"user-agent", b"x-forwarded-for", b"x-forwarded-host"})

#: What Go's ``URL.EscapedPath`` leaves as it is, besides letters, digits and ``-_.~``.
_PATH_SAFE = "$&+,/:;=@"

Header = tuple[bytes, bytes]


class ApiServer:
    """The Kubernetes API behind the dashboard.

    :ivar tls: how to check its certificate; None for plain HTTP (tests only).
    """

    def __init__(self, url: str, ca_file: Path | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
            raise ValueError(f"not an origin, such as https://127.0.0.1:6443: {url}")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.websocket_origin = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"
        self.host = parts.netloc
        self.tls = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None

    def target(self, connection: HTTPConnection) -> bytes:
        """The request target at the API: the path decoded and encoded anew, the query verbatim.

        Headlamp keeps only the decoded path, so ``%2F`` inside a segment is lost there, and here.
        """
        path = quote("/" + connection.path_params["api_path"], safe=_PATH_SAFE).encode()
        query: bytes = connection.scope["query_string"]
        return path + b"?" + query if query else path

    def request_headers(self, connection: HTTPConnection, cluster: str) -> list[Header]:
        """What the API gets to see, without ``Host`` and ``User-Agent``, which the caller of this adds.

        A cookie ``headlamp-auth-<cluster>.N`` replaces the incoming ``Authorization``. That is Headlamp's trap,
        reproduced on purpose: one forgotten cookie runs a person under another token than the one the gateway
        injected. The gateway has to keep these cookies away, in both directions.
        """
        raw: list[Header] = list(connection.scope["headers"])
        dropped = HOP_BY_HOP | _REPLACED | connection_named(raw)
        token = cookie_token(connection.cookies, cluster)
        if token:
            dropped |= {AUTHORIZATION}
        headers = [(name, value) for name, value in raw if name not in dropped]
        if token:
            headers.append((AUTHORIZATION, b"Bearer " + token.encode("latin-1")))
        return [*headers, *self._forwarded(connection, raw)]

    def _forwarded(self, connection: HTTPConnection, raw: list[Header]) -> list[Header]:
        hops = [value for name, value in raw if name == b"x-forwarded-for"]
        if connection.client:
            hops.append(connection.client.host.encode())
        return [(b"x-forwarded-for", b", ".join(hops)), (b"x-forwarded-host", self.host.encode())]


def connection_named(headers: list[Header]) -> frozenset[bytes]:
    """The header names that ``Connection`` declares hop-by-hop, in lower case."""
    named = (part.strip().lower() for name, value in headers if name == b"connection" for part in value.split(b","))
    return frozenset(part for part in named if part)


def user_agent() -> Header:
    """What the dashboard calls itself; Headlamp replaces the browser's too."""
    return (b"user-agent", b"lampgate-lab-dashboard (a stand-in for Headlamp)")

"""What is fuzzed: each target takes bytes, and fails where something other than its own refusal comes of them.

Each has seeds to begin with and pieces that its inputs are made of; the inputs are mutated from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lampgate.config.errors import InvalidConfigurationError
from lampgate.config.load import load_settings
from lampgate.identity.return_path import safe_return_path
from lampgate.session.cookie_store import CookieStore
from lampgate.session.record import Session, Subject, Token
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing
from lampgate.session.store import Absent, Found
from lampgate.store import tickets
from lampgate.wire import cookies
from lampgate.wire.chunks import ChunkError
from lampgate.wire.cookies import CookieAttributes
from lampgate.wire.http2_heads import MalformedStreamError, request_of
from lampgate.wire.origin import origin_of
from lampgate.wire.proxy_protocol import BadProxyHeaderError
from lampgate.wire.proxy_protocol import parse as parse_proxy_header
from lampgate.wire.request_parser import BadRequestError, RequestParser
from lampgate.wire.response_parser import BadResponseError, ResponseParser
from lampgate.wire.target import judge_target
from lampgate.wire.websocket import FrameFollower
from tests.gateway.in_memory import World
from tests.gateway.smuggling_corpus import CASES


@dataclass(frozen=True, slots=True)
class FuzzTarget:
    """One thing to fuzz."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    pieces: tuple[bytes, ...]


_HEAD = b"GET /a?b HTTP/1.1\r\nHost: a\r\nCookie: x=y\r\n\r\n"
_TOKENS = (b"\r\n", b"\n", b"\r", b":", b" ", b"\t", b"\x00", b",", b";", b"=", b"0", b"%", b"/", b"..", b"\xff")


def request_heads(data: bytes) -> None:
    """A head is refused, or means the same when it is parsed again, behind another one or not."""
    try:
        first = RequestParser().parse(data)
    except BadRequestError:
        return
    parser = RequestParser()
    parser.parse(_HEAD)
    assert parser.parse(data) == first
    assert first.body >= -1
    assert b"\n" not in first.target


def response_heads(data: bytes) -> None:
    """A response head is refused, or its special lines are where it says."""
    try:
        head = ResponseParser().parse(data, to_head_request=False)
    except BadResponseError:
        return
    for line in head.special:
        assert data[line.start : line.end].lower().startswith(b"\r\n" + line.name)


def chunks(data: bytes) -> None:
    """Chunks are refused, or come to the same in one piece and in two."""

    def follow(pieces: list[bytes]) -> tuple[bytes, int] | None:
        parser = RequestParser()
        parser.parse(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        payload: list[bytes] = []
        consumed = 0
        try:
            for piece in pieces:
                end = parser.follow_to_end(piece, payload)
                if end >= 0:
                    return b"".join(payload), consumed + end
                consumed += len(piece)
        except ChunkError:
            return None
        return b"".join(payload), -1

    whole = follow([data])
    middle = len(data) // 2
    assert follow([data[:middle], data[middle:]]) == whole
    assert whole is None or whole[1] <= len(data)


def paths(data: bytes) -> None:
    """A canonical path has nothing in it that could be read in two ways."""
    try:
        target = judge_target("GET", data, b"a")
    except BadRequestError:
        return
    segments = target.path.split("/")
    assert ".." not in segments
    assert "." not in segments
    assert "//" not in target.path
    assert not {"\\", "\x00", "\n", "\r", "#"} & set(target.path)


def return_paths(data: bytes) -> None:
    """A return path stays on the origin, as a browser reads it."""
    text = data.decode("latin-1")
    path = safe_return_path(text, origin="https://dash.example", portal_prefix="/oauth2")
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert not any(character in path for character in "\r\n\t\x00\\")


def origins(data: bytes) -> None:
    """An authority is refused, or has no characters that end it."""
    try:
        origin = origin_of("https", data.decode("latin-1"))
    except BadRequestError:
        return
    assert not set("/\\@?# \r\n\t") & set(origin.authority)


_KEYS = KeyRing([b"k" * 32])
_STORE = CookieStore("n", CookieAttributes(secure=False), _KEYS, Revocations(time.time))
_SESSION = Session(
    "id", Subject("https://i", "s"), 0, 2**40, {"access_token": Token("a.b.c", 2**40)}, refresh_token="r" * 200
)
_COOKIE = _STORE.save(_SESSION, {}, 0)[0].partition(";")[0].partition("=")[2]


def session_cookies(data: bytes) -> None:
    """Nothing opens that was not sealed, in whatever it is wrapped."""
    text = data.decode("latin-1")
    found = _STORE.load(cookies.parse(f"n={text}; n-1={text}"), 1)
    assert isinstance(found, Absent) or (isinstance(found, Found) and found.session == _SESSION)
    assert tickets.unseal(text, _KEYS) is None


def proxy_headers(data: bytes) -> None:
    """A PROXY header is refused, incomplete, or ends within the bytes."""
    try:
        header = parse_proxy_header(data)
    except BadProxyHeaderError:
        return
    assert header is None or 0 < header.length <= len(data)


def stream_heads(data: bytes) -> None:
    """A stream's head is malformed, or becomes a head of HTTP/1.1 with the same number of lines."""
    headers = [tuple(line.partition(b"=")[::2]) for line in data.split(b"&")]
    try:
        request = request_of(headers, ended=True)  # type: ignore[arg-type]
    except MalformedStreamError:
        return
    assert request.block.count(b"\n") == request.block.count(b"\r\n") <= len(headers) + 2
    try:
        RequestParser().parse(request.block)
    except BadRequestError:
        return


def frames(data: bytes) -> None:
    """Frame boundaries are where they are, in one piece or byte by byte."""
    whole, pieces = FrameFollower(), FrameFollower()
    whole.follow(data)
    for place in range(len(data)):
        pieces.follow(data[place : place + 1])
    assert (whole.at_boundary, whole.closed) == (pieces.at_boundary, pieces.closed)


def conversations(data: bytes) -> None:
    """The origin gets the requests that are parsed the same with other cuts, and never a foreign credential."""
    whole, pieces = World(), World()
    data = data.replace(b"~", whole.browser)
    whole.send(data)
    for start in range(0, len(data), 7):
        pieces.send(data[start : start + 7])
    assert whole.seen == pieces.seen
    assert whole.over == pieces.over


def configurations(data: bytes) -> None:
    """A configuration loads, or is refused in sentences that do not repeat its secrets."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "file.yaml"
        file.write_bytes(data)
        try:
            load_settings([file], environ={})
        except InvalidConfigurationError as error:
            words = str(error)
        else:
            words = ""
    assert "fuzzed~Secret+8Q/x=" not in words


_NATIVE = b"""lampgate: 1
public_url: https://a.example
provider:
  {issuer_url: https://b.example, client_id: c, client_authentication: {kind: secret, secret: fuzzed~Secret+8Q/x=}}
allow: {email_domains: ["*"]}
upstreams: [{id: main, url: http://headlamp}]
"""
_ALPHA = b"""server: {bindAddress: 0.0.0.0:4180}
upstreamConfig: {upstreams: [{id: a, path: /, uri: http://headlamp}]}
injectRequestHeaders: [{name: Authorization, values: [{claim: access_token, prefix: "Bearer "}]}]
providers:
  - {id: a, provider: oidc, clientID: c, clientSecret: fuzzed~Secret+8Q/x=, oidcConfig: {issuerURL: https://b.example}}
"""
_LEGACY = b"""provider = "oidc"
oidc_issuer_url = "https://b.example"
client_id = "c"
client_secret = "fuzzed~Secret+8Q/x="
cookie_secret = "fuzzed~Secret+8Q/x=32-characters"
upstreams = ["http://headlamp"]
email_domains = ["*"]
"""

TARGETS: dict[str, FuzzTarget] = {
    "request-heads": FuzzTarget(request_heads, (_HEAD, *(case.data[:400] for case in CASES[::5])), _TOKENS),
    "response-heads": FuzzTarget(
        response_heads,
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\nSet-Cookie: a=b\r\n\r\n",),
        (*_TOKENS, b"Transfer-Encoding: chunked\r\n"),
    ),
    "chunks": FuzzTarget(
        chunks, (b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n", b"0\r\n\r\n"), (*_TOKENS, b"\r\n\r\n", b"f")
    ),
    "paths": FuzzTarget(
        paths, (b"/a/b?c", b"/a/%2e%2e/b", b"http://a/b"), (*_TOKENS, b"%2f", b"%2e", b"%25", b"..;")
    ),
    "return-paths": FuzzTarget(return_paths, (b"/a?b#c", b"//evil", b"/\\evil", b"https://dash.example/a"), _TOKENS),
    "origins": FuzzTarget(origins, (b"dash.example:8443", b"[::1]:80"), (*_TOKENS, b"@", b"[", b"]")),
    "session-cookies": FuzzTarget(session_cookies, (_COOKIE.encode(), b"1~", b"2~a"), (*_TOKENS, b"~", b"A", b"_")),
    "proxy-headers": FuzzTarget(
        proxy_headers,
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + b"\x01" * 12),
        (*_TOKENS, b"UNKNOWN", b"TCP6", b"::1"),
    ),
    "stream-heads": FuzzTarget(
        stream_heads,
        (b":method=GET&:path=/a&:scheme=https&:authority=a&cookie=x&cookie=y",),
        (*_TOKENS, b"&", b"host=", b"content-length=0"),
    ),
    "frames": FuzzTarget(
        frames, (b"\x81\x05hello", b"\x82\xfe\x00\x80" + b"m" * 132, b"\x88\x00"), (b"\x7f", b"\xff")
    ),
    "conversations": FuzzTarget(conversations, tuple(case.data[:400] for case in CASES), _TOKENS),
    "configurations": FuzzTarget(
        configurations, (_NATIVE, _ALPHA, _LEGACY), (*_TOKENS, b"{", b"]", b'"', b"- ", b"&a", b"*a")
    ),
}

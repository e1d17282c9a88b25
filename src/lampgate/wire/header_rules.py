"""Which headers cross the gateway, and in which form (RFC 9110 section 7.6.1).

The order matters and is fixed here (invariant 2): first the client's copies of every header the gateway sets or
vouches for are dropped, by folded name; then hop-by-hop headers and whatever ``Connection`` names; what the gateway
itself sets is put in last, so nothing the client sends can remove it.
"""

from __future__ import annotations

from collections.abc import Iterable

from lampgate.wire.cookies import without
from lampgate.wire.head import CHUNKED, Header, RequestHead, ResponseHead

_HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"http2-settings",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)

#: Headers by which somebody in front of an application tells it who is asking. None of a client's passes.
IDENTITY_HEADERS = frozenset(
    (
        b"authorization",
        b"forwarded",
        b"x-auth-request-access-token",
        b"x-auth-request-email",
        b"x-auth-request-groups",
        b"x-auth-request-preferred-username",
        b"x-auth-request-redirect",
        b"x-auth-request-user",
        b"x-forwarded-access-token",
        b"x-forwarded-email",
        b"x-forwarded-for",
        b"x-forwarded-group",
        b"x-forwarded-groups",
        b"x-forwarded-host",
        b"x-forwarded-id-token",
        b"x-forwarded-port",
        b"x-forwarded-preferred-username",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
        b"x-forwarded-scheme",
        b"x-forwarded-server",
        b"x-forwarded-ssl",
        b"x-forwarded-uri",
        b"x-forwarded-user",
        b"x-original-uri",
        b"x-original-url",
        b"x-real-ip",
        b"x-remote-extra",
        b"x-remote-group",
        b"x-remote-user",
        b"x-rewrite-url",
    )
)

#: Dropped whatever follows: the API server's front-proxy and impersonation headers come in open-ended families.
IDENTITY_PREFIXES = (b"impersonate-", b"x-remote-extra-")


def request_head(
    head: RequestHead,
    target: bytes,
    *,
    host: bytes,
    dropped: frozenset[bytes],
    cookie: bytes,
    injected: bytes,
) -> bytes:
    """The head to send upstream, with its closing empty line.

    :param target: origin-form, as received.
    :param host: value of the ``Host`` header to send.
    :param dropped: folded names of which no client copy passes; holds `IDENTITY_HEADERS` and all injected names.
    :param cookie: the ``Cookie`` header's value to send; empty sends none.
    :param injected: complete header lines of the gateway, each ending in CRLF.
    """
    # A set copied only where Connection names something: browsers send just "keep-alive".
    hop_by_hop: Iterable[bytes] = _HOP_BY_HOP
    for folded, _name, value in head.headers:
        if folded == b"connection" and (named := _options(value) - {b"keep-alive", b"close", b"upgrade"}):
            hop_by_hop = {*hop_by_hop, *named}
    lines = [b"%b %b HTTP/1.1\r\nHost: %b\r\n" % (head.method.encode("ascii"), target, host)]
    for folded, name, value in head.headers:
        if (
            folded in dropped
            or folded in hop_by_hop
            or folded == b"host"
            or folded == b"cookie"
            or folded == b"content-length"
            or b"_" in name
            or folded.startswith(IDENTITY_PREFIXES)
        ):
            continue
        lines.append(b"%b: %b\r\n" % (name, value))
    if head.body == CHUNKED:
        lines.append(b"Transfer-Encoding: chunked\r\n")
    elif head.body or head.method in _LENGTH_EXPECTED:
        lines.append(b"Content-Length: %d\r\n" % head.body)
    if head.upgrade:
        lines.append(b"Connection: Upgrade\r\nUpgrade: %b\r\n" % head.upgrade)
    if cookie:
        lines.append(b"Cookie: %b\r\n" % cookie)
    lines.append(injected)
    lines.append(b"\r\n")
    return b"".join(lines)


#: RFC 9110 section 8.6: methods that anticipate content say so even when there is none.
_LENGTH_EXPECTED = frozenset(("POST", "PUT", "PATCH"))


def response_head(
    head: ResponseHead,
    *,
    framing: bytes,
    keep_alive: bool,
    dropped_cookies: tuple[bytes, ...],
    added: bytes = b"",
) -> bytes:
    """The head to send to the client, with its closing empty line.

    :param framing: the line that tells the body's length to the client, ending in CRLF; may be empty.
    :param dropped_cookies: ``Set-Cookie`` lines for names starting with one of these are dropped.
    :param added: complete header lines of the gateway, each ending in CRLF.
    """
    hop_by_hop: Iterable[bytes] = _HOP_BY_HOP
    for folded, _name, value in head.headers:
        if folded == b"connection" and (named := _options(value) - {b"keep-alive", b"close", b"upgrade"}):
            hop_by_hop = {*hop_by_hop, *named}
    lines = [b"HTTP/1.1 %d %b\r\n" % (head.status, head.reason)]
    for folded, name, value in head.headers:
        if folded in hop_by_hop or folded == b"content-length":
            continue
        if folded == b"set-cookie" and value.startswith(dropped_cookies):
            continue
        lines.append(b"%b: %b\r\n" % (name, value))
    lines.append(framing)
    if head.status == 101:
        lines.append(b"Connection: Upgrade\r\nUpgrade: websocket\r\n")
    elif not keep_alive:
        lines.append(b"Connection: close\r\n")
    lines.append(added)
    lines.append(b"\r\n")
    return b"".join(lines)


def _options(connection: bytes) -> set[bytes]:
    return {option.strip().replace(b"_", b"-") for option in connection.lower().split(b",")} - {b""}


def upstream_cookie(cookie: bytes, dropped_prefixes: tuple[bytes, ...]) -> bytes:
    """The ``Cookie`` value to send upstream: everything but the gateway's own and what a profile forbids."""
    return without(cookie, dropped_prefixes) if cookie else b""


def field_lines(fields: Iterable[tuple[str, str]]) -> bytes:
    """Header lines from names and values, each ending in CRLF.

    :raises ValueError: a line break or NUL in a value, which would forge a header.
    """
    lines = []
    for name, value in fields:
        if any(character in value for character in "\r\n\x00"):
            raise ValueError(f"the header {name} would hold a line break")
        lines.append(f"{name}: {value}\r\n".encode("latin-1", "replace"))
    return b"".join(lines)


def forwarded_for(head: RequestHead, peer: str, *, trusted: bool) -> str:
    """The ``X-Forwarded-For`` value to send: the peer, behind what a listed peer has told."""
    if trusted and (told := b", ".join(_values(head.headers, b"x-forwarded-for"))):
        return f"{told.decode('latin-1')}, {peer}"
    return peer


def _values(headers: list[Header], folded: bytes) -> list[bytes]:
    return [header.value for header in headers if header.folded == folded]

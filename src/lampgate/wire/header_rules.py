"""Which headers cross the gateway, and in which form (RFC 9110 section 7.6.1).

The order matters and is fixed here (invariant 2): first the client's copies of every header the gateway sets or
vouches for are dropped, by folded name; then hop-by-hop headers and whatever ``Connection`` names; what the gateway
itself sets is put in last, so nothing the client sends can remove it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lampgate.wire.cookies import without
from lampgate.wire.head import CHUNKED, Header, RequestHead, ResponseHead, SpecialLine, fold

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

#: The gateway writes these itself, from what it has understood of the message.
_WRITTEN_ANEW = frozenset((b"content-length", b"cookie", b"host"))

#: RFC 9110 section 8.6: methods that anticipate content say so even when there is none.
_LENGTH_EXPECTED = frozenset(("POST", "PUT", "PATCH"))

#: What ``Connection`` holds when it names no header.
_USUAL_CONNECTIONS = frozenset((b"keep-alive", b"close", b"upgrade", b"keep-alive, upgrade"))
_NONE: frozenset[bytes] = frozenset()

_MOST_REMEMBERED = 1024

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


class RequestHeaders:
    """Which of a client's headers go on to one upstream.

    The answer for a name as written is remembered: it is asked for a dozen names in every request.

    :param dropped: folded names of which no client copy passes, beside those that never do: every injected name.
    """

    def __init__(self, dropped: Iterable[bytes]) -> None:
        self._dropped = IDENTITY_HEADERS | _HOP_BY_HOP | _WRITTEN_ANEW | frozenset(dropped)
        self._passes: dict[bytes, bool] = {}

    def passes(self, folded: bytes, name: bytes) -> bool:
        """Whether a header may pass, whatever ``Connection`` says."""
        answer = self._passes.get(name)
        if answer is None:
            answer = folded not in self._dropped and b"_" not in name and not folded.startswith(IDENTITY_PREFIXES)
            if len(self._passes) < _MOST_REMEMBERED:
                self._passes[name] = answer
        return answer

    def lines(self, head: RequestHead, *, host: bytes, cookie: bytes, injected: bytes) -> bytes:
        """The header lines to send upstream but for those about the body; the same for the same headers.

        :param host: value of the ``Host`` header to send.
        :param cookie: the ``Cookie`` header's value to send; empty sends none.
        :param injected: complete header lines of the gateway, each ending in CRLF; they come last.
        """
        passes = self.passes
        named = _named_by_connection(head.headers)
        lines = [b"Host: %b\r\n" % host]
        lines += [
            b"%b: %b\r\n" % (name, value)
            for folded, name, value in head.headers
            if passes(folded, name) and folded not in named
        ]
        if cookie:
            lines.append(b"Cookie: %b\r\n" % cookie)
        lines.append(injected)
        return b"".join(lines)


def request_head(head: RequestHead, target: bytes, lines: bytes) -> bytes:
    """The head to send upstream, with its closing empty line.

    :param target: origin-form, as received.
    :param lines: see `RequestHeaders.lines`.
    """
    framing = b""
    if head.body == CHUNKED:
        framing = b"Transfer-Encoding: chunked\r\n"
    elif head.body or head.method in _LENGTH_EXPECTED:
        framing = b"Content-Length: %d\r\n" % head.body
    elif head.upgrade:
        framing = b"Connection: Upgrade\r\nUpgrade: %b\r\n" % head.upgrade
    return b"%b %b HTTP/1.1\r\n%b%b\r\n" % (head.method.encode("ascii"), target, framing, lines)


def response_head(
    head: ResponseHead,
    *,
    framing: bytes | None,
    keep_alive: bool,
    dropped_cookies: tuple[bytes, ...],
    added: bytes = b"",
) -> bytes:
    """The head to send to the client, with its closing empty line: as received, but for a few lines.

    :param framing: the line that tells the body's length to the client, ending in CRLF; may be empty. None leaves
        the upstream's ``Content-Length`` where it is.
    :param dropped_cookies: ``Set-Cookie`` lines for names starting with one of these are dropped.
    :param added: complete header lines of the gateway, each ending in CRLF.
    """
    block = head.block
    pieces = [b"HTTP/1.1"]
    position = len(b"HTTP/1.x")
    for start, end, name, value in head.special:
        if name == b"connection" and value.lower() not in _USUAL_CONNECTIONS:
            return response_head(
                _without_named(head),
                framing=framing,
                keep_alive=keep_alive,
                dropped_cookies=dropped_cookies,
                added=added,
            )
        if name == b"set-cookie" and not value.startswith(dropped_cookies):
            continue
        if name == b"content-length" and framing is None:
            continue
        pieces.append(block[position:start])
        position = end
    pieces.append(block[position:-2])
    if framing is not None:
        pieces.append(framing)
    if head.status == 101:
        pieces.append(b"Connection: Upgrade\r\nUpgrade: websocket\r\n")
    elif not keep_alive:
        pieces.append(b"Connection: close\r\n")
    pieces.append(added)
    pieces.append(b"\r\n")
    return b"".join(pieces)


def _without_named(head: ResponseHead) -> ResponseHead:
    """The head without ``Connection`` and without the headers it names (RFC 9110 section 7.6.1)."""
    named = {b"connection"}
    for line in head.special:
        if line.name == b"connection":
            named |= _options(line.value)
    first, *lines = head.block[:-4].split(b"\r\n")
    kept = [line for line in lines if fold(line.partition(b":")[0].strip(b" \t")) not in named]
    block = b"\r\n".join([first, *kept, b"", b""])
    special: list[SpecialLine] = []
    for line in head.special:
        if line.name not in named:
            text = head.block[line.start : line.end]
            start = block.index(text, special[-1].end if special else 0)
            special.append(line._replace(start=start, end=start + len(text)))
    return replace(head, block=block, special=special)


def _named_by_connection(headers: list[Header]) -> frozenset[bytes] | set[bytes]:
    named: set[bytes] | None = None
    for folded, _name, value in headers:
        if folded == b"connection" and value.lower() not in _USUAL_CONNECTIONS:
            named = (named or set()) | _options(value)
    return named if named is not None else _NONE


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
    return [header[2] for header in headers if header[0] == folded]

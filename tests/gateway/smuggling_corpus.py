"""Requests that are meant to be read in two ways, by the idea behind them. Written for these tests.

Each is refused, or reaches the origin as exactly the requests that are named. ``~`` stands for the headers that a
signed-in browser sends: its host and its cookie.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passed:
    """A request as the origin has to get it."""

    method: str
    target: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Case:
    """Bytes, and what may come of them.

    :ivar passed: the requests that the origin gets; none: the gateway refuses, or answers by itself.
    """

    idea: str
    name: str
    data: bytes
    passed: tuple[Passed, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.idea}: {self.name}"


_SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
_HELLO = Passed("POST", "/", b"hello")
_PLAIN = Passed("GET", "/")
_CHUNKED = "5\r\nhello\r\n0\r\n\r\n"


def _post(*lines: str, body: str = "") -> bytes:
    return "\r\n".join(["POST / HTTP/1.1", "~", *lines, "", ""]).encode("latin-1") + body.encode("latin-1")


def _get(*lines: str, line: str = "GET / HTTP/1.1", body: str = "") -> bytes:
    return "\r\n".join([line, "~", *lines, "", ""]).encode("latin-1") + body.encode("latin-1")


def _refused(idea: str, cases: dict[str, bytes]) -> list[Case]:
    return [Case(idea, name, data) for name, data in cases.items()]


def _passed(idea: str, cases: dict[str, tuple[bytes, tuple[Passed, ...]]]) -> list[Case]:
    return [Case(idea, name, data, passed) for name, (data, passed) in cases.items()]


_TE = "Transfer-Encoding: chunked"

CASES: list[Case] = [
    *_refused(
        "two lengths",
        {
            "chunked behind a length": _post("Content-Length: 6", _TE, body="0\r\n\r\nG"),
            "a length behind chunked": _post(_TE, "Content-Length: 6", body="0\r\n\r\nG"),
            "a length of zero and chunked": _post("Content-Length: 0", _TE, body=_CHUNKED),
            "two different lengths": _post("Content-Length: 5", "Content-Length: 44", body="hello" + _SMUGGLED),
            "two equal lengths": _post("Content-Length: 5", "Content-Length: 5", body="hello"),
            "a list of equal lengths": _post("Content-Length: 5, 5", body="hello"),
            "a list of different lengths": _post("Content-Length: 5, 44", body="hello" + _SMUGGLED),
            "a length in two cases": _post("Content-Length: 5", "content-length: 0", body="hello"),
            "a length and its imitation": _post("Content-Length: 5", "Content_Length: 0", body="hello"),
            "an imitated length alone": _post("Content_Length: 5", body="hello"),
            "an imitated chunked": _post("Transfer_Encoding: chunked", "Content-Length: 5", body="hello"),
            "chunked on HTTP/1.0": b"POST / HTTP/1.0\r\n~\r\nTransfer-Encoding: chunked\r\n\r\n" + _CHUNKED.encode(),
            "chunked and a length on HTTP/1.0": (
                b"POST / HTTP/1.0\r\n~\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello"
            ),
        },
    ),
    *_refused(
        "length that is no number",
        {
            name: _post(f"Content-Length: {value}", body="hello" + _SMUGGLED)
            for name, value in {
                "plus": "+5",
                "minus": "-5",
                "hex": "0x5",
                "octal look": "0o5",
                "underscore": "1_0",
                "fraction": "5.0",
                "exponent": "5e0",
                "space inside": "1 0",
                "trailing letter": "5x",
                "quoted": '"5"',
                "empty": "",
                "comma": "5,",
                "leading comma": ",5",
                "semicolon": "5;a=b",
                "Arabic digits": "\xd9\xa5",
                "beyond 64 bits": "99999999999999999999",
                "two to the 64th and five": "18446744073709551621",
                "vertical tab": "\x0b5",
                "form feed": "5\x0c",
                "non-breaking space": "\xa05",
                "NUL": "5\x00",
            }.items()
        },
    ),
    *_refused(
        "transfer coding in disguise",
        {
            name: _post(line, body=_CHUNKED + _SMUGGLED)
            for name, line in {
                "space before the colon": "Transfer-Encoding : chunked",
                "tab before the colon": "Transfer-Encoding\t: chunked",
                "unknown": "Transfer-Encoding: xchunked",
                "suffix": "Transfer-Encoding: chunkedx",
                "prefix word": "Transfer-Encoding: x chunked",
                "parameter": "Transfer-Encoding: chunked;q=1",
                "identity first": "Transfer-Encoding: identity, chunked",
                "identity last": "Transfer-Encoding: chunked, identity",
                "gzip first": "Transfer-Encoding: gzip, chunked",
                "twice in a list": "Transfer-Encoding: chunked, chunked",
                "empty element": "Transfer-Encoding: , chunked",
                "trailing comma": "Transfer-Encoding: chunked,",
                "empty": "Transfer-Encoding:",
                "identity": "Transfer-Encoding: identity",
                "quoted": 'Transfer-Encoding: "chunked"',
                "single quotes": "Transfer-Encoding: 'chunked'",
                "vertical tab": "Transfer-Encoding: \x0bchunked",
                "form feed": "Transfer-Encoding: \x0cchunked",
                "NUL behind": "Transfer-Encoding: chunked\x00",
                "NUL in the name": "Transfer-Encoding\x00: chunked",
                "high byte": "Transfer-Encoding: \xffchunked",
                "non-breaking space": "Transfer-Encoding: \xa0chunked",
                "folded": "Transfer-Encoding:\r\n chunked",
                "folded with a tab": "Transfer-Encoding:\r\n\tchunked",
                "folded behind": "Transfer-Encoding: chunked\r\n ,identity",
                "behind a bare line feed": "X: y\nTransfer-Encoding: chunked",
                "behind a bare carriage return": "X: y\rTransfer-Encoding: chunked",
                "behind CR CR LF": "X: y\r\r\nTransfer-Encoding: chunked",
                "two lines": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
                "two equal lines": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                "line with an imitation": "Transfer-Encoding: chunked\r\nTransfer_Encoding: identity",
                "leading space": " Transfer-Encoding: chunked",
                "no colon": "Transfer-Encoding chunked",
            }.items()
        },
    ),
    *_refused(
        "chunk sizes",
        {
            name: _post(_TE, body=body)
            for name, body in {
                "hex prefix": "0x5\r\nhello\r\n0\r\n\r\n",
                "minus": "-5\r\nhello\r\n0\r\n\r\n",
                "plus": "+5\r\nhello\r\n0\r\n\r\n",
                "underscore": "0_5\r\nhello\r\n0\r\n\r\n",
                "leading space": " 5\r\nhello\r\n0\r\n\r\n",
                "leading tab": "\t5\r\nhello\r\n0\r\n\r\n",
                "empty": "\r\nhello\r\n0\r\n\r\n",
                "letter": "g\r\nhello\r\n0\r\n\r\n",
                "17 digits": "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
                "overflow to five": "10000000000000005\r\nhello\r\n0\r\n\r\n",
                "bare line feed": "5\nhello\n0\n\n",
                "line feed behind the data": "5\r\nhello\n0\r\n\r\n",
                "line feed behind the size": "5\nhello\r\n0\r\n\r\n",
                "too little data": "6\r\nhello\r\n0\r\n\r\n" + _SMUGGLED,
                "too much data": "5\r\nhello!\r\n0\r\n\r\n",
                "no line end behind the data": "5\r\nhello0\r\n\r\n",
                "NUL in the size": "5\x00\r\nhello\r\n0\r\n\r\n",
                "bare carriage return": "5\rhello\r\n0\r\n\r\n",
                "size in quotes": '"5"\r\nhello\r\n0\r\n\r\n',
                "extension with a bare line feed": "5;a\nhello\r\n0\r\n\r\n",
                "extension with NUL": "5;\x00\r\nhello\r\n0\r\n\r\n",
                "bytes where the end has to be": "5\r\nhello\r\n0\r\nX\r\n\r\n" + _SMUGGLED,
            }.items()
        },
    ),
    *_passed(
        "chunks that are right",
        {
            "one": (_post(_TE, body=_CHUNKED), (_HELLO,)),
            "upper case": (_post("TRANSFER-ENCODING: CHUNKED", body=_CHUNKED), (_HELLO,)),
            "white space in front": (_post("Transfer-Encoding: \t chunked", body=_CHUNKED), (_HELLO,)),
            "leading zeros": (_post(_TE, body="0005\r\nhello\r\n000\r\n\r\n"), (_HELLO,)),
            "upper-case hex": (
                _post(_TE, body="A\r\n0123456789\r\n0\r\n\r\n"),
                (Passed("POST", "/", b"0123456789"),),
            ),
            "extension": (_post(_TE, body="5;a=b\r\nhello\r\n0;c\r\n\r\n"), (_HELLO,)),
            "quoted extension": (_post(_TE, body='5;a="b;c"\r\nhello\r\n0\r\n\r\n'), (_HELLO,)),
            "five of one byte": (_post(_TE, body="".join(f"1\r\n{c}\r\n" for c in "hello") + "0\r\n\r\n"), (_HELLO,)),
            "trailers are dropped": (
                _post(_TE, "Trailer: X-T", body="5\r\nhello\r\n0\r\nX-T: 1\r\nAuthorization: Bearer forged\r\n\r\n"),
                (_HELLO,),
            ),
            "data that looks like a request": (
                _post(f"Content-Length: {len(_SMUGGLED)}", body=_SMUGGLED),
                (Passed("POST", "/", _SMUGGLED.encode()),),
            ),
            "chunks that hold a request": (
                _post(_TE, body=f"{len(_SMUGGLED):x}\r\n{_SMUGGLED}\r\n0\r\n\r\n"),
                (Passed("POST", "/", _SMUGGLED.encode()),),
            ),
            "none": (_post(_TE, body="0\r\n\r\n"), (Passed("POST", "/"),)),
            "a length of zero": (_post("Content-Length: 0"), (Passed("POST", "/"),)),
            "a length with zeros": (_post("Content-Length: 0005", body="hello"), (_HELLO,)),
            "a body of GET": (_get("Content-Length: 5", body="hello"), (Passed("GET", "/", b"hello"),)),
        },
    ),
    *_refused(
        "line ends and folding",
        {
            "bare line feeds": b"GET / HTTP/1.1\n~\n\n",
            "a bare line feed behind the request line": b"GET / HTTP/1.1\n~\r\n\r\n",
            "a bare line feed at the end": b"GET / HTTP/1.1\r\n~\r\nX: y\n\r\n",
            "an empty line of a bare line feed": b"GET / HTTP/1.1\r\n~\r\n\n",
            "a bare carriage return": _get("X: a\rb"),
            "carriage returns twice": b"GET / HTTP/1.1\r\r\n~\r\n\r\n",
            "a folded header": _get("X: a\r\n b"),
            "a folded header with a tab": _get("X: a\r\n\tb"),
            "a first header that is folded": b"GET / HTTP/1.1\r\n X: y\r\n~\r\n\r\n",
            "a line of white space": _get(" "),
            "NUL in a value": _get("X: a\x00b"),
            "NUL in a name": _get("X\x00: a"),
            "NUL in the target": b"GET /\x00 HTTP/1.1\r\n~\r\n\r\n",
            "a backspace in a value": _get("X: a\x08b"),
            "delete in a value": _get("X: a\x7fb"),
            "escape in a value": _get("X: a\x1b[0m"),
        },
    ),
    *_refused(
        "header names",
        {
            name: _get(line)
            for name, line in {
                "space before the colon": "X : a",
                "space inside": "X Y: a",
                "empty": ": a",
                "no colon": "X",
                "parenthesis": "X(: a",
                "at sign": "X@: a",
                "slash": "X/: a",
                "brackets": "X[]: a",
                "quotes": '"X": a',
                "high byte": "X\xff: a",
                "UTF-8": "X\xc3\xa9: a",
                "comma": "X,Y: a",
                "semicolon": "X;: a",
                "equals": "X=: a",
                "tab": "X\tY: a",
                "braces": "{X}: a",
            }.items()
        },
    ),
    *_refused(
        "request lines",
        {
            name: f"{line}\r\n~\r\n\r\n".encode("latin-1")
            for name, line in {
                "two spaces": "GET  / HTTP/1.1",
                "a tab": "GET\t/ HTTP/1.1",
                "a leading space": " GET / HTTP/1.1",
                "space behind": "GET / HTTP/1.1 ",
                "space in the target": "GET /a b HTTP/1.1",
                "no version": "GET /",
                "no target": "GET HTTP/1.1",
                "version 0.9": "GET / HTTP/0.9",
                "version 1.2": "GET / HTTP/1.2",
                "version 2.0": "GET / HTTP/2.0",
                "version 11": "GET / HTTP/11",
                "version 1.10": "GET / HTTP/1.10",
                "lower-case version": "GET / http/1.1",
                "other protocol": "GET / RTSP/1.0",
                "ICE": "SOURCE / ICE/1.0",
                "lower-case method": "get / HTTP/1.1",
                "unknown method": "SMUGGLE / HTTP/1.1",
                "method with a colon": "GET: / HTTP/1.1",
                "CONNECT": "CONNECT a:443 HTTP/1.1",
                "PRI": "PRI * HTTP/2.0",
                "fragment": "GET /#a HTTP/1.1",
                "backslash": "GET \\ HTTP/1.1",
                "relative target": "GET a HTTP/1.1",
                "asterisk with GET": "GET * HTTP/1.1",
                "high byte in the target": "GET /\xff HTTP/1.1",
                "form feed": "GET\x0c/ HTTP/1.1",
                "comma version": "GET / HTTP/1,1",
            }.items()
        },
    ),
    *_refused(
        "hosts",
        {
            "none": b"GET / HTTP/1.1\r\n\r\n",
            "two": _get("Host: evil.example"),
            "a second one behind a space": _get("Host : evil.example"),
            "another in the target": b"GET http://evil.example/ HTTP/1.1\r\n~\r\n\r\n",
            "user information": b"GET / HTTP/1.1\r\nHost: user@localhost\r\n\r\n",
            "a path": b"GET / HTTP/1.1\r\nHost: localhost/a\r\n\r\n",
            "a space": b"GET / HTTP/1.1\r\nHost: local host\r\n\r\n",
            "a comma": b"GET / HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n",
            "a bad port": b"GET / HTTP/1.1\r\nHost: localhost:80:80\r\n\r\n",
            "an open bracket": b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
            "empty": b"GET / HTTP/1.1\r\nHost:\r\n\r\n",
        },
    ),
    *_refused(
        "paths with two meanings",
        {
            name: f"GET {target} HTTP/1.1\r\n~\r\n\r\n".encode("latin-1")
            for name, target in {
                "dots": "/a/../admin",
                "encoded dots": "/a/%2e%2e/admin",
                "half encoded dots": "/a/.%2e/admin",
                "dot": "/a/./b",
                "encoded dot": "/a/%2e/b",
                "encoded slash": "/a%2fadmin",
                "encoded backslash": "/a%5cadmin",
                "backslash": "/a\\admin",
                "encoded NUL": "/a%00",
                "encoded hash": "/a%23b",
                "semicolon dots": "/a/..;/admin",
                "bad escape": "/a%zz",
                "short escape": "/a%2",
                "doubly encoded dots": "/a/%252e%252e/admin",
                "doubly encoded slash": "/a%252fadmin",
                "encoded line break": "/a%0d%0aX",
                "trailing dots": "/a/..",
            }.items()
        },
    ),
    *_passed(
        "targets that go on as they came",
        {
            name: (f"GET {target} HTTP/1.1\r\n~\r\n\r\n".encode("latin-1"), (Passed("GET", target),))
            for name, target in {
                "two slashes": "//admin",
                "two slashes inside": "/a//admin",
                "a quote": '/"a"',
                "an escape": "/a%20b",
                "dots in a name": "/a..b/...c",
                "a query with everything": '/a?b=/../%2f\\"<>{}|^`?&;#'[:-1],
                "a colon": "/apis/a:b",
                "UTF-8": "/%C3%A9",
            }.items()
        },
    ),
    *_passed(
        "headers that name others",
        {
            "authorization": (_get("Connection: Authorization"), (_PLAIN,)),
            "forwarded headers": (
                _get("Connection: X-Forwarded-For, X-Forwarded-Host", "X-Forwarded-For: 1.2.3.4"),
                (_PLAIN,),
            ),
            "the length": (_post("Connection: Content-Length", "Content-Length: 5", body="hello"), (_HELLO,)),
            "the coding": (_post("Connection: Transfer-Encoding", _TE, body=_CHUNKED), (_HELLO,)),
            "host and cookie": (_get("Connection: Host, Cookie, keep-alive"), (_PLAIN,)),
            "a forged authorization": (_get("Authorization: Bearer forged"), (_PLAIN,)),
            "a forged one in disguise": (_get("AUTHORIZATION: Bearer forged", "Authorization_: x"), (_PLAIN,)),
            "proxy authorization": (_get("Proxy-Authorization: Basic eDp5"), (_PLAIN,)),
            "imitated forwarded headers": (_get("X_Forwarded_User: root", "X-Forwarded_For: 1.2.3.4"), (_PLAIN,)),
            "te": (_get("TE: trailers, gzip", "Connection: TE"), (_PLAIN,)),
        },
    ),
    *_passed(
        "upgrades that are none",
        {
            "h2c": (
                _get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
                (_PLAIN,),
            ),
            "h2c and a second request": (
                _get("Connection: Upgrade", "Upgrade: h2c") + _get(line="GET /second HTTP/1.1"),
                (_PLAIN, Passed("GET", "/second")),
            ),
            "TLS": (_get("Connection: Upgrade", "Upgrade: TLS/1.0"), (_PLAIN,)),
            "without connection": (_get("Upgrade: websocket"), (_PLAIN,)),
            "connection without upgrade": (_get("Connection: Upgrade"), (_PLAIN,)),
        },
    ),
    *_refused(
        "upgrades that are malformed",
        {
            "no version": _get(
                "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
            ),
            "old version": _get(
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 8",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ),
            "no key": _get("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
            "a body": _get(
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Content-Length: 38",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                body=_SMUGGLED,
            ),
            "POST": b"POST / HTTP/1.1\r\n~\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            "HTTP/1.0": b"GET / HTTP/1.0\r\n~\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        },
    ),
    *_refused(
        "expectations and credentials",
        {
            "unknown": _post("Expect: 200-ok", "Content-Length: 5", body="hello"),
            "two": _post("Expect: 100-continue", "Expect: 100-continue", "Content-Length: 5", body="hello"),
            "two authorizations": _get("Authorization: Bearer a", "authorization: Bearer b"),
            "an imitation": _post("Ex_pect: 100-continue", "Expect: x", "Content-Length: 5", body="hello"),
        },
    ),
    *_passed(
        "pipelines",
        {
            "two": (_get() + _get(line="GET /second HTTP/1.1"), (_PLAIN, Passed("GET", "/second"))),
            "a body between": (
                _post("Content-Length: 5", body="hello") + _get(line="GET /second HTTP/1.1"),
                (_HELLO, Passed("GET", "/second")),
            ),
            "behind chunks": (
                _post(_TE, body=_CHUNKED) + _get(line="GET /second HTTP/1.1"),
                (_HELLO, Passed("GET", "/second")),
            ),
            "behind trailers": (
                _post(_TE, body="5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n") + _get(line="GET /second HTTP/1.1"),
                (_HELLO, Passed("GET", "/second")),
            ),
            "behind chunks full of empty lines": (
                _post(_TE, body="8\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n") + _get(line="GET /second HTTP/1.1"),
                (Passed("POST", "/", b"\r\n" * 4), Passed("GET", "/second")),
            ),
            "an empty line between": (
                _get() + b"\r\n" + _get(line="GET /second HTTP/1.1"),
                (_PLAIN, Passed("GET", "/second")),
            ),
            "behind close": (_get("Connection: close") + _get(line="GET /smuggled HTTP/1.1"), (_PLAIN,)),
            "behind HTTP/1.0": (b"GET / HTTP/1.0\r\n~\r\n\r\n" + _get(line="GET /smuggled HTTP/1.1"), (_PLAIN,)),
            "a refused one behind a good one": (_get() + _get("X : y", line="GET /smuggled HTTP/1.1"), (_PLAIN,)),
            "HEAD and GET": (
                _get(line="HEAD / HTTP/1.1") + _get(line="GET /second HTTP/1.1"),
                (Passed("HEAD", "/"), Passed("GET", "/second")),
            ),
        },
    ),
    *_refused(
        "behind what is refused",
        {
            "a second request": _get("X : y") + _get(line="GET /smuggled HTTP/1.1"),
            "behind a bad length": _post("Content-Length: x") + _get(line="GET /smuggled HTTP/1.1"),
            "behind a bad chunk": _post(_TE, body="zz\r\n") + _get(line="GET /smuggled HTTP/1.1"),
            "behind an unknown coding": _post("Transfer-Encoding: gzip") + _get(line="GET /smuggled HTTP/1.1"),
            "a preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
            "a TLS handshake": b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n",
            "a PROXY header": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + _get(),
        },
    ),
    *_refused(
        "sizes",
        {
            "a long target": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n~\r\n\r\n",
            "a long header": _get("X: " + "a" * 70_000),
            "many headers": _get(*(f"X-{number}: y" for number in range(1000))),
        },
    ),
]

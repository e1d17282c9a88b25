"""Which upstream gets a request, and as what (oauth2-proxy's §2.9)."""

from __future__ import annotations

from pathlib import Path

import pytest

from lampgate.config.oauth2_proxy.command_line import read_command_line
from lampgate.config.settings import Settings
from lampgate.policy.decision import Forward, Policy, Refuse, Supply
from lampgate.session.store import Found
from lampgate.wire.origin import origin_of
from lampgate.wire.request_parser import BadRequestError, RequestParser
from lampgate.wire.target import judge_target
from tests.conformance.stage import session, settings_of

UPSTREAMS = """\
server: {bindAddress: 127.0.0.1:4180}
upstreamConfig:
  upstreams:
    - {id: http, path: /http/, uri: "http://http"}
    - {id: file, path: /files/, uri: "file:///srv"}
    - {id: static, path: /static/, static: true, staticCode: 200}
    - {id: bad, path: /bad/, uri: "http://bad"}
    - {id: single, path: /single, uri: "http://single"}
    - {id: twice, path: /double-match/, uri: "http://short"}
    - {id: rewritten, path: "^/double-match/rewrite/(.*)$", rewriteTarget: "/double-match/rewritten/$1", uri: "http://rx"}
    - {id: rewrite, path: "^/rewrite-prefix/(.*)$", rewriteTarget: "/$1", uri: "http://rewrite"}
    - {id: query, path: "^/article/([a-z0-9-]+)$", rewriteTarget: "/article?id=$1", uri: "http://query"}
    - {id: swap, path: "^/swap/([a-z]+)/([a-z]+)$", rewriteTarget: "/$2/$1", uri: "http://swap"}
injectRequestHeaders: []
providers:
  - {id: oidc, provider: oidc, clientID: x, clientSecret: xyzzyplugh, oidcConfig: {issuerURL: "https://login.company.com"}}
"""


def routed(settings: Settings, line: str) -> str:
    """``upstream's id: target``, or a status."""
    try:
        head = RequestParser().parse(f"{line} HTTP/1.1\r\nHost: dash.company.com\r\n\r\n".encode("latin-1"))
        target = judge_target(head.method, head.target, head.host)
    except BadRequestError as error:
        return str(error.status)
    origin = origin_of("https", "dash.company.com")
    decision = Policy(settings).decide(head, target, origin, Found(session()))
    match decision:
        case Forward(upstream, _, rewritten):
            return f"{upstream.id}: {(rewritten or target.origin_form).decode('latin-1')}"
        case Supply(upstream, path):
            return f"{upstream.id}: {path}"
        case Refuse(problem):
            return str(problem.status)
        case _:
            return type(decision).__name__


@pytest.fixture(scope="module")
def alpha(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    file = Path(tmp_path_factory.mktemp("routing")) / "alpha.yml"
    file.write_text(UPSTREAMS)
    words = [f"--alpha-config={file}", "--email-domain=*", "--cookie-secret=b9Jq1Zk3tXw7Lr5Vn8Pc2Yd6Hf0Gs4Ma"]
    loaded = read_command_line(words, {}).loaded
    assert loaded is not None
    return loaded.settings


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GET /http/1234", "http: /http/1234"),
        ("GET /http/", "http: /http/"),
        ("GET /http", "301"),
        ("GET /http?a=b", "301"),
        ("POST /http/x?a=b&c", "http: /http/x?a=b&c"),
        ("GET /files/subdir/file.txt", "file: subdir/file.txt"),
        ("GET /static/bar", "static: bar"),
        ("GET /bad/x", "bad: /bad/x"),
        ("GET /single", "single: /single"),
        ("GET /single?x", "single: /single?x"),
        ("GET /single/", "404"),
        ("GET /single/x", "404"),
        ("GET /singlex", "404"),
        ("GET /", "404"),
        ("GET /unknown", "404"),
        ("GET /double-match/foo", "twice: /double-match/foo"),
        # Expressions go first, then the longest path.
        ("GET /double-match/rewrite/foo", "rewritten: /double-match/rewritten/foo"),
        ("GET /rewrite-prefix/1234", "rewrite: /1234"),
        ("GET /rewrite-prefix/a/b?c=d", "rewrite: /a/b?c=d"),
        ("GET /article/blog-2021-01-01", "query: /article?id=blog-2021-01-01"),
        ("GET /article/a?x=1", "query: /article?x=1&id=a"),
        ("GET /article/A", "404"),
        # Every group works; oauth2-proxy makes $1 of each.
        ("GET /swap/one/two", "swap: /two/one"),
        # The bytes are passed on as they came.
        ("GET /http/%c3%a4?%20+;x", "http: /http/%c3%a4?%20+;x"),
        ("GET /http/a%20b", "http: /http/a%20b"),
        ("GET /http/?", "http: /http/?"),
        ("GET /http//x", "http: /http//x"),
        ("GET /http/%zz", "400"),
        # A slash or dots in escapes mean different things to different servers.
        ("GET /http/..%2fbad/", "400"),
        ("GET /http/%2e%2e/bad/", "400"),
        ("GET /http/../bad/", "400"),
    ],
)
def test_upstreams(alpha: Settings, line: str, expected: str) -> None:
    assert routed(alpha, line) == expected


@pytest.mark.parametrize(
    ("urls", "line", "upstream"),
    [
        (["http://one:80/"], "GET /x", "http://one:80"),
        (["http://one:80"], "GET /x", "http://one:80"),
        (["http://one/", "http://two/api/"], "GET /api/x", "http://two"),
        (["http://one/", "http://two/api/"], "GET /other", "http://one"),
        (["http://one/", "http://two/api"], "GET /api", "http://two"),
        (["http://one/", "http://two/api"], "GET /api/x", "http://one"),
        (["https://one:8443/"], "GET /x", "https://one:8443"),
        (["static://204"], "GET /x", "static://204"),
        (["file:///srv/www/#/files/", "http://one/"], "GET /files/a", "file:///srv/www/"),
        (["file:///srv/www/#/files/", "http://one/"], "GET /a", "http://one"),
        (["unix:///run/app.sock"], "GET /x", "unix:///run/app.sock"),
    ],
)
def test_older_upstreams(urls: list[str], line: str, upstream: str) -> None:
    settings = settings_of(*(f"--upstream={url}" for url in urls))
    found = routed(settings, line).partition(": ")[0]
    assert {each.id: each.url for each in settings.upstreams}[found] == upstream

"""What needs no session: methods, expressions, negation, forwarded paths, addresses (oauth2-proxy's §2.6)."""

from __future__ import annotations

import pytest

from lampgate.config.errors import InvalidConfigurationError
from lampgate.config.settings import OpenRoute
from lampgate.gateway.origins import Origins
from lampgate.policy.open_access import OpenAccess
from lampgate.wire.request_parser import RequestParser
from tests.conformance.stage import outcome, settings_of

OPEN, CLOSED = "forwarded as nobody", "401"


@pytest.mark.parametrize(
    ("entry", "route"),
    [
        ("GET=^/foo/bar", OpenRoute(path="^/foo/bar", methods=("GET",))),
        ("^/all/methods$", OpenRoute(path="^/all/methods$")),
        (
            "PATCH=/second/equals?are=handled&just=fine",
            OpenRoute(path="/second/equals?are=handled&just=fine", methods=("PATCH",)),
        ),
        ("!=^/api", OpenRoute(path="^/api", negate=True)),
        ("METHOD!=^/api", OpenRoute(path="^/api", methods=("METHOD",), negate=True)),
        ("WEIRD=^/x", OpenRoute(path="^/x", methods=("WEIRD",))),
        ("get=^/x", OpenRoute(path="^/x", methods=("GET",))),
        ("=^/x", OpenRoute(path="^/x")),
    ],
)
def test_the_grammar(entry: str, route: OpenRoute) -> None:
    assert settings_of(f"--skip-auth-route={entry}").open_access.routes == (route,)


@pytest.mark.parametrize("entry", ["GET=(", "^/a(?=b)", r"GET=\1", "GET=[", "POST=*"])
def test_expressions_that_go_does_not_know(entry: str) -> None:
    with pytest.raises(InvalidConfigurationError):
        settings_of(f"--skip-auth-route={entry}")


REGEX = "--skip-auth-regex=^/skip/auth/regex$"
ROUTE = "--skip-auth-route=GET=^/skip/auth/routes/get"


@pytest.mark.parametrize(
    ("flags", "line", "expected"),
    [
        ([REGEX], "GET /skip/auth/regex", OPEN),
        ([REGEX], "DELETE /skip/auth/regex", OPEN),
        ([REGEX], "GET /skip/auth/regex/x", CLOSED),
        ([REGEX], "GET /wrong/denied", CLOSED),
        ([ROUTE], "GET /skip/auth/routes/get", OPEN),
        ([ROUTE], "GET /skip/auth/routes/get/more", OPEN),
        ([ROUTE], "PATCH /skip/auth/routes/get", CLOSED),
        ([ROUTE], "GET /skip/auth/routes/wrong/path", CLOSED),
        ([ROUTE], "PATCH /skip/auth/routes/wrong/path", CLOSED),
        ([REGEX, ROUTE], "GET /skip/auth/routes/get", OPEN),
        ([], "GET /skip/auth/regex", CLOSED),
        # The query is never looked at (CVE-2025-54576).
        ([REGEX], "GET /wrong?/skip/auth/regex", CLOSED),
        (["--skip-auth-route=/public"], "GET /secret?x=/public", CLOSED),
        (["--skip-auth-route=/public"], "GET /a/public/b", OPEN),
        ([REGEX], "GET /skip/auth/regex?x=1", OPEN),
        # What is behind a # neither (CVE-2026-41059), and as %23 it is part of the path.
        (["--skip-auth-route=^/public/.*/endpoint$"], "GET /public/secret%23/endpoint", "400"),
        (["--skip-auth-route=^/foo/.*/bar$"], "GET /foo/secret%23/bar", "400"),
        (["--skip-auth-route=^/foo/.*/bar$"], "GET /foo/public/bar", OPEN),
        (["--skip-auth-route=^/foo/.*/bar$"], "GET /foo/secret#/bar", "400"),
        # What an upstream might read as another path opens nothing.
        (["--skip-auth-route=^/public/"], "GET /public/../admin", "400"),
        (["--skip-auth-route=^/public/"], "GET /public/%2e%2e/admin", "400"),
        (["--skip-auth-route=^/public/"], "GET /public/..%2fadmin", "400"),
        (["--skip-auth-route=^/public/"], "GET /public//admin", CLOSED),
        (["--skip-auth-route=^/public/"], "GET /%70ublic/x", OPEN),
        # $ is the end, not in front of a line's end.
        (["--skip-auth-route=^/a$"], "GET /a%0a", "400"),
    ],
)
def test_paths(flags: list[str], line: str, expected: str) -> None:
    assert outcome(flags, line) == expected


@pytest.mark.parametrize(
    ("entry", "line", "expected"),
    [
        ("!=^/api", "GET /api", CLOSED),
        ("!=^/api", "GET /api/v1", CLOSED),
        ("!=^/api", "GET /", OPEN),
        ("!=^/api", "POST /assets/x", OPEN),
        ("!=^/api", "DELETE /api", CLOSED),
        ("!=/api", "GET /x/api", CLOSED),
        ("!=^/api", "GET /x/api", OPEN),
        ("GET!=^/api", "GET /", OPEN),
        ("GET!=^/api", "GET /api", CLOSED),
        ("GET!=^/api", "POST /", CLOSED),
        ("GET!=^/api", "POST /api", CLOSED),
        ("OPTIONS!=^/api", "OPTIONS /x", OPEN),
        ("OPTIONS!=^/api", "GET /x", CLOSED),
        ("GET!=^/(api|secret)", "GET /secret/x", CLOSED),
    ],
)
def test_negation(entry: str, line: str, expected: str) -> None:
    assert outcome([f"--skip-auth-route={entry}"], line) == expected


PROXY = ("--reverse-proxy=true", "--trusted-proxy-ip=10.0.0.0/8")


@pytest.mark.parametrize(
    ("flags", "headers", "peer", "expected"),
    [
        ([REGEX, *PROXY], ["X-Forwarded-Uri: /skip/auth/regex"], "10.0.0.1", True),
        ([REGEX, *PROXY], ["X-Forwarded-Uri: /skip/auth/regex", "X-Forwarded-Method: DELETE"], "10.0.0.1", True),
        ([REGEX, *PROXY], ["X-Forwarded-Uri: /wrong"], "10.0.0.1", False),
        ([REGEX, *PROXY], ["X-Forwarded-Uri: /wrong?x=/skip/auth/regex"], "10.0.0.1", False),
        ([ROUTE, *PROXY], ["X-Forwarded-Uri: /skip/auth/routes/get"], "10.0.0.1", True),
        ([ROUTE, *PROXY], ["X-Forwarded-Uri: /skip/auth/routes/get", "X-Forwarded-Method: PATCH"], "10.0.0.1", False),
        ([ROUTE, *PROXY], ["X-Forwarded-Uri: /skip/auth/routes/get?x=1"], "10.0.0.1", True),
        ([ROUTE, *PROXY], ["X-Forwarded-Uri: /other/../skip/auth/routes/get"], "10.0.0.1", False),
        ([ROUTE, *PROXY], ["X-Forwarded-Uri: https://evil.example/skip/auth/routes/get"], "10.0.0.1", False),
        ([ROUTE, *PROXY], [], "10.0.0.1", False),
        # Nobody else's word counts (CVE-2026-40575).
        ([REGEX, *PROXY], ["X-Forwarded-Uri: /skip/auth/regex"], "192.0.2.1", False),
        ([REGEX], ["X-Forwarded-Uri: /skip/auth/regex"], "10.0.0.1", False),
        ([REGEX, "--reverse-proxy=true"], ["X-Forwarded-Uri: /skip/auth/regex"], "10.0.0.1", False),
    ],
)
def test_paths_that_a_proxy_in_front_asks_about(
    flags: list[str], headers: list[str], peer: str, *, expected: bool
) -> None:
    settings = settings_of(*flags)
    block = "\r\n".join(["GET /oauth2/auth HTTP/1.1", "Host: dash.company.com", *headers, "", ""])
    asked = Origins(settings).asked_about(RequestParser().parse(block.encode()), peer)
    assert (asked is not None and OpenAccess(settings.open_access).admits(*asked)) is expected


@pytest.mark.parametrize(
    ("trusted", "peer", "headers", "expected"),
    [
        ("127.0.0.1", "127.0.0.1", [], OPEN),
        ("127.0.0.1", "127.0.0.2", [], CLOSED),
        ("127.0.0.0/8", "127.9.9.9", [], OPEN),
        ("::1", "::1", [], OPEN),
        ("::1", "::2", [], CLOSED),
        ("2001:db8::/32", "2001:db8::7", [], OPEN),
        ("192.0.2.7", "::ffff:192.0.2.7", [], OPEN),
        # A listed proxy that does not say for whom it asks.
        ("10.0.0.7", "10.0.0.7", [], CLOSED),
        ("", "127.0.0.1", [], CLOSED),
        ("192.0.2.0/24", "198.51.100.1", [], CLOSED),
        # What the client says of itself counts where a listed proxy passes it on, and there only.
        ("192.0.2.7", "10.0.0.1", ["X-Forwarded-For: 192.0.2.7"], OPEN),
        ("192.0.2.7", "10.0.0.1", ["X-Forwarded-For: 192.0.2.7, 198.51.100.1"], CLOSED),
        ("192.0.2.7", "198.51.100.1", ["X-Forwarded-For: 192.0.2.7"], CLOSED),
        ("192.0.2.7", "198.51.100.1", ["X-Real-IP: 192.0.2.7"], CLOSED),
        ("192.0.2.7", "10.0.0.1", ["X-Real-IP: 192.0.2.7"], CLOSED),
        ("127.0.0.1", "", [], CLOSED),
    ],
)
def test_addresses(trusted: str, peer: str, headers: list[str], expected: str) -> None:
    flags = [*PROXY, *([f"--trusted-ip={trusted}"] if trusted else [])]
    assert outcome(flags, "GET /x", *headers, peer=peer) == expected


@pytest.mark.parametrize(
    ("line", "headers", "expected"),
    [
        ("OPTIONS /x", ["Origin: https://a.company.com", "Access-Control-Request-Method: GET"], OPEN),
        ("OPTIONS /x", ["Origin: https://evil.example", "Access-Control-Request-Method: GET"], OPEN),
        ("OPTIONS /x", [], CLOSED),
        ("GET /x", ["Access-Control-Request-Method: GET"], CLOSED),
    ],
)
def test_preflights(line: str, headers: list[str], expected: str) -> None:
    assert outcome(["--skip-auth-preflight=true"], line, *headers) == expected
    assert outcome([], line, *headers) != OPEN


@pytest.mark.parametrize("agent", ["GoogleHC/1.0", "kube-probe/1.31", "probe"])
def test_a_user_agent_opens_nothing(agent: str) -> None:
    flags = ["--ping-user-agent=probe", "--gcp-healthchecks=true"]
    for path in ("/", "/x", "/liveness_check", "/oauth2/auth/x"):
        assert outcome(flags, f"GET {path}", f"User-Agent: {agent}") in (CLOSED, "served /oauth2/auth/x")
    assert outcome(flags, "GET /ping", f"User-Agent: {agent}") == "served /ping"

"""Return paths: what may follow a sign-in, and what is an attempt to lead people elsewhere."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampgate.identity.return_path import LONGEST, safe_return_path

ORIGIN = "https://dash.example.com"


def checked(value: str | None) -> str:
    return safe_return_path(value, origin=ORIGIN, portal_prefix="/oauth2")


@pytest.mark.parametrize(
    "value",
    [
        "/",
        "/c/main/pods",
        "/c/main/pods?namespace=shop&filter=a%20b",
        "/c/main/pods/shop/web%20front",
        "/search?u=https://example.org/a//b",
        "/search?u=//example.org",
        "/search?u=..%2f..%2f&v=/../x",
        "/page#/c/main",
        "/page#//x",
        "/a:b@c",
        "/@evil.example",
        "/:80/x",
        "/a/..b/c",
        "/.well-known/thing",
        "/a;b=c/d",
        "/clusters/main/api/v1/namespaces/a/services/http:web:80/proxy/",
        "/a%2Fb",
        "/100%25",
        "/caf%C3%A9",
        "/oauth2x/y",
        "/OAuth2/sign_in",
        "/https:evil.example",
        "/javascript:alert(1)",
        "/?",
        "/" + "a" * (LONGEST - 1),
    ],
)
def test_own_paths_survive_as_they_are(value: str) -> None:
    assert checked(value) == value


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (f"{ORIGIN}/c/main?x=1#y", "/c/main?x=1#y"),
        (f"{ORIGIN}/", "/"),
        (ORIGIN, "/"),
        (f"{ORIGIN}?x=1", "/?x=1"),
        ("HTTPS://DASH.example.com/c/main", "/c/main"),
    ],
)
def test_urls_on_our_own_origin_become_paths(value: str, path: str) -> None:
    assert checked(value) == path


ATTACKS = [
    None,
    "",
    "c/main",
    "evil.example",
    "?x=1",
    "#x",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2e%2e",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "//\\evil.example",
    "/a\\b",
    "/a?b=\\c",
    "https://evil.example",
    "https:/evil.example",
    "https:evil.example",
    "http://dash.example.com/",
    "https://dash.example.com.evil.example/",
    "https://dash.example.com@evil.example/",
    "https://dash.example.com:443@evil.example/",
    "https://dash.example.com:444/",
    "https://dash.example.com\\@evil.example",
    "https://dash.example.com//evil.example",
    "https://dash.example.com/\\evil.example",
    "https://user@dash.example.com/",
    "javascript:alert(1)",
    "JavaScript:alert(1)//",
    "data:text/html,x",
    "vbscript:x",
    "/ /evil.example",
    " /evil.example",
    "/ ",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/\v/evil.example",
    "/\f/evil.example",
    "/\x00/evil.example",
    "/\x7f",
    "/a\r\nSet-Cookie: x=y",
    "/%09/evil.example",
    "/%0a/evil.example",
    "/%0d%0aSet-Cookie:x",
    "/%00",
    "/%20/evil.example",
    "/%c2%a0/evil.example",
    "/%5cevil.example",
    "/%5Cevil.example",
    "/%255cevil.example",
    "/%2fevil.example",
    "/%2f%2fevil.example",
    "/%252f%252fevil.example",
    "/%25252f/evil.example",
    "/%2525252525252f/evil.example",
    "/a//b",
    "/a/%2fb",
    "/..//evil.example",
    "/./\\evil.example",
    "/../evil.example",
    "/a/../../evil.example",
    "/%2e%2e/evil.example",
    "/.%2e/evil.example",
    "/%252e%252e/x",
    "/..;/evil.example",
    "/a/..",
    "/a/.",
    "/%c0%afevil.example",
    "/%ff",
    "/%zz",
    "/%",
    "/a%2",
    "/\u3031evil.example",
    "/\uff0fevil.example",
    "/é",
    "/\u202eevil",
    "/<script>",
    '/"onmouseover=x',
    "/oauth2",
    "/oauth2/",
    "/oauth2/sign_out",
    "/oauth2?x",
    "/oauth2#x",
    "/%6fauth2/sign_out",
    "/oauth2%2fsign_out",
    "/" + "a" * LONGEST,
]


@pytest.mark.parametrize("value", ATTACKS, ids=ascii)
def test_everything_else_becomes_the_root(value: str | None) -> None:
    assert checked(value) == "/"


@given(st.text(alphabet=st.sampled_from("/\\.%25cCfF09aA:@?#;\t\r\n evil"), max_size=24).map(lambda text: "/" + text))
def test_whatever_comes_out_stays_on_our_origin(value: str) -> None:
    target = urlsplit(urljoin(f"{ORIGIN}/oauth2/callback", checked(value)))
    assert (target.scheme, target.netloc) == ("https", "dash.example.com")
    assert not target.path.startswith("//")


_BEGINNINGS = [
    "/",
    "//",
    "///",
    "/\\",
    "\\",
    "\\\\",
    "/\t/",
    "/\n/",
    "/%09/",
    "/%0a/",
    "/%5c",
    "/%5C%5c",
    "/%2f",
    "/./",
    "/../",
    "/;/",
    "/ /",
    "/%20/",
    "/\u3000/",
    "/%00/",
    ".",
    "..",
    "http:",
    "https:",
    "https:/",
    "https://",
    "HTTPS://",
    "//%09/",
    "javascript:",
    "data:,",
    "@",
    "/.%0d./",
    "https://dash.example.com@",
    "https://dash.example.com.",
]
_HOSTS = [
    "evil.example",
    "evil.example:80",
    "user@evil.example",
    "evil%E3%80%82example",
    "127.0.0.1",
    "0x7f000001",
    "[::1]",
    "evil.example\\@dash.example.com",
]
_ENDS = ["", "/", "/..", "/%2e%2e/x", "?x", "#x", "//", "/\\"]


def test_whatever_is_put_together_a_browser_stays_here() -> None:
    tried = 0
    for beginning in _BEGINNINGS:
        for host in _HOSTS:
            for end in _ENDS:
                tried += 1
                path = checked(f"{beginning}{host}{end}")
                # As browsers read it (WHATWG URL): backslashes are slashes, tabs and line ends are left out.
                seen = path.replace("\\", "/").translate({9: None, 10: None, 13: None})
                assert urlsplit(urljoin(ORIGIN, seen)).netloc == "dash.example.com", (beginning, host, end)
                assert urlsplit(urljoin(ORIGIN, seen)).scheme == "https"
    assert tried > 2000

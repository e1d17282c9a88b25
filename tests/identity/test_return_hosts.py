"""Hosts beside our own that may be returned to: the rules of oauth2-proxy's whitelist-domain, as a table.

Where this is stricter than oauth2-proxy the table says so: nobody is sent from https to http.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampgate.identity.return_path import LONGEST, ReturnHosts, safe_return_path
from tests.identity.test_return_path import ATTACKS

ORIGIN = "https://auth.company.com"
HOSTS = ReturnHosts(
    (
        "foo.bar", ".bar.foo", "port.bar:8080", ".sub.port.bar:8080", "anyport.bar:*", ".sub.anyport.bar:*",
        "www.whitelisteddomain.tld", "*.wildcard.sub.port.bar:8080", "*.wildcard.sub.anyport.bar:*", "*.wildcard.bar",
        "*.wildcard.proxy.foo.bar",
    )
)  # fmt: skip


def checked(value: str, origin: str = ORIGIN, hosts: ReturnHosts = HOSTS) -> str:
    return safe_return_path(value, origin=origin, portal_prefix="/oauth2", hosts=hosts)


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize(
    "rest",
    [
        "foo.bar/redirect",
        "baz.bar.foo/redirect",
        "bar.foo/redirect",
        "port.bar:8080/redirect",
        "foo.sub.port.bar:8080/redirect",
        "sub.port.bar:8080/redirect",
        "anyport.bar:8080/redirect",
        "anyport.bar:8081/redirect",
        "anyport.bar/redirect",
        "a.sub.anyport.bar:8080/redirect",
        "a.sub.anyport.bar:8081/redirect",
        "www.whitelisteddomain.tld/?a=b#c",
        "foo.wildcard.bar/redirect",
        "wildcard.bar/redirect",
        "foo.wildcard.sub.anyport.bar:4242/redirect",
        "wildcard.sub.anyport.bar:4242/redirect",
        "foo.wildcard.sub.port.bar:8080/redirect",
        "wildcard.sub.port.bar:8080/redirect",
        "a.b.c.bar.foo/search?u=https://example.org//x",
    ],
)
def test_listed_hosts(scheme: str, rest: str) -> None:
    url = f"{scheme}://{rest}"
    # From https nobody is sent to http: what the person does there could be read.
    assert checked(url) == (url if scheme == "https" else "/")
    assert checked(url, "http://localhost:4180") == url


@pytest.mark.parametrize(
    ("value", "path"), [("https://foo.bar", "https://foo.bar/"), ("HTTPS://FOO.bar?a", "HTTPS://FOO.bar/?a")]
)
def test_a_url_without_a_path_gets_one(value: str, path: str) -> None:
    assert checked(value) == path


@pytest.mark.parametrize("scheme", ["https://", "http://"])
@pytest.mark.parametrize(
    "rest",
    [
        "baz.foo.bar/redirect",
        "foo.bar.evil.corp/redirect",
        "evil.corp/redirect?rd=foo.bar",
        "evil.corp:3838/redirect",
        "foo.bar:3838/redirect",
        "baz.bar.foo:3838/redirect",
        "port.bar:3838/redirect",
        "port.bar/redirect",
        "foo.subport.bar:3838/redirect",
        "foo.subport.bar:8080/redirect",
        "evilbar.foo/redirect",
        "evilfoo.bar/redirect",
        "foo.bar./redirect",
        "foo.bar:/redirect",
        "foo.bar:080808/redirect",
        "foo.bar@evil.corp/redirect",
        "evil.corp@foo.bar/redirect",
        "evil.corp:x@foo.bar/redirect",
        "foo.bar%2eevil.corp/redirect",
        "foo.bar%00.evil.corp/",
        "foo.bar\\.evil.corp/",
        "foo.bar\\@evil.corp/",
        "foo.bar /x",
        "foo.bar\t/x",
        "foo.bar\n",
        "foo。bar/",
        "\uff46oo.bar/",
        "[::1]/",
        "127.0.0.1/",
        "2130706433/",
        "foo.bar//evil.corp",
        "foo.bar/\\evil.corp",
        "foo.bar/%09/evil.corp",
        "foo.bar/a/../b",
        "foo.bar/a/%2e%2e/b",
        "foo.bar/oauth2/sign_out",
        "foo.bar/é",
        "",
        "/foo.bar/",
        "/",
    ],
    ids=ascii,
)
def test_other_hosts(scheme: str, rest: str) -> None:
    assert checked(scheme + rest) == "/"
    assert checked(scheme + rest, "http://localhost:4180") == "/"


@pytest.mark.parametrize(
    "value",
    [
        "foo.bar/redirect",
        "proxy.wildcard.bar/redirect",
        "//foo.bar/redirect",
        "/\\foo.bar",
        "https:foo.bar/",
        "https:/foo.bar/",
        "https:///foo.bar/",
        "ftp://foo.bar/",
        "javascript://foo.bar/%0aalert(1)",
        " https://foo.bar/",
        "https://foo.bar/" + "a" * LONGEST,
    ],
    ids=ascii,
)
def test_no_other_form(value: str) -> None:
    assert checked(value) == "/"


@pytest.mark.parametrize("value", [value for value in ATTACKS if value], ids=ascii)
def test_a_list_opens_nothing_else(value: str) -> None:
    assert safe_return_path(value, origin="https://dash.example.com", portal_prefix="/oauth2", hosts=HOSTS) == "/"


def test_without_a_list_there_is_no_other_host() -> None:
    assert checked("https://foo.bar/", hosts=ReturnHosts()) == "/"


@given(
    st.text(st.sampled_from("/\\.%25cC:@?#;\t\r\n[]evilfoobar"), max_size=20).map(
        lambda text: f"https://foo.bar{text}"
    )
    | st.text(st.sampled_from("/\\.%25cC:@?#;\t\r\n[]evilfoobar"), max_size=20).map(lambda text: f"https://{text}")
)
def test_whatever_comes_out_is_listed(value: str) -> None:
    # As browsers read it (WHATWG URL): backslashes are slashes, tabs and line ends are left out.
    seen = checked(value).replace("\\", "/").translate({9: None, 10: None, 13: None})
    target = urlsplit(urljoin(f"{ORIGIN}/oauth2/callback", seen))
    assert target.scheme == "https"
    host = (target.hostname or "").lower()
    assert host in {"auth.company.com", "foo.bar"} or host.endswith(".bar.foo") or host == "bar.foo"
    assert "@" not in target.netloc

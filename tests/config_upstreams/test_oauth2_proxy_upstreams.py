"""Every form in which oauth2-proxy is told about upstreams, in its alpha configuration and in the older options."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from lampgate.config.errors import InvalidValueError, PlaceholderLeftError, UnsupportedSettingError
from lampgate.config.settings import LoadedSettings, UpstreamSettings
from tests.config.configurations import ALPHA, LEGACY, OPTIONS, Loader, codes, line_of

ALPHA_HEAD = ALPHA.partition("    - id: main")[0]
LEGACY_HEAD = LEGACY.replace('upstreams = ["http://headlamp:80"]\n', "")


@pytest.fixture
def loader(tmp_path: Path) -> Loader:
    return Loader(tmp_path)


def alpha(*lines: str) -> str:
    """An alpha configuration with one upstream of these lines."""
    return f"{ALPHA_HEAD}    -\n{indent(chr(10).join(lines), '      ')}\n"


def legacy(*lines: str) -> str:
    return LEGACY_HEAD + "".join(f"{line}\n" for line in lines)


def differing(upstream: UpstreamSettings) -> dict[str, Any]:
    """What is not as it is by default."""
    return upstream.model_dump(exclude_defaults=True)


def only(loaded: LoadedSettings) -> UpstreamSettings:
    (upstream,) = loaded.settings.upstreams
    return upstream


class TestAlpha:
    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            (["uri: https://a"], {"url": "https://a"}),
            (["uri: https://A:8443/"], {"url": "https://a:8443"}),
            (
                ["uri: https://a", "insecureSkipTLSVerify: true"],
                {"url": "https://a", "tls": {"insecure_skip_verify": True}},
            ),
            (["uri: unix:///run/app.sock"], {"url": "unix:///run/app.sock"}),
            (["uri: unix:/run/app.sock"], {"url": "unix:///run/app.sock"}),
            (["uri: file:///srv/www"], {"url": "file:///srv/www"}),
            (["uri: file:///dev/null"], {"url": "file:///dev/null"}),
            (["static: true"], {"url": "static://200"}),
            (["static: true", "staticCode: 503"], {"url": "static://503"}),
            (["static: false", "uri: http://a"], {"url": "http://a"}),
            (["uri: http://a", "disableKeepAlives: true"], {"url": "http://a", "keep_alive": False}),
            (["uri: http://a", "disableKeepAlives: false"], {"url": "http://a"}),
            (["uri: http://a", "passHostHeader: false"], {"url": "http://a", "pass_host_header": False}),
            (["uri: http://a", "timeout: 5m"], {"url": "http://a", "response_timeout": 300.0}),
            (["uri: http://a", "flushInterval: 5s", "proxyWebSockets: true"], {"url": "http://a"}),
        ],
    )
    def test_what_is_taken(self, loader: Loader, lines: list[str], expected: dict[str, Any]) -> None:
        assert differing(only(loader.load(alpha("id: a", "path: /", *lines), OPTIONS))) == {"id": "a", **expected}

    def test_a_rewrite(self, loader: Loader) -> None:
        text = alpha("id: a", "path: ^/app/(.*)/(?P<rest>.*)$".replace("(.*)/", "([^/]*)/"),
                     "uri: http://a", "rewriteTarget: /$1/${rest}?x=$2")  # fmt: skip
        # Braces would be a variable of the environment; as in oauth2-proxy two dollars keep one.
        loaded = loader.load(text.replace("${rest}", "$${rest}"), OPTIONS)
        upstream = only(loaded)
        assert (upstream.path, upstream.rewrite_target) == ("^/app/([^/]*)/(?P<rest>.*)$", "/$1/${rest}?x=$2")
        assert loaded.places["upstreams.0.rewrite_target"].line == line_of(text, "rewriteTarget")

    @pytest.mark.parametrize(
        ("lines", "key", "sentence"),
        [
            (["path: (?=x)", "uri: http://a", "rewriteTarget: /"], "path", "looks around"),
            (["path: '['", "uri: http://a", "rewriteTarget: /"], "path", "[ without its ]"),
            (["path: ^/(a+)+$", "uri: http://a", "rewriteTarget: /"], "path", "take forever"),
            (["path: ^/a", "uri: http://a", "rewriteTarget: /$1"], "rewriteTarget", "uses $1, a group"),
            (["path: ^/(a)", "uri: http://a", "rewriteTarget: /$1b"], "rewriteTarget", "write ${1}b"),
            (["path: /", "uri: http://a", "staticCode: 200"], "staticCode", "is not static"),
            (["path: /", "uri: http://a", "static: true"], "uri", "has a URL as well"),
            (["path: /", "static: true", "staticCode: 99"], "staticCode", "200 to 599"),
            (["path: /", "static: true", "staticCode: 600"], "staticCode", "200 to 599"),
            (["path: /", "static: true", "staticCode: -200"], "staticCode", "200 to 599"),
            (["path: /", "static: true", "staticCode: x"], "staticCode", "whole number"),
            (["path: /", "uri: https://a/base"], "uri", "drops without a word"),
            (["path: /", "uri: unix://run/app.sock"], "uri", "no absolute path"),
            (["path: /", "uri: 'unix:'"], "uri", "no absolute path"),
            (["path: /", "uri: file://server/share"], "uri", "no absolute path"),
            (["path: /", "uri: file:///a?b"], "uri", "goes on behind its path"),
            (["path: /", "uri: 'file:///a#/b'"], "uri", "goes on behind its path"),
            (["path: /", "uri: ftp://a"], "uri", "unknown scheme"),
            (["path: /", "uri: 'https://user:hunter2@a'"], "uri", "user name or password"),
        ],
    )
    def test_what_is_wrong(self, loader: Loader, lines: list[str], key: str, sentence: str) -> None:
        text = alpha("id: a", *lines)
        error = loader.error(text, OPTIONS)
        assert isinstance(error, InvalidValueError)
        assert sentence in error.sentence
        assert "hunter2" not in str(error)
        line = line_of(text, f"      {key}:")
        assert error.place == loader.place(line, f"upstreamConfig.upstreams[0].{key}")
        assert error.remedy

    def test_placeholders(self, loader: Loader) -> None:
        assert isinstance(
            loader.error(alpha("id: a", "path: /", "uri: https://<host>"), OPTIONS), PlaceholderLeftError
        )

    def test_an_unverified_upstream_is_noted(self, loader: Loader) -> None:
        unverified = "insecureSkipTLSVerify: true"
        loaded = loader.load(alpha("id: a", "path: /", "uri: https://a", unverified), OPTIONS)
        assert "config.upstream-not-verified" in codes(loaded)
        loaded = loader.load(alpha("id: a", "path: /", "uri: http://a", unverified), OPTIONS)
        assert "config.upstream-not-verified" not in codes(loaded)

    def test_websockets_switched_off_is_noted(self, loader: Loader) -> None:
        loaded = loader.load(alpha("id: a", "path: /", "uri: http://a", "proxyWebSockets: false"), OPTIONS)
        assert "config.no-effect" in codes(loaded)

    def test_raw_paths_are_refused(self, loader: Loader) -> None:
        error = loader.error(ALPHA.replace("  upstreams:", "  proxyRawPath: true\n  upstreams:"), OPTIONS)
        assert isinstance(error, UnsupportedSettingError)
        assert "encoded slash" in error.sentence


class TestOlderOptions:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("https://a", {"id": "/", "url": "https://a"}),
            ("https://a/x/", {"id": "/x/", "path": "/x/", "url": "https://a"}),
            ("file:///srv/www/#/static/", {"id": "/static/", "path": "/static/", "url": "file:///srv/www/"}),
            ("file:///srv/www/", {"id": "/srv/www/", "path": "/srv/www/", "url": "file:///srv/www/"}),
            ("file:///dev/null", {"id": "/dev/null", "path": "/dev/null", "url": "file:///dev/null"}),
            ("unix:///run/a.sock", {"id": "/run/a.sock", "url": "unix:///run/a.sock"}),
            ("unix:/run/a.sock", {"id": "/run/a.sock", "url": "unix:///run/a.sock"}),
            ("static://202", {"id": "static://202", "url": "static://202"}),
        ],
    )
    def test_what_a_url_says(self, loader: Loader, url: str, expected: dict[str, Any]) -> None:
        assert differing(only(loader.load(legacy(f'upstreams = ["{url}"]')))) == expected

    def test_options_for_all(self, loader: Loader) -> None:
        loaded = loader.load(
            legacy(
                'upstreams = ["https://a", "https://b/b/"]', "ssl_upstream_insecure_skip_verify = true",
                "disable_keep_alives = true", 'upstream_timeout = "7s"', "pass_host_header = false",
            )
        )  # fmt: skip
        for upstream in loaded.settings.upstreams:
            assert upstream.tls.insecure_skip_verify
            assert not upstream.keep_alive
            assert not upstream.pass_host_header
            assert upstream.response_timeout == 7.0
        assert "config.upstream-not-verified" in codes(loaded)

    @pytest.mark.parametrize("url", ["static://ok", "static://", "static:200", "unix://a.sock", "file://x#/y"])
    def test_what_is_wrong(self, loader: Loader, url: str) -> None:
        assert isinstance(loader.error(legacy(f'upstreams = ["{url}"]')), InvalidValueError)

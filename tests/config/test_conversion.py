"""What is judged about values, whichever dialect they come from: tables of good and bad ones."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from lampgate.config.errors import (
    ConfigError,
    InvalidValueError,
    MissingSettingError,
    PlaceholderLeftError,
    UnsupportedSettingError,
)
from lampgate.config.load import Overrides
from tests.config.configurations import ALPHA, ISSUER, LEGACY, OPTIONS, Loader, codes


def with_line(line: str) -> str:
    """The older configuration with one of its lines replaced, or one more."""
    key = line.partition("=")[0].strip()
    return "\n".join([*(each for each in LEGACY.splitlines() if not each.startswith(f"{key} =")), line, ""])


@pytest.mark.parametrize(
    ("issuer", "kind"),
    [
        ("https://login.microsoftonline.com/{tenant}/v2.0", PlaceholderLeftError),
        ("https://login.microsoftonline.com/<tenant-id>/v2.0", PlaceholderLeftError),
        ("https://login.microsoftonline.com/YOUR_TENANT_ID/v2.0", PlaceholderLeftError),
        ("https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0", PlaceholderLeftError),
        ("https://login.example.com", PlaceholderLeftError),
        ("https://login.microsoftonline.com/common/v2.0", UnsupportedSettingError),
        ("https://login.microsoftonline.com/organizations/v2.0", UnsupportedSettingError),
        ("https://login.microsoftonline.com", UnsupportedSettingError),
        ("http://login.company.com", InvalidValueError),
        ("login.company.com", InvalidValueError),
        ("https://user:hunter2@login.company.com", InvalidValueError),
        ("https://login.company.com/?hunter2", InvalidValueError),
        ("https://login.company.com/#hunter2", InvalidValueError),
        ("https://", InvalidValueError),
        ("https://[::1", InvalidValueError),
        ("https://login company.com", InvalidValueError),
        ("https://login.company.com:99999", InvalidValueError),
        ("https://login.company.com:0", InvalidValueError),
    ],
)
def test_issuers_that_are_refused(loader: Loader, issuer: str, kind: type[ConfigError]) -> None:
    error = loader.error(LEGACY.replace(ISSUER, issuer))
    assert type(error) is kind
    assert error.place == loader.place(4, "oidc_issuer_url")
    assert "hunter2" not in str(error)
    assert error.remedy


@pytest.mark.parametrize(
    "issuer",
    ["https://login.company.com/realms/x", "http://localhost:8081/t/v2.0", "http://[::1]:8081", ISSUER + "/"],
)
def test_issuers_that_are_taken_as_they_are(loader: Loader, issuer: str) -> None:
    assert loader.load(LEGACY.replace(ISSUER, issuer)).settings.provider.issuer_url == issuer


@pytest.mark.parametrize(
    ("provider", "kind", "remedy"),
    [
        ("azure", UnsupportedSettingError, "entra-id"),
        ("google", UnsupportedSettingError, "oidc"),
        ("entra", InvalidValueError, "Did you mean “entra-id”?"),
        ("hunter2", InvalidValueError, "Use oidc or entra-id"),
    ],
)
def test_providers_that_are_refused(loader: Loader, provider: str, kind: type[ConfigError], remedy: str) -> None:
    error = loader.error(with_line(f'provider = "{provider}"'))
    assert type(error) is kind
    assert remedy in error.remedy
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("url", "kind", "remedy"),
    [
        ("ftp://headlamp", InvalidValueError, "http://headlamp:80"),
        ("headlamp:80", InvalidValueError, "http://headlamp:80"),
        ("http://", InvalidValueError, "http://headlamp:80"),
        ("http://u:hunter2@headlamp", InvalidValueError, "http://headlamp:80"),
        ("http://headlamp?hunter2", InvalidValueError, "Remove what follows"),
        ("http://<service>:80", PlaceholderLeftError, "http://headlamp:80"),
    ],
)
def test_upstreams_that_are_refused(loader: Loader, url: str, kind: type[ConfigError], remedy: str) -> None:
    error = loader.error(with_line(f'upstreams = ["{url}"]'))
    assert type(error) is kind
    assert remedy in error.remedy
    assert "hunter2" not in str(error)


def test_an_alpha_upstream_has_no_path_in_its_url(loader: Loader) -> None:
    assert "path" in loader.error(ALPHA.replace("http://headlamp:80", "http://headlamp:80/base"), OPTIONS).sentence
    loaded = loader.load(ALPHA.replace("http://headlamp:80", "http://HeadLamp:80/"), OPTIONS)
    assert loaded.settings.upstreams[0].url == "http://headlamp:80"


def test_an_older_upstreams_path_says_what_it_is_for(loader: Loader) -> None:
    upstreams = loader.load(with_line('upstreams = "http://a:1,http://b/x/"')).settings.upstreams
    assert [(upstream.path, upstream.url) for upstream in upstreams] == [("/", "http://a:1"), ("/x/", "http://b")]


@pytest.mark.parametrize("path", ["headlamp", "/a//b", "/a/../b", "/./", "/a%2fb", "/a?b", "/a b"])
def test_paths_that_are_refused(loader: Loader, path: str) -> None:
    error = loader.error(ALPHA.replace("path: /", f"path: '{path}'"), OPTIONS)
    assert isinstance(error, InvalidValueError)
    assert error.place == loader.place(20, "upstreamConfig.upstreams[0].path")


def test_two_upstreams_alike(loader: Loader) -> None:
    ids, paths = loader.errors(f"{ALPHA}    - {{id: main, path: /, uri: 'http://x'}}\n", OPTIONS)
    assert "same id" in ids.sentence
    assert "same path" in paths.sentence
    assert ids.place == loader.place(22, "upstreamConfig.upstreams[1].id")
    assert "line 19" in ids.remedy


def test_no_upstream(loader: Loader) -> None:
    error = loader.error(with_line("upstreams = []"))
    assert isinstance(error, MissingSettingError)
    assert error.place == loader.place(0, "upstreams")


@pytest.mark.parametrize(
    ("header", "kind", "sentence"),
    [
        ("Host", InvalidValueError, "Host belongs"),
        ("transfer-encoding", InvalidValueError, "Transfer-Encoding belongs"),
        ("X_Email", InvalidValueError, "name of a header"),
        ("X Email", InvalidValueError, "name of a header"),
    ],
)
def test_header_names_that_are_refused(loader: Loader, header: str, kind: type[ConfigError], sentence: str) -> None:
    error = loader.error(ALPHA.replace("name: Authorization", f"name: {header}"), OPTIONS)
    assert type(error) is kind
    assert sentence in error.sentence
    assert error.place == loader.place(12, "injectRequestHeaders[0].name")


@pytest.mark.parametrize(
    ("claim", "remedy"),
    [("acces_token", "Did you mean “access_token”?"), ("refresh_token", "Use one of"), ("department", "Use one of")],
)
def test_claims_that_are_refused(loader: Loader, claim: str, remedy: str) -> None:
    error = loader.error(ALPHA.replace("claim: access_token", f"claim: {claim}"), OPTIONS)
    assert isinstance(error, UnsupportedSettingError)
    assert remedy in error.remedy
    assert error.place == loader.place(15, "injectRequestHeaders[0].values[0].claimSource.claim")


def test_a_prefix_cannot_break_a_header(loader: Loader) -> None:
    error = loader.error(ALPHA.replace('"Bearer "', r'"Bearer\r\nX: "'), OPTIONS)
    assert isinstance(error, InvalidValueError)
    assert error.place == loader.place(16, "injectRequestHeaders[0].values[0].claimSource.prefix")


def test_one_header_twice(loader: Loader) -> None:
    text = ALPHA.replace("upstreamConfig", "  - {name: authorization, values: [{claim: email}]}\nupstreamConfig")
    error = loader.error(text, OPTIONS)
    assert "injected twice" in error.sentence
    assert error.place == loader.place(17, "injectRequestHeaders[1].name")


def test_an_id_token_in_authorization_is_noted(loader: Loader) -> None:
    assert codes(loader.load(ALPHA.replace("claim: access_token", "claim: id_token"), OPTIONS)) == [
        "config.id-token-injected"
    ]
    assert codes(loader.load(with_line("pass_authorization_header = true"))) == ["config.id-token-injected"]


def test_older_options_about_headers(loader: Loader) -> None:
    text = with_line("pass_access_token = true") + "pass_basic_auth = false\npass_user_headers = false\n"
    (header,) = loader.load(text).settings.inject
    assert (header.name, header.values[0].claim) == ("X-Forwarded-Access-Token", "access_token")


@pytest.mark.parametrize(
    ("line", "kind", "remedy"),
    [
        ("cookie_expire = 0", UnsupportedSettingError, "12h"),
        ("cookie_expire = 300", InvalidValueError, "nanoseconds"),
        ("cookie_refresh = 300", InvalidValueError, "nanoseconds"),
        ("cookie_refresh = 1.5", InvalidValueError, "nanoseconds"),
        ('cookie_refresh = "300"', InvalidValueError, "Add the unit"),
        ('cookie_refresh = "-1h"', InvalidValueError, "minus"),
        ('cookie_csrf_expire = "0"', InvalidValueError, "15m"),
        ('cookie_name = "a b"', InvalidValueError, "letters"),
        ('cookie_domains = ["a.com", "b.com"]', UnsupportedSettingError, "safest"),
        ('cookie_domains = ["localhost"]', InvalidValueError, "example.com"),
        ('cookie_samesite = "loose"', InvalidValueError, "lax"),
        ('session_store_type = "redis"', MissingSettingError, "rediss://"),
        ('session_store_type = "disk"', InvalidValueError, "cookie or redis"),
        ('email_domains = ["company"," "]\nproxy_prefix = "gate"', InvalidValueError, "/oauth2"),
        ('email_domains = ["a@company.com"]', InvalidValueError, "follows the @"),
        ('email_domains = ["<your domain>"]', PlaceholderLeftError, "follows the @"),
        ("email_domains = []", MissingSettingError, "OAUTH2_PROXY_EMAIL_DOMAINS"),
        ('proxy_prefix = "/"', InvalidValueError, "/oauth2"),
        ('ping_path = "/ready"', InvalidValueError, "Remove"),
        ('redirect_url = "https://h.company.com/callback"', UnsupportedSettingError, "/oauth2/callback"),
        ('redirect_url = "/callback"', UnsupportedSettingError, "/oauth2/callback"),
        ('redirect_url = "http://h.company.com/oauth2/callback"', InvalidValueError, "https"),
        ('redirect_url = "https://<host>/oauth2/callback"', PlaceholderLeftError, "address"),
        ('redirect_url = "h.company.com"', InvalidValueError, "https://"),
        ('scope = "profile"', InvalidValueError, "openid"),
        ('scope = "openid,\\u00e9"', InvalidValueError, "spaces"),
        ('scope = "openid <scope>"', PlaceholderLeftError, "user.read"),
        ('client_id = "<client-id>"', PlaceholderLeftError, "Application"),
        ('client_id = "a\\u00e9"', InvalidValueError, "Application"),
        ('client_secret_file = "/nowhere"', InvalidValueError, "Keep one"),
        ('provider_ca_files = ["/nowhere"]', InvalidValueError, "PEM"),
        ('cookie_secure = "no"', InvalidValueError, "true or false"),
        ("cookie_name = ['a']", InvalidValueError, "without brackets"),
        ("upstreams = [['a']]", InvalidValueError, "list of texts"),
        ("request_logging = {a = 1}", InvalidValueError, "no tables"),
        ("redis_connection_idle_timeout = '7s'", InvalidValueError, "whole number"),
    ],
)
def test_options_that_are_refused(loader: Loader, line: str, kind: type[ConfigError], remedy: str) -> None:
    error = loader.error(with_line(line))
    assert type(error) is kind
    assert remedy in error.remedy
    assert error.place.startswith(f"{loader.folder}/0.conf")


@pytest.mark.parametrize(
    ("redirect", "public_url"),
    [
        ("https://h.company.com/oauth2/callback", "https://h.company.com"),
        ("https://H.company.com:8443/oauth2/callback", "https://h.company.com:8443"),
        ("https://h.company.com", "https://h.company.com"),
        ("http://localhost:4180/oauth2/callback", "http://localhost:4180"),
        ("http://127.0.0.1:4180/oauth2/callback", "http://127.0.0.1:4180"),
        ("/oauth2/callback", None),
        ("", None),
    ],
)
def test_the_redirect_url_is_the_public_url(loader: Loader, redirect: str, public_url: str | None) -> None:
    assert loader.load(with_line(f'redirect_url = "{redirect}"')).settings.public_url == public_url


@pytest.mark.parametrize("url", ["https://h.company.com/x", "http://h.company.com", "x"])
def test_a_public_url_on_the_command_line_is_judged_too(loader: Loader, url: str) -> None:
    error = loader.error(LEGACY, overrides=Overrides(public_url=url))
    assert error.place == "command line, --public-url"


def test_cookies_without_secure_are_for_plain_http_on_this_machine(loader: Loader) -> None:
    text = with_line("cookie_secure = false")
    assert loader.load(text, overrides=Overrides(public_url="http://localhost:1")).notes == ()
    for url in ("https://localhost:1", None):
        loaded = loader.load(text, overrides=Overrides(public_url=url))
        assert "config.cookies-stay-secure" in codes(loaded)


def test_the_cookies_name(loader: Loader) -> None:
    loaded = loader.load(with_line('cookie_name = "__Host-gate"'))
    assert loaded.settings.session.cookie.name == "gate"
    assert codes(loaded) == ["config.cookie-name-prefix"]


def test_trusted_proxies(loader: Loader) -> None:
    listed = 'trusted_proxy_ips = ["10.0.0.7", "10.244.0.0/16", "fd00::/8"]'
    loaded = loader.load(with_line(f"{listed}\nreverse_proxy = true"))
    assert loaded.settings.trusted_proxies == (
        ip_network("10.0.0.7/32"),
        ip_network("10.244.0.0/16"),
        ip_network("fd00::/8"),
    )
    unused = loader.load(with_line(listed))
    assert unused.settings.trusted_proxies == ()
    assert codes(unused) == ["config.trusted-proxies-unused"]


@pytest.mark.parametrize("entry", ["0.0.0.0/0", "::/0", "10.0.0.1/8", "ingress", ""])
def test_proxies_that_are_not_trusted(loader: Loader, entry: str) -> None:
    error = loader.error(with_line(f'reverse_proxy = true\ntrusted_proxy_ips = ["{entry}"]'))
    assert isinstance(error, InvalidValueError)
    assert "10.244.0.0/16" in error.remedy


def test_scopes_of_one_resource_are_not_noted(loader: Loader) -> None:
    scope = "6dae42f8-4368-4678-94ff-3960e28e3630/user.read openid offline_access"
    assert codes(loader.load(with_line(f'scope = "{scope}"'))) == []
    assert codes(loader.load(with_line(f'scope = "{scope} https://graph.microsoft.com/User.Read Mail.Read"'))) == [
        "config.several-resources"
    ]


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("OAUTH2_PROXY_SERVICE_HOST", True),
        ("OAUTH2_PROXY_PORT", True),
        ("OAUTH2_PROXY_PORT_80_TCP_ADDR", True),
        ("OAUTH2_PROXY_HEADLAMP_SERVICE_PORT_HTTP", True),
        ("OAUTH2_PROXY_EMAIL_DOMAIN", False),
        ("OAUTH2_PROXY_NONSENSE", False),
    ],
)
def test_variables_of_oauth2_proxys_name(loader: Loader, name: str, accepted: bool) -> None:
    if accepted:
        assert loader.load(LEGACY, environ={name: "tcp://10.0.0.1:80"}) == loader.load(LEGACY)
        return
    error = loader.error(LEGACY, environ={name: "x"})
    assert error.code == "config.unknown-setting"
    assert error.place == f"environment, {name}"
    assert ("OAUTH2_PROXY_EMAIL_DOMAINS" in error.remedy) == (name == "OAUTH2_PROXY_EMAIL_DOMAIN")


def test_an_empty_variable_counts_as_not_set(loader: Loader) -> None:
    empty = {"OAUTH2_PROXY_CLIENT_ID": "", "OAUTH2_PROXY_NONSENSE": ""}
    assert loader.load(LEGACY, environ=empty) == loader.load(LEGACY)


def test_variables_go_before_the_file(loader: Loader) -> None:
    loaded = loader.load(LEGACY, environ={"OAUTH2_PROXY_COOKIE_EXPIRE": "5m", "OAUTH2_PROXY_CLIENT_ID": "own"})
    assert loaded.settings.session.lifetime == 300
    assert loaded.settings.provider.client_id == "own"
    (note,) = loaded.notes
    assert str(note.place) == loader.place(2, "client_id")
    assert "environment, OAUTH2_PROXY_CLIENT_ID" in note.sentence


def test_texts_of_the_sign_in_page(loader: Loader) -> None:
    portal = loader.load(f'{LEGACY}\nbanner = "Only for operators"\nfooter = "-"\n').settings.portal
    assert (portal.banner, portal.footer) == ("Only for operators", "")
    portal = loader.load(LEGACY).settings.portal
    assert (portal.banner, portal.footer) == (None, None)
    loaded = loader.load(f"{LEGACY}\nbanner = '<b>Only</b> for operators'\n")
    assert "config.plain-text" in [note.code for note in loaded.notes]


def test_other_layouts_of_log_lines_are_noted(loader: Loader) -> None:
    loaded = loader.load(f"{LEGACY}\nrequest_logging_format = '{{{{.Client}}}} {{{{.StatusCode}}}}'\n")
    assert loaded.settings.log.layout == "json"
    assert "config.no-effect" in codes(loaded)


@pytest.mark.parametrize(
    ("lines", "request_headers", "response_headers"),
    [
        ('basic_auth_password = "hunter2"', {"Authorization": "user"}, {}),
        ('basic_auth_password = "hunter2"\npass_basic_auth = false', {}, {}),
        ('set_basic_auth = true\nbasic_auth_password = "h"\npass_basic_auth = false', {}, {"Authorization": "user"}),
        ('prefer_email_to_user = true\nbasic_auth_password = "hunter2"', {"Authorization": "email"}, {}),
    ],
)  # fmt: skip
def test_a_password_that_all_share(
    loader: Loader, lines: str, request_headers: dict[str, str], response_headers: dict[str, str]
) -> None:
    settings = loader.load(f"{lines}\n{LEGACY}").settings
    for injections, expected in ((settings.inject, request_headers), (settings.inject_response, response_headers)):
        basic = {header.name: value.claim for header in injections for value in header.values if value.basic_password}
        assert basic == expected


def test_the_address_in_the_place_of_the_user(loader: Loader) -> None:
    inject = loader.load(f"prefer_email_to_user = true\n{LEGACY}").settings.inject
    claims = {header.name: header.values[0].claim for header in inject}
    assert claims["X-Forwarded-User"] == "email"
    assert "X-Forwarded-Email" not in claims


def test_basic_and_the_id_token_are_two_authorizations(loader: Loader) -> None:
    error = loader.error(f'basic_auth_password = "hunter2"\npass_authorization_header = true\n{LEGACY}')
    assert "injected twice" in str(error)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("set_basic_auth = true", "set-basic-auth"),
        ("set_basic_auth = true\nbasic_auth_password = ''", "set-basic-auth"),
        ("pass_basic_auth = false\nbasic_auth_password = 'hunter2'", "basic-auth-password"),
    ],
)
def test_shared_passwords_that_nothing_follows_from(loader: Loader, lines: str, named: str) -> None:
    loaded = loader.load(f"{lines}\n{LEGACY}")
    (note,) = loaded.notes
    assert note.code == "config.no-effect"
    assert note.sentence.startswith(named)
    assert loaded.settings.inject_response == ()

"""``lampgate convert``: what it writes loads to the same settings, says where it came from, and holds no secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lampgate.cli.convert import ConversionError, convert, run_convert
from lampgate.config.load import load_settings
from lampgate.config.settings import Settings
from tests.config.configurations import ALPHA, COOKIE_SECRET, FILLED_IN, LEGACY, TENANT, Loader
from tests.config_native.native_files import ENVIRONMENT, FULL, SMALLEST

SECRET = "not-so-secret"
NEEDED = {
    "LAMPGATE_CLIENT_SECRET": SECRET,
    "LAMPGATE_COOKIE_SECRET": COOKIE_SECRET,
    "LAMPGATE_INJECT_0_0_BASIC_PASSWORD": SECRET,
    "LAMPGATE_INJECT_RESPONSE_0_0_SECRET": SECRET,
    "LAMPGATE_INJECT_RESPONSE_0_0_BASIC_PASSWORD": SECRET,
}

FIXED = {
    "the scenario": FILLED_IN,
    "alpha": ALPHA,
    "legacy": LEGACY,
    "entra-id": ALPHA.replace("provider: oidc", "provider: entra-id"),
    "native, smallest": SMALLEST,
    "native, full": FULL,
    "native, preset with exceptions": f"{SMALLEST}inject: []\nallow: {{groups: [a]}}\nprovider: {{timeout: 5s}}\n",
    "native, step up": f"{SMALLEST}step_up: [{{path: '/a: #b', context: c1, methods: [POST]}}]\n",
    "native, client secret": f"{SMALLEST}client_secret: env:CLIENT_SECRET\n",
}


def converted(loader: Loader, *texts: str) -> tuple[Settings, Settings, str]:
    """Settings of a configuration and of its conversion, and the conversion."""
    paths = []
    for number, text in enumerate(texts):
        path = loader.folder / f"{number}.conf"
        path.write_text(text, "utf-8")
        paths.append(path)
    environ = {**loader.environ, **ENVIRONMENT}
    native = convert(paths, environ)
    file = loader.folder / "lampgate.yaml"
    file.write_text(native, "utf-8")
    before = load_settings(paths, environ=environ).settings
    return before, load_settings([file], environ={**environ, **NEEDED}).settings, native


@pytest.mark.parametrize("name", FIXED)
def test_a_conversion_means_the_same(loader: Loader, name: str) -> None:
    before, after, native = converted(loader, FIXED[name])
    assert after == before
    assert SECRET not in native
    assert COOKIE_SECRET not in native


def test_converting_what_is_native_changes_nothing(loader: Loader) -> None:
    _, _, native = converted(loader, SMALLEST)
    written = [line.partition("  #")[0].rstrip() for line in native.splitlines() if not line.startswith("#")]
    assert written == SMALLEST.splitlines()


def test_each_line_says_where_it_came_from(loader: Loader) -> None:
    _, _, native = converted(loader, FILLED_IN)
    (line,) = [line for line in native.splitlines() if line.lstrip().startswith("renew_after")]
    assert line.endswith(f"# {loader.place(14, 'extraArgs.cookie-refresh')}")


def test_what_is_worth_knowing_comes_first(loader: Loader) -> None:
    _, _, native = converted(loader, FILLED_IN)
    assert "# config.several-resources:" in native.partition("lampgate: 1")[0]


def test_a_secret_in_plain_text_becomes_a_variable_to_set(loader: Loader) -> None:
    _, _, native = converted(loader, ALPHA)
    assert "secret: env:LAMPGATE_CLIENT_SECRET" in native
    head = native.partition("lampgate: 1")[0]
    assert "Set the variable LAMPGATE_CLIENT_SECRET" in head
    assert "line 7, providers[0].clientSecret" in head.replace("\n#  ", "")


def test_a_secret_from_a_variable_stays_there(loader: Loader) -> None:
    path = loader.folder / "a.conf"
    path.write_text(ALPHA.replace(SECRET, "${MY_SECRET}"), "utf-8")
    assert "secret: env:MY_SECRET" in convert([path], loader.environ)


def test_a_secret_from_a_file_stays_there(loader: Loader) -> None:
    text = LEGACY.replace(f'cookie_secret = "{COOKIE_SECRET}"', 'cookie_secret_file = "/run/secrets/cookie"')
    path = loader.folder / "a.conf"
    path.write_text(text, "utf-8")
    native = convert([path], loader.environ)
    assert "secret_file: /run/secrets/cookie" in native
    assert " secret:" not in native.partition("cookie:")[2]


def test_a_variable_that_belongs_into_the_file_is_asked_for(loader: Loader) -> None:
    path = loader.folder / "a.conf"
    path.write_text(ALPHA.replace(TENANT, "${TENANT_ID}"), "utf-8")
    with pytest.raises(ConversionError) as raised:
        convert([path], loader.environ)
    assert "TENANT_ID" in raised.value.sentence
    assert TENANT in convert([path], {**loader.environ, "TENANT_ID": TENANT})


def test_nothing_is_overwritten(loader: Loader) -> None:
    source, output = loader.folder / "a.conf", loader.folder / "out.yaml"
    source.write_text(LEGACY, "utf-8")
    run_convert([source], output=output)
    first = output.read_text("utf-8")
    assert first.endswith("\n")
    with pytest.raises(ConversionError):
        run_convert([source], output=output)
    assert output.read_text("utf-8") == first


seconds = st.sampled_from(["1s", "90s", "15m", "1h30m", "168h", "1500ms"])
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters='$"\\'), min_size=1, max_size=9
)
hosts = st.sampled_from(["headlamp", "10.0.0.1:4466", "a.b.svc.cluster.local:80"])
names = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)


@st.composite
def legacy_files(draw: st.DrawFn) -> str:
    """Files of options that oauth2-proxy takes."""
    lines = [line for line in LEGACY.splitlines() if draw(st.integers(0, 9)) or not line.startswith("cookie_secret")]
    optional = {
        "cookie_expire": seconds.map(repr),
        "cookie_refresh": seconds.map(repr),
        "cookie_name": names.map(repr),
        "cookie_domains": st.sampled_from(['["example.com"]', '[".a.b"]']),
        "cookie_samesite": st.sampled_from(['"lax"', '"strict"', '"none"']),
        "provider_display_name": texts.map(lambda text: f'"{text}"'),
        "oidc_groups_claim": names.map(repr),
        "allowed_groups": st.lists(names, max_size=3).map(str),
        "oidc_extra_audiences": st.lists(names, max_size=2).map(str),
        "insecure_oidc_allow_unverified_email": st.sampled_from(["true", "false"]),
        "skip_provider_button": st.sampled_from(["true", "false"]),
        "set_xauthrequest": st.sampled_from(["true", "false"]),
        "basic_auth_password": st.just(f"'{SECRET}'"),
        "whitelist_domains": st.sampled_from(['["a.company.com"]', '[".company.com", "b.c:*"]']),
        "api_routes": st.sampled_from(['["^/api/"]', "['a|b', '\\\\.json$']"]),
        "backend_logout_url": st.just("'https://login.company.com/x?t={id_token}'"),
        "oidc_enabled_signing_algs": st.sampled_from(['["ES256"]', '["RS256", "PS256"]']),
        "skip_auth_routes": st.sampled_from(['["GET=^/a$"]', '["!=^/api"]']),
        "skip_jwt_bearer_tokens": st.sampled_from(["true", "false"]),
        "bearer_token_login_fallback": st.sampled_from(["true", "false"]),
        "set_basic_auth": st.sampled_from(["true", "false"]),
        "prefer_email_to_user": st.sampled_from(["true", "false"]),
        "pass_access_token": st.sampled_from(["true", "false"]),
        "pass_user_headers": st.sampled_from(["true", "false"]),
        "pass_authorization_header": st.sampled_from(["true", "false"]),
        "reverse_proxy": st.just("true"),
        "trusted_proxy_ips": st.sampled_from(['["10.0.0.0/8"]', '["10.0.0.1", "fd00::/8"]']),
        "redirect_url": st.sampled_from(['"https://a.company.com/oauth2/callback"', '"https://a.company.com"']),
        "http_address": st.sampled_from(['"0.0.0.0:1234"', '":80"', '"[::1]:4180"']),
        "request_logging": st.sampled_from(["true", "false"]),
        "upstream_timeout": seconds.map(repr),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(optional)), unique=True))
    if "basic_auth_password" in chosen:
        # Two kinds of Authorization are refused, by oauth2-proxy as well.
        chosen = [key for key in chosen if key != "pass_authorization_header"]
    return "\n".join([*lines, *(f"{key} = {draw(optional[key])}" for key in chosen)]) + "\n"


@st.composite
def alpha_files(draw: st.DrawFn) -> str:
    """Alpha configurations."""
    text = ALPHA
    if draw(st.booleans()):
        text = text.replace("provider: oidc", "provider: entra-id")
    if draw(st.booleans()):
        scope = draw(st.sampled_from(["openid", "6dae42f8-4368-4678-94ff-3960e28e3630/user.read openid email"]))
        text = text.replace("openid offline_access", scope)
    if draw(st.booleans()):
        text = text.replace("    clientSecret: not-so-secret\n", "")
    if draw(st.booleans()):
        text = text.replace("claim: access_token", f"claim: {draw(st.sampled_from(['id_token', 'email']))}")
    if draw(st.booleans()):
        text = text.replace("          prefix", f"          basicAuthPassword: {{value: {SECRET}}}\n          prefix")
        text = f"injectResponseHeaders: [{{name: X-Key, values: [{{secretSource: {{value: {SECRET}}}}}]}}]\n{text}"
    if draw(st.booleans()):
        prefix = draw(texts.filter(str.isascii)).replace("'", "")
        text = text.replace('prefix: "Bearer "', f"prefix: '{prefix}'")
    for number in range(draw(st.integers(0, 3))):
        rewrite = draw(st.sampled_from(["", f"      rewriteTarget: /r{number}/$1\n"]))
        path = f"^/p{number}/(.*)$" if rewrite else f"/p{number}/"
        timeout = f"      timeout: {draw(seconds)}\n"
        text += f"    - id: {draw(names)}{number}\n      path: {path}\n      uri: http://{draw(hosts)}\n{rewrite}{timeout}"
    return text.replace("      uri", "      uri")


charts = st.tuples(seconds, seconds, st.booleans()).map(
    lambda drawn: FILLED_IN.replace('"15m"', f'"{drawn[0]}"').replace('"12h"', f'"{drawn[1]}"')
    .replace("reverse-proxy: true", f"reverse-proxy: {str(drawn[2]).lower()}")
)  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Loader:
    return Loader(Path(tmp_path_factory.mktemp("convert")))


@given(st.one_of(legacy_files(), alpha_files(), charts))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_conversion_means_the_same(shared: Loader, text: str) -> None:
    before, after, native = converted(shared, text)
    assert after == before
    assert SECRET not in native
    assert COOKIE_SECRET not in native

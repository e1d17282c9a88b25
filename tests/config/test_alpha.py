"""oauth2-proxy's alpha configuration as a file of its own, beside a file with the other options."""

from __future__ import annotations

import pytest

from lampgate.config.errors import (
    ConfigError,
    InvalidValueError,
    MissingSettingError,
    PlaceholderLeftError,
    UnknownSettingError,
    UnreadableConfigError,
    UnsupportedSettingError,
)
from lampgate.config.settings import ClientSecret, FederatedToken, InjectedValue, ListenAddress
from tests.config.configurations import ALPHA, CLIENT_ID, ISSUER, OPTIONS, Loader, codes, line_of

HEADER = """\
      - claimSource:
          claim: access_token
          prefix: "Bearer "
"""


LOGIN = "loginURLParameters"


def after(part: str, further: str) -> str:
    """The configuration with a line added after one that it has, indented as that one."""
    line = next(line for line in ALPHA.splitlines() if part in line)
    indentation = " " * (len(line) - len(line.lstrip(" -")))
    return ALPHA.replace(line, f"{line}\n{indentation}{further}")


def without(part: str) -> str:
    """The configuration without the line that holds ``part``."""
    return "".join(line for line in ALPHA.splitlines(keepends=True) if part not in line)


def test_it_loads(loader: Loader) -> None:
    loaded = loader.load(ALPHA, OPTIONS)
    settings = loaded.settings
    assert settings.listen == (ListenAddress(host="127.0.0.1", port=4180),)
    assert isinstance(settings.provider.client_authentication, ClientSecret)
    assert settings.inject[0].values == (InjectedValue(claim="access_token", prefix="Bearer "),)
    assert loaded.place_of("provider.client_id") == loader.place(6, "providers[0].clientID")
    assert loaded.place_of("allow.email_domains") == loader.place(1, "email_domains", file=1)
    assert codes(loaded) == []


def test_the_order_of_the_files_does_not_matter(loader: Loader) -> None:
    assert loader.load(OPTIONS, ALPHA).settings == loader.load(ALPHA, OPTIONS).settings


@pytest.mark.parametrize(
    "values",
    [
        "      - claim: access_token\n        prefix: 'Bearer '\n",
        "      - CLAIM: access_token\n        Prefix: 'Bearer '\n",
        "      - claimsource: {Claim: access_token, PREFIX: 'Bearer '}\n",
    ],
    ids=["flat", "flat, other case", "nested, other case"],
)
def test_both_forms_of_header_values_in_any_case(loader: Loader, values: str) -> None:
    assert loader.load(ALPHA.replace(HEADER, values), OPTIONS).settings == loader.load(ALPHA, OPTIONS).settings


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("      - secretSource: {value: hunter2}\n", "hunter2"),
        ("      - secretSource: {fromEnv: KEY}\n", "from env"),
        ("      - secretSource: {fromFile: FOLDER/key}\n", "from file"),
        ("      - value: aHVudGVyMg==\n", "hunter2"),
        ("      - fromEnv: KEY\n", "from env"),
        (
            "      - claimSource: {claim: email, prefix: x, basicAuthPassword: {value: hunter2}}\n",
            ("email", "hunter2"),
        ),
        ("      - {claim: user, basicAuthPassword: {value: aHVudGVyMg==}}\n", ("user", "hunter2")),
        ("      - {claim: user, basicAuthPassword: {fromEnv: KEY}}\n", ("user", "from env")),
    ],
)
def test_secrets_in_headers(loader: Loader, values: str, expected: str | tuple[str, str]) -> None:
    (loader.folder / "key").write_text("from file\n")
    loader.environ["KEY"] = "from env"
    text = ALPHA.replace(HEADER, values.replace("FOLDER", str(loader.folder)))
    loaded = loader.load(text, OPTIONS)
    ((value,),) = (header.values for header in loaded.settings.inject)
    secret = value.secret or value.basic_password
    assert secret is not None
    found = secret.get_secret_value()
    assert (found if value.secret is not None else (value.claim, found)) == expected
    assert value.prefix == ""
    assert "hunter2" not in repr(loaded)


@pytest.mark.parametrize(
    ("values", "kind", "sentence"),
    [
        (
            "      - secretSource: {fromEnv: NONE}\n",
            MissingSettingError,
            "with a header's secret is not set",
        ),
        ("      - secretSource: {fromFile: /none}\n", UnreadableConfigError, "file with a header's secret"),
        ("      - secretSource: {}\n", MissingSettingError, "exactly one of"),
        ("      - secretSource: {value: hunter2, fromEnv: KEY}\n", InvalidValueError, "exactly one of"),
        ("      - value: hunter2\n", InvalidValueError, "is base64"),
        ("      - secretSource: {value: '<hunter2>'}\n", PlaceholderLeftError, "placeholder"),
        ('      - secretSource: {value: "hunter2\\n: x"}\n', InvalidValueError, "character that headers cannot"),
        ("      - {claim: email, secretSource: {value: hunter2}}\n", InvalidValueError, "a claim and a secret"),
    ],
)
def test_secrets_in_headers_that_cannot_be_used(
    loader: Loader, values: str, kind: type[ConfigError], sentence: str
) -> None:
    error = loader.error(ALPHA.replace(HEADER, values), OPTIONS)
    assert isinstance(error, kind)
    assert sentence in str(error)
    assert "hunter2" not in f"{error}{error!r}"


def test_claims_that_are_named_as_additional_can_be_injected(loader: Loader) -> None:
    values = "      - claimSource: {claim: department}\n"
    text = after("id: entra", "additionalClaims: [department]").replace(HEADER, values)
    assert loader.load(text, OPTIONS).settings.inject[0].values == (InjectedValue(claim="claim:department"),)
    assert isinstance(loader.error(ALPHA.replace(HEADER, values), OPTIONS), UnsupportedSettingError)


@pytest.mark.parametrize(
    ("text", "part", "kind", "sentence", "remedy"),
    [
        (after("id: entra", "clientid: x"), "clientID", InvalidValueError, "given twice", "the first is on line 5"),
        (after("id: main", "timeout: 0s"), "timeout", InvalidValueError, "above zero", "30s"),
        (after("id: main", "timeout: 30"), "timeout", InvalidValueError, "above zero", "nanoseconds"),
        (after("id: main", "passHostHeader: 'no'"), "passHost", InvalidValueError, "true or false", "quotes"),
        (after("id: main", "other: x"), "other", UnknownSettingError, "no key other", "Remove it"),
        (after("id: entra", "allowedGroups: a"), "allowedG", InvalidValueError, "a list of texts", "dash"),
        (after("id: entra", "allowedGroups: [1]"), "allowedG", InvalidValueError, "a list of texts", "dash"),
        (ALPHA.replace("clientID: ", "clientID: 5 #"), "clientID", InvalidValueError, "clientID takes", "quotes"),
        (ALPHA.replace("uri: ", "uri: 5 #"), "uri", InvalidValueError, "uri takes a text", "quotes"),
        (after("id: entra", "name: 5"), "name: 5", InvalidValueError, "name takes a text", "quotes"),
        (after("id: entra", "googleConfig: {group: x}"), "googleC", UnsupportedSettingError, "OpenID", "oidc"),
        (after("id: entra", f"{LOGIN}: [{{default: [x]}}]"), "loginU", MissingSettingError, "name", "prompt"),
        (after("id: entra", f"{LOGIN}: [{{name: a, default: [x, y]}}]"), "def", UnsupportedSettingError, "one", ""),
        (after("id: entra", f"{LOGIN}: [{{name: state, default: [x]}}]"), "def", InvalidValueError, "own", ""),
        (after("id: entra", "code_challenge_method: plain"), "code_", UnsupportedSettingError, "S256", "S256"),
        (after("id: entra", "code_challenge_method: s256"), "code_", InvalidValueError, "S256", "S256"),
        (after("issuerURL", "issuerUrl: x"), "issuerUrl", InvalidValueError, "given twice", "first"),
        (f"injectResponseHeaders: [x]\n{ALPHA}", "injectRes", InvalidValueError, "group of keys", "key: value"),
        (f"metricsServer: {{bindAddress: nowhere}}\n{ALPHA}", "bindA", InvalidValueError, "address", ":44180"),
        (after("BindA", "SecureBindAddress: ':443'"), "Secure", MissingSettingError, "no certificate", "plain http"),
        (ALPHA.replace("127.0.0.1:4180", "unix:run/x"), "BindA", InvalidValueError, "local socket", "unix:///run"),
        (ALPHA.replace("127.0.0.1:4180", "127.0.0.1"), "BindA", InvalidValueError, "address", "0.0.0.0:4180"),
        (ALPHA.replace("127.0.0.1:4180", "'1:99999'"), "BindA", InvalidValueError, "address", "0.0.0.0:4180"),
    ],
)  # fmt: skip
def test_what_is_refused(
    loader: Loader, text: str, part: str, kind: type[ConfigError], sentence: str, remedy: str
) -> None:
    error = loader.error(text, OPTIONS)
    assert type(error) is kind
    assert sentence in error.sentence
    assert remedy in error.remedy
    assert error.place.startswith(f"{loader.folder}/0.conf line {line_of(text, part)}, ")


@pytest.mark.parametrize(
    "text",
    [
        after("id: main", "static: false"),
        after("id: main", "proxyWebSockets: true"),
        after("id: main", "rewriteTarget: ''"),
        after("id: main", "flushInterval: 1s"),
        after("id: entra", "allowedGroups: []"),
        after("id: entra", "additionalClaims:"),
        after("issuerURL", "insecureSkipNonce: false"),
        ALPHA.replace("server:", "injectResponseHeaders: []\nserver:"),
    ],
)
def test_defaults_that_are_written_out_ask_for_nothing(loader: Loader, text: str) -> None:
    loaded = loader.load(text, OPTIONS)
    assert loaded.settings == loader.load(ALPHA, OPTIONS).settings
    assert codes(loaded) == []


@pytest.mark.parametrize(
    "text",
    [
        after("id: main", "flushInterval: 5s"),
        after("id: main", "proxyWebSockets: false"),
        after("id: entra", "profileURL: https://graph.microsoft.com/oidc/userinfo"),
        after("id: entra", "skipClaimsFromProfileURL: true"),
        after("issuerURL", "insecureSkipNonce: true"),
    ],
)
def test_what_has_no_effect_is_noted(loader: Loader, text: str) -> None:
    loaded = loader.load(text, OPTIONS)
    assert codes(loaded) == ["config.no-effect"]


@pytest.mark.parametrize(
    ("text", "place", "kind"),
    [
        (without("clientID"), (4, "providers[0].clientID"), MissingSettingError),
        (without("issuerURL"), (4, "providers[0].oidcConfig.issuerURL"), MissingSettingError),
        (without("provider: oidc"), (4, "providers[0].provider"), MissingSettingError),
        (without("path: /"), (19, "upstreamConfig.upstreams[0].path"), MissingSettingError),
        (without("uri:"), (19, "upstreamConfig.upstreams[0].uri"), MissingSettingError),
        (without("claim: access_token"), (14, "injectRequestHeaders[0].values[0]"), MissingSettingError),
    ],
)
def test_what_is_missing(loader: Loader, text: str, place: tuple[int, str], kind: type[ConfigError]) -> None:
    error = loader.error(text, OPTIONS)
    assert type(error) is kind
    assert error.place == loader.place(*place)
    assert error.remedy


def test_whole_parts_missing(loader: Loader) -> None:
    errors = loader.errors("server: {bindAddress: ':1'}\n", OPTIONS)
    assert [error.place for error in errors] == [
        loader.place(1, "providers"),
        loader.place(1, "upstreamConfig.upstreams"),
    ]


def test_who_may_sign_in_is_missing(loader: Loader) -> None:
    error = loader.error(ALPHA, 'cookie_name = "x"')
    assert isinstance(error, MissingSettingError)
    assert "OAUTH2_PROXY_EMAIL_DOMAINS" in error.remedy


def test_alone_it_admits_everybody_and_says_so(loader: Loader) -> None:
    alone = loader.load(ALPHA)
    assert alone.settings.allow.email_domains == ("*",)
    assert "config.everybody-admitted" in codes(alone)
    assert loader.load(ALPHA, environ={"OAUTH2_PROXY_EMAIL_DOMAINS": "a.com,b.com"}).settings.allow.email_domains == (
        "a.com",
        "b.com",
    )


def test_without_an_address_to_listen_on(loader: Loader) -> None:
    loaded = loader.load(ALPHA.partition("providers")[1] + ALPHA.partition("providers")[2], OPTIONS)
    assert loaded.settings.listen == (ListenAddress(),)
    assert codes(loaded) == ["config.default-listen"]


def test_a_second_provider_is_refused(loader: Loader) -> None:
    text = ALPHA.replace("injectRequest", f"  - {{id: b, provider: oidc, clientID: {CLIENT_ID}}}\ninjectRequest")
    error = loader.error(text, OPTIONS)
    assert isinstance(error, UnsupportedSettingError)
    assert error.place == loader.place(line_of(text, "id: b"), "providers[1]")


def test_federation_is_chosen_without_a_secret(loader: Loader) -> None:
    text = without("clientSecret")
    assert loader.load(text, OPTIONS).settings.provider.client_authentication == FederatedToken(path=loader.token)
    both = after("id: entra", "microsoftEntraIDConfig: {federatedTokenAuth: true}")
    assert codes(loader.load(both, OPTIONS)) == ["config.federated-token-unused"]


@pytest.mark.parametrize("secret", ['"..."', "<client-secret>", "XXXXXXXX", "changeme"])
def test_a_placeholder_for_the_secret(loader: Loader, secret: str) -> None:
    error = loader.error(ALPHA.replace("not-so-secret", secret), OPTIONS)
    assert isinstance(error, PlaceholderLeftError)
    assert error.place == loader.place(7, "providers[0].clientSecret")


def test_entra_id_becomes_entra(loader: Loader) -> None:
    assert (
        loader.load(ALPHA.replace("provider: oidc", "provider: entra-id"), OPTIONS).settings.provider.kind == "entra"
    )


def test_variables_are_put_into_the_text(loader: Loader) -> None:
    text = (
        ALPHA.replace(CLIENT_ID, "${CLIENT:-none}")
        .replace("not-so-secret", "$CLIENT_KEY")
        .replace("issuerURL", "# ${COMMENTED}\n      issuerURL")
    )
    loaded = loader.load(text, OPTIONS, environ={"CLIENT": "abc", "CLIENT_KEY": "line\n    name: more"})
    assert loaded.settings.provider.client_id == "abc"
    assert loaded.settings.provider.display_name == "more"
    (unset,) = [note for note in loaded.notes if note.code == "config.variable-not-set"]
    assert str(unset).startswith(f"{loader.folder}/0.conf line {line_of(text, 'COMMENTED')}: $COMMENTED is not set")


def test_places_hold_after_a_variable_with_several_lines(loader: Loader) -> None:
    text = ALPHA.replace("not-so-secret", "$SEVERAL").replace("issuerURL", "issuerUrls")
    error = loader.error(text, OPTIONS, environ={"SEVERAL": "'a\n\n    b'"})
    assert error.place == loader.place(10, "providers[0].oidcConfig.issuerUrls")


@pytest.mark.parametrize("text", [ALPHA.replace(CLIENT_ID, "${CLIENT"), ALPHA.replace(CLIENT_ID, "${}")])
def test_a_variable_that_is_not_closed(loader: Loader, text: str) -> None:
    error = loader.error(text, OPTIONS)
    assert isinstance(error, InvalidValueError)
    assert error.place == f"{loader.folder}/0.conf line 6"
    assert "$$" in error.remedy


def test_yaml_that_is_broken(loader: Loader) -> None:
    error = loader.error(ALPHA.replace("clientID:", "clientID"), OPTIONS)
    assert isinstance(error, UnreadableConfigError)
    assert error.place.startswith(f"{loader.folder}/0.conf line ")
    assert ISSUER not in str(error)


def test_parameters_of_the_sign_in_request(loader: Loader) -> None:
    parameters = "[{name: prompt, default: [select_account]}, {name: domain_hint, default: [company.com], allow: []}]"
    loaded = loader.load(after("id: entra", f"loginURLParameters: {parameters}"), OPTIONS)
    assert loaded.settings.provider.login_parameters == {"prompt": "select_account", "domain_hint": "company.com"}
    # What oauth2-proxy converts its older options to.
    google = "[{name: approval_prompt, default: [force]}]"
    loaded = loader.load(after("id: entra", f"loginURLParameters: {google}"), OPTIONS)
    assert loaded.settings.provider.login_parameters == {}


def test_the_older_name_of_the_email_claim(loader: Loader) -> None:
    loaded = loader.load(after("issuerURL", "userIDClaim: upn"), OPTIONS)
    assert loaded.settings.provider.email_claim == "upn"

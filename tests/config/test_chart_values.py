"""Values for oauth2-proxy's Helm chart, alone and with other files."""

from __future__ import annotations

import pytest

from lampgate.config.errors import (
    InvalidValueError,
    MissingSettingError,
    PublicSecretError,
    UnknownSettingError,
    UnreadableConfigError,
    UnsupportedSettingError,
)
from lampgate.config.settings import ClientSecret, ListenAddress
from tests.config.configurations import (
    ALPHA,
    ANY_HOST,
    CLIENT_ID,
    COOKIE_SECRET,
    FILLED_IN,
    ISSUER,
    LEGACY,
    OPTIONS,
    Loader,
    codes,
    config_map,
    line_of,
)

LEGACY_VALUES = f"""\
config:
  clientID: {CLIENT_ID}
  clientSecret: not-so-secret
  cookieSecret: {COOKIE_SECRET}
  cookieName: gate
  configFile: |-
    email_domains = ["*"]
    provider = "oidc"
    oidc_issuer_url = "{ISSUER}"
    scope = "openid offline_access"
    upstreams = ["http://headlamp:80"]
"""


def with_alpha(*lines: str, config: str = 'configFile: email_domains = ["*"]') -> str:
    """Values with the alpha configuration as a text, and further lines at the top."""
    indented = "".join(f"    {line}\n" for line in ALPHA.splitlines())
    further = "".join(f"{line}\n" for line in lines)
    return f"{further}config:\n  {config}\nalphaConfig:\n  enabled: true\n  configFile: |\n{indented}"


def test_without_alpha_configuration(loader: Loader) -> None:
    loaded = loader.load(LEGACY_VALUES)
    settings = loaded.settings
    assert settings.listen == (ListenAddress(host=ANY_HOST, port=4180),)
    assert settings.provider.client_id == CLIENT_ID
    assert isinstance(settings.provider.client_authentication, ClientSecret)
    assert settings.provider.client_authentication.secret.get_secret_value() == "not-so-secret"
    assert settings.session.cookie.name == "gate"
    assert loaded.place_of("provider.client_id") == loader.place(2, "config.clientID")
    assert loaded.place_of("provider.issuer_url") == loader.place(9, "config.configFile: oidc_issuer_url")
    assert [header.name for header in settings.inject] == [
        "X-Forwarded-Groups",
        "X-Forwarded-User",
        "X-Forwarded-Email",
        "X-Forwarded-Preferred-Username",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        "{reverse-proxy: true, cookie-expire: 8h, email-domain: 'a.com,b.com', skip-provider-button: null}",
        "[--reverse-proxy, --cookie-expire=8h, --email-domain, a.com, --email-domain=b.com, --skip-provider-button]",
    ],
    ids=["map", "list"],
)
def test_extra_arguments_as_map_and_as_list(loader: Loader, arguments: str) -> None:
    loaded = loader.load(f"{LEGACY_VALUES}extraArgs: {arguments}\n")
    settings = loaded.settings
    assert settings.session.lifetime == 8 * 3600
    assert settings.allow.email_domains == ("a.com", "b.com")
    assert settings.portal.skip_sign_in_page
    assert "config.reverse-proxy-trusts-nobody" in codes(loaded)
    overridden = [str(note.place) for note in loaded.notes if note.code == "config.overridden"]
    assert overridden == [loader.place(7, "config.configFile: email_domains")]


@pytest.mark.parametrize(
    ("arguments", "key", "kind", "remedy"),
    [
        ("{cookie-expires: 8h}", ".cookie-expires", UnknownSettingError, "Did you mean “cookie-expire”?"),
        ("{cookie-refresh: 15}", ".cookie-refresh", InvalidValueError, "Add the unit"),
        ("{reverse-proxy: yes}", ".reverse-proxy", InvalidValueError, "true or false"),
        ("{email-domain: [a.com]}", ".email-domain", InvalidValueError, "by commas"),
        ("{redirect-url: '{{ .Values.url }}'}", ".redirect-url", UnsupportedSettingError, "without {{"),
        ("{trusted-ip: 0.0.0.0/0}", ".trusted-ip", InvalidValueError, "Write the networks"),
        ("[--reverse-proxy, 'false']", "[1]", InvalidValueError, "--name=false"),
        ("[-reverse-proxy]", "[0]", InvalidValueError, "two dashes"),
        ("[--cookie-name]", "[0]", InvalidValueError, "--cookie-name=…"),
        ("[--nonsense, value]", "[0]", UnknownSettingError, "Remove it"),
        ("[true]", "[0]", InvalidValueError, "in quotes"),
        ("['--email-domain=\"a']", "[0]", InvalidValueError, "quotes"),
        ("text", "", InvalidValueError, "name: value"),
    ],
)
def test_arguments_that_are_refused(
    loader: Loader, arguments: str, key: str, kind: type[Exception], remedy: str
) -> None:
    text = f"extraArgs: {arguments}\n{LEGACY_VALUES}"
    error = loader.error(text)
    assert type(error) is kind
    assert error.place == loader.place(1, f"extraArgs{key}")
    assert remedy in error.remedy


def test_the_alpha_configuration_as_a_text_in_a_config_map_has_the_lines_of_the_file(loader: Loader) -> None:
    values = with_alpha().replace("clientID", "clientId").replace("uri:", "url:")
    text = config_map("values.yaml", values)
    error = loader.error(text)
    assert isinstance(error, UnknownSettingError)
    assert error.place == loader.place(
        line_of(text, "url:"), "alphaConfig.configFile: upstreamConfig.upstreams[0].url"
    )
    assert error.remedy == "Did you mean “uri”?"


def test_what_is_wrong_in_nested_blocks_has_the_lines_of_the_file(loader: Loader) -> None:
    values = with_alpha("# a comment", config="configFile: |\n    # more\n    email_domain = 1")
    text = config_map("values.yaml", values.replace("issuerURL", "issuerUrls"))
    domain, issuer = loader.errors(text)
    assert domain.place == loader.place(line_of(text, "email_domain = 1"), "config.configFile: email_domain")
    assert domain.remedy == "Did you mean “email_domains”?"
    key = "alphaConfig.configFile: providers[0].oidcConfig.issuerUrls"
    assert issuer.place == loader.place(line_of(text, "issuerUrls"), key)
    assert issuer.remedy == "Did you mean “issuerURL”?"


def test_the_charts_own_bind_address_holds_without_a_server_section(loader: Loader) -> None:
    own = loader.load(with_alpha()).settings.listen
    assert own == (ListenAddress(host="127.0.0.1", port=4180),)
    text = with_alpha().replace("    server:\n      BindAddress: 127.0.0.1:4180\n", "")
    assert loader.load(text).settings.listen == (ListenAddress(host=ANY_HOST, port=4180),)


def test_server_config_data(loader: Loader) -> None:
    text = FILLED_IN.replace(
        "      configData:\n", "      serverConfigData: {BindAddress: ':9999'}\n      configData:\n"
    )
    assert loader.load(text).settings.listen == (ListenAddress(host=ANY_HOST, port=9999),)


def test_variables_are_put_into_values(loader: Loader) -> None:
    text = FILLED_IN.replace(f'"{CLIENT_ID}"', '"$CLIENT"').replace(
        "    extraArgs:\n",
        "    extraEnv:\n    - {name: CLIENT, value: abc-123}\n    - {name: NOT_USED, value: x}\n    extraArgs:\n",
    )
    loaded = loader.load(text)
    assert loaded.settings.provider.client_id == "abc-123"
    unused = [str(note.place) for note in loaded.notes if note.code == "config.no-effect"]
    assert len([place for place in unused if place.endswith("extraEnv[1].NOT_USED")]) == 1
    assert loader.load(text, environ={"CLIENT": "own"}).settings.provider.client_id == "own"


def test_a_variable_from_elsewhere_is_noted(loader: Loader) -> None:
    text = with_alpha(
        "extraEnv:", "- name: OAUTH2_PROXY_COOKIE_SECRET", "  valueFrom: {secretKeyRef: {name: a, key: b}}"
    )
    loaded = loader.load(text)
    (note,) = [note for note in loaded.notes if note.code == "config.environment-elsewhere"]
    assert str(note.place) == loader.place(2, "extraEnv[0].OAUTH2_PROXY_COOKIE_SECRET")


def test_values_about_the_deployment_are_named_once(loader: Loader) -> None:
    loaded = loader.load(with_alpha("replicaCount: 2", "image: {tag: x}", "ingress:", "  enabled: true"))
    (note,) = [note for note in loaded.notes if note.code == "config.deployment-values"]
    assert note.sentence.endswith(": replicaCount, image, ingress")


@pytest.mark.parametrize(
    ("line", "key", "kind", "remedy"),
    [
        ("extraArg: {}", "extraArg", UnknownSettingError, "Did you mean “extraArgs”?"),
        ("htpasswdFile: {enabled: true}", "htpasswdFile.enabled", UnreadableConfigError, "mounted"),
        (
            "authenticatedEmailsFile: {enabled: true}",
            "authenticatedEmailsFile.enabled",
            UnsupportedSettingError,
            "false",
        ),
        ("sessionStorage: {type: redis}", "sessionStorage.type", MissingSettingError, "redis://HOST:6379"),
        ("sessionStorage: {type: disk}", "sessionStorage.type", InvalidValueError, "cookie or redis"),
        (
            "sessionStorage: {type: redis, redis: {clientType: ring}}",
            "sessionStorage.redis.clientType",
            InvalidValueError,
            "standalone",
        ),
        ("sessionStorage: {typ: redis}", "sessionStorage.typ", UnknownSettingError, "Did you mean “type”?"),
        ("sessionStorage: redis", "sessionStorage", InvalidValueError, "Indent"),
        ("extraEnv: {A: b}", "extraEnv", InvalidValueError, "- name: NAME"),
    ],
)
def test_values_that_are_refused(loader: Loader, line: str, key: str, kind: type[Exception], remedy: str) -> None:
    error = loader.error(with_alpha(line))
    assert type(error) is kind
    assert error.place == loader.place(1, key)
    assert remedy in error.remedy


@pytest.mark.parametrize("line", ["htpasswdFile: {enabled: false}", "sessionStorage: {type: cookie}", "envFrom: []"])
def test_values_that_ask_for_nothing(loader: Loader, line: str) -> None:
    assert loader.load(with_alpha(line)).settings == loader.load(with_alpha()).settings


def test_the_charts_public_cookie_secret_is_refused(loader: Loader) -> None:
    text = LEGACY_VALUES.replace(COOKIE_SECRET, "XXXXXXXXXXXXXXXX")
    error = loader.error(text)
    assert isinstance(error, PublicSecretError)
    assert error.place == loader.place(4, "config.cookieSecret")


def test_secrets_that_the_chart_takes_from_elsewhere(loader: Loader) -> None:
    values = with_alpha(config='existingSecret: gateway\n  configFile: email_domains = ["*"]')
    assert "config.environment-elsewhere" in codes(loader.load(values))
    secret = (
        f"apiVersion: v1\nkind: Secret\nstringData:\n  cookie-secret: {COOKIE_SECRET}\n  client-id: {CLIENT_ID}\n"
    )
    loaded = loader.load(values, secret)
    assert loaded.settings.session.cookie.secret is not None
    assert loaded.place_of("session.cookie.secret") == loader.place(4, "stringData.cookie-secret", file=1)
    assert codes(loaded) == []


def test_a_client_id_in_the_environment_that_differs_is_noted(loader: Loader) -> None:
    def notes(client_id: str) -> list[str]:
        loaded = loader.load(with_alpha(), environ={"OAUTH2_PROXY_CLIENT_ID": client_id})
        return [str(note.place) for note in loaded.notes if note.code == "config.environment-ignored"]

    assert notes(CLIENT_ID) == []
    assert notes("another") == ["environment, OAUTH2_PROXY_CLIENT_ID"]


def test_several_values_files_are_laid_over_each_other(loader: Loader) -> None:
    over = f"config:\n  cookieSecret: {COOKIE_SECRET}\nextraArgs:\n  cookie-expire: 4h\n"
    loaded = loader.load(FILLED_IN, over)
    assert loaded.settings.session.lifetime == 4 * 3600
    assert loaded.settings.portal.skip_sign_in_page
    assert loaded.place_of("session.lifetime") == loader.place(4, "extraArgs.cookie-expire", file=1)
    assert loaded.settings.session.cookie.secret is not None


def test_a_configuration_file_from_elsewhere(loader: Loader) -> None:
    values = with_alpha(config="existingConfig: elsewhere")
    error = loader.error(values)
    assert isinstance(error, MissingSettingError)
    assert error.place == loader.place(2, "config.existingConfig")
    assert loader.load(values, OPTIONS).settings.allow.email_domains == ("*",)


def test_an_alpha_configuration_from_elsewhere(loader: Loader) -> None:
    values = 'config:\n  configFile: email_domains = ["*"]\nalphaConfig: {enabled: true, existingSecret: elsewhere}\n'
    error = loader.error(values)
    assert isinstance(error, MissingSettingError)
    assert error.place == loader.place(3, "alphaConfig.existingSecret")
    assert loader.load(values, ALPHA).settings.provider.client_id == CLIENT_ID


def test_the_charts_default_domains(loader: Loader) -> None:
    loaded = loader.load(with_alpha(config="annotations: {}"))
    assert loaded.settings.allow.email_domains == ("*",)
    assert "config.chart-default" in codes(loaded)
    assert loader.load(with_alpha(config="emailDomains: [a.com]")).settings.allow.email_domains == ("a.com",)


def test_an_alpha_configuration_that_is_not_enabled(loader: Loader) -> None:
    loaded = loader.load(f"{LEGACY_VALUES}alphaConfig: {{configData: {{providers: []}}}}\n")
    assert "config.alpha-not-enabled" in codes(loaded)
    error = loader.errors(LEGACY_VALUES, ALPHA)
    assert any("do not enable it" in each.sentence for each in error)


def test_older_options_beside_the_alpha_configuration(loader: Loader) -> None:
    text = with_alpha("extraArgs: {upstream: 'http://x'}", config='configFile: client_id = "x"')
    errors = [error for error in loader.errors(text) if isinstance(error, UnsupportedSettingError)]
    assert [error.place for error in errors] == [
        loader.place(1, "extraArgs.upstream"),
        loader.place(3, "config.configFile: client_id"),
    ]


def test_one_part_given_twice(loader: Loader) -> None:
    error = loader.error(
        FILLED_IN.replace("      configData:", "      configFile: 'providers: []'\n      configData:")
    )
    assert isinstance(error, InvalidValueError)
    assert "configData and in alphaConfig.configFile" in error.sentence
    second = loader.error(LEGACY, LEGACY)
    assert second.place == str(loader.folder / "1.conf")

"""oauth2-proxy's options are all declared, and what is declared to work does."""

from __future__ import annotations

import json

import pytest

from lampgate.config.errors import UnsupportedSettingError
from lampgate.config.oauth2_proxy import alpha_keys
from lampgate.config.oauth2_proxy.inventory import BY_FLAG, BY_KEY, BY_VARIABLE, OPTIONS
from lampgate.config.oauth2_proxy.options import Kind, Option
from lampgate.config.oauth2_proxy.standing import NoEffect, Refused, Works
from lampgate.config.settings import Settings
from tests.config.configurations import LEGACY, Loader, codes

#: For each kind of value one that is no option's default.
_OTHER = {Kind.STRING: '"other"', Kind.LIST: '["other"]', Kind.DURATION: '"7m"', Kind.INTEGER: "7"}


def other_value(option: Option) -> str:
    """A TOML value other than the default."""
    return ("false" if option.default else "true") if option.kind is Kind.BOOLEAN else _OTHER[option.kind]


#: Where the other value is the default, or what lampgate does anyway.
_NOTED = {"insecure-oidc-skip-nonce": "true", "cookie-csrf-per-request": "false", "logging-max-age": "9"}


def with_option(option: Option, value: str) -> str:
    """The older configuration with one more option, or another value of one that it has."""
    lines = [line for line in LEGACY.splitlines() if not line.startswith(f"{option.key} =")]
    return "\n".join([*lines, f"{option.key} = {value}", ""])


def in_file(standing: type) -> list[Option]:
    return [option for option in OPTIONS if option.key and isinstance(option.standing, standing)]


def test_there_are_172_options_with_names_of_their_own() -> None:
    assert len(OPTIONS) == 172
    assert len(BY_FLAG) == 172
    # Five have no key, one has two.
    assert len(BY_KEY) == len(BY_VARIABLE) == 172 - 5 + 1


def test_some_options_may_not_stand_beside_the_alpha_configuration() -> None:
    kept = {option.flag for option in OPTIONS if option.beside_alpha}
    assert len(kept) == 85
    assert {"cookie-secret", "email-domain", "reverse-proxy", "config"} <= kept
    assert not {"upstream", "client-id", "http-address"} & kept


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.flag)
def test_defaults_have_the_type_of_their_kind(option: Option) -> None:
    types = {Kind.BOOLEAN: bool, Kind.STRING: str, Kind.LIST: tuple, Kind.DURATION: float, Kind.INTEGER: int}
    assert type(option.default) is types[option.kind]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.flag)
def test_what_works_names_a_setting_that_exists(option: Option) -> None:
    if not isinstance(option.standing, Works):
        return
    model: object = Settings
    for name in option.standing.setting.split("."):
        fields = getattr(model, "model_fields", None)
        if fields is None:
            break
        assert name in fields, option.standing.setting
        model = fields[name].annotation


@pytest.mark.parametrize("option", in_file(Refused), ids=lambda option: option.flag)
def test_what_is_refused_is_refused_by_name(loader: Loader, option: Option) -> None:
    errors = loader.errors(with_option(option, other_value(option)))
    (error,) = [error for error in errors if isinstance(error, UnsupportedSettingError)]
    assert error.sentence.startswith(f"{option.flag} is not supported: ")
    assert error.place == loader.place(9, option.key)
    assert error.remedy


@pytest.mark.parametrize("option", in_file(NoEffect), ids=lambda option: option.flag)
def test_what_has_no_effect_is_noted(loader: Loader, option: Option) -> None:
    value = _NOTED.get(option.flag, other_value(option))
    plain = loader.load(LEGACY)
    loaded = loader.load(with_option(option, value))
    (note,) = [note for note in loaded.notes if note.code == "config.no-effect"]
    assert note.sentence.startswith(f"{option.flag} has no effect: ")
    assert str(note.place) == loader.place(9, option.key)
    assert loaded.settings == plain.settings


DEFAULT_LAYOUT = (
    "{{.Client}} - {{.RequestID}} - {{.Username}} [{{.Timestamp}}] {{.Host}} {{.RequestMethod}} {{.Upstream}} "
    "{{.RequestURI}} {{.Protocol}} {{.UserAgent}} {{.StatusCode}} {{.ResponseSize}} {{.RequestDuration}}"
)
_REDIS = "session_store_type = 'redis'"
_REDIS_URL = "redis_connection_url = 'redis://valkey:6379'"
_SENTINELS = "redis_sentinel_connection_urls = ['redis://sentinel']"
_MASTER = "redis_sentinel_master_name = 'mymaster'"
_ENDPOINTS = {
    "login_url": "'https://login.company.com/authorize'",
    "redeem_url": "'https://login.company.com/token'",
    "oidc_jwks_url": "'https://login.company.com/keys'",
    "skip_oidc_discovery": "true",
}
#: Values that do something, where `other_value` would only be refused.
_VALUES = {
    "request-logging-format": json.dumps(DEFAULT_LAYOUT),
    "metrics-address": '":44180"',
    "reverse-proxy": "true\ntrusted_proxy_ips = ['10.0.0.0/8']",
    "trusted-proxy-ip": "['10.0.0.0/8']\nreverse_proxy = true",
    "trusted-ip": "['10.0.0.0/8']",
    "extra-jwt-issuers": "['https://issuer.example=audience']",
    "redirect-url": '"https://headlamp.company.com/oauth2/callback"',
    "proxy-prefix": '"/gate"',
    "ping-path": '"/alive"',
    "ready-path": '"/able"',
    "http-address": '":8080"',
    "email-domain": '["company.com"]',
    "oidc-enabled-signing-alg": '["ES256"]',
    "custom-sign-in-logo": '"/logo.svg"',
    "set-basic-auth": "true\nbasic_auth_password = 'hunter2'",
    "backend-logout-url": '"https://login.company.com/logout"',
    "whitelist-domain": '[".company.com"]',
    "api-route": '["^/api/"]',
    "cookie-domain": '["company.com"]',
    "cookie-samesite": '"strict"',
    "cookie-secure": "false\nredirect_url = 'http://localhost:4180/oauth2/callback'",
    "cookie-secret": '"another secret with 32 letters.."',
    "upstream": '["http://other:80"]',
    "provider": '"entra-id"',
    "oidc-issuer-url": '"https://login.company.com"',
    "scope": '"openid email"',
    "pass-basic-auth": "false\npass_user_headers = false",
    "pass-user-headers": "false\npass_basic_auth = false",
    "entra-id-allowed-tenant": '["4c1b0a52-6f0e-4c57-9d43-6a1f2b7c8d10"]',
    "code-challenge-method": '"plain"',
    "session-store-type": f'"redis"\n{_REDIS_URL}',
    "redis-connection-url": f'"redis://valkey"\n{_REDIS}',
    "redis-username": f'"gate"\n{_REDIS}\n{_REDIS_URL}',
    "redis-password": f'"word"\n{_REDIS}\n{_REDIS_URL}',
    "redis-insecure-skip-tls-verify": f"true\n{_REDIS}\nredis_connection_url = 'rediss://valkey'",
    "redis-use-sentinel": f"true\n{_REDIS}\n{_SENTINELS}\n{_MASTER}",
    "redis-sentinel-connection-urls": f"['redis://sentinel']\n{_REDIS}\n{_MASTER}\nredis_use_sentinel = true",
    "redis-sentinel-master-name": f"'mymaster'\n{_REDIS}\n{_SENTINELS}\nredis_use_sentinel = true",
    "redis-sentinel-password": f"'word'\n{_REDIS}\n{_SENTINELS}\n{_MASTER}\nredis_use_sentinel = true",
    "redis-use-cluster": f"true\n{_REDIS}\nredis_cluster_connection_urls = ['redis://one']",
    "redis-cluster-connection-urls": f"['redis://one']\n{_REDIS}\nredis_use_cluster = true",
}
#: They count only where there is a certificate.
_BESIDE_A_CERTIFICATE = {
    "https-address": '":8443"',
    "tls-cert-file": None,
    "tls-key-file": None,
    "tls-min-version": '"TLS1.3"',
    "tls-cipher-suite": '["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]',
}
#: They count only where there is a file of passwords.
_BESIDE_PASSWORDS = {"htpasswd-user-group": "['sre']", "display-htpasswd-form": "false"}
#: Set as a file whose content the test writes.
_FILES = {
    "cookie-secret-file": ("cookie_secret", "another secret with 32 letters.."),
    "client-secret-file": ("client_secret", "secret"),
    "provider-ca-file": (None, "-----BEGIN CERTIFICATE-----"),
    "authenticated-emails-file": (None, "rita@company.com"),
    "htpasswd-file": (None, "rita:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="),
    "redis-ca-path": (None, "-----BEGIN CERTIFICATE-----"),
}


@pytest.mark.parametrize("option", in_file(Works), ids=lambda option: option.flag)
def test_what_works_changes_the_settings_or_is_judged(loader: Loader, option: Option) -> None:
    plain = loader.load(LEGACY).settings
    if option.flag in _BESIDE_A_CERTIFICATE:
        path = loader.folder / "pair.pem"
        path.write_text("-----BEGIN CERTIFICATE-----")
        files = {"tls_cert_file": f"'{path}'", "tls_key_file": f"'{path}'"}
        options = files | {option.key: _BESIDE_A_CERTIFICATE[option.flag] or files[option.key]}
        text = LEGACY + "".join(f"{key} = {value}\n" for key, value in options.items())
        plain = loader.load(LEGACY + "".join(f"{key} = {value}\n" for key, value in files.items())).settings
        if option.key in files:
            plain = loader.load(LEGACY).settings
    elif option.key in _ENDPOINTS:
        # Discovery is skipped where nothing of it is missing.
        text = LEGACY + "".join(f"{key} = {value}\n" for key, value in _ENDPOINTS.items())
        plain = loader.load(text.replace(f"{option.key} =", "request_logging = true\n#")).settings
        assert plain.provider.endpoints is None
    elif option.flag in _BESIDE_PASSWORDS:
        path = loader.folder / "passwords"
        path.write_text("")
        text = f"{LEGACY}htpasswd_file = '{path}'\n"
        plain = loader.load(text).settings
        text += f"{option.key} = {_BESIDE_PASSWORDS[option.flag]}\n"
    elif option.flag in _FILES:
        replaced, content = _FILES[option.flag]
        path = loader.folder / "file"
        path.write_text(content)
        text = "\n".join(line for line in LEGACY.splitlines() if not line.startswith(f"{replaced} ="))
        value = f"['{path}']" if option.kind is Kind.LIST else f"'{path}'"
        text = f"{text}\n{option.key} = {value}\n"
        text += f"{_REDIS}\nredis_connection_url = 'rediss://valkey'\n" if option.flag.startswith("redis-") else ""
    else:
        text = with_option(option, _VALUES.get(option.flag, other_value(option)))
    if option.flag in {"code-challenge-method", "entra-id-allowed-tenant"}:
        assert loader.error(text).place == loader.place(9, option.key)
        return
    loaded = loader.load(text)
    assert loaded.settings != plain or codes(loaded) == ["config.federated-token-unused"]


def test_alpha_keys_are_declared_once() -> None:
    for keys in (alpha_keys.TOP, alpha_keys.PROVIDER, alpha_keys.OIDC, alpha_keys.UPSTREAM, alpha_keys.HEADER_VALUE):
        names = [key.name.lower() for key in keys]
        assert len(set(names)) == len(names)

"""oauth2-proxy's options about a store in Redis."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from lampgate.config.errors import ConfigError, InvalidValueError, MissingSettingError, UnreadableConfigError
from lampgate.config.settings import CookieStoreSettings, LoadedSettings, RedisStoreSettings, StoreAddress
from tests.config.configurations import COOKIE_SECRET, LEGACY, Loader, codes

REDIS = f'{LEGACY}session_store_type = "redis"\n'
URL = 'redis_connection_url = "redis://valkey:6379"\n'
SENTINEL = """\
redis_use_sentinel = true
redis_sentinel_master_name = "mymaster"
redis_sentinel_connection_urls = ["redis://one", "redis://two:26380"]
"""


def store(loaded: LoadedSettings) -> RedisStoreSettings:
    settings = loaded.settings.session.store
    assert isinstance(settings, RedisStoreSettings)
    return settings


def test_the_cookie_is_the_default(loader: Loader) -> None:
    assert loader.load(LEGACY).settings.session.store == CookieStoreSettings()


@pytest.mark.parametrize(
    ("url", "address", "tls", "user", "password", "database"),
    [
        ("redis://valkey", "valkey:6379", False, "", None, 0),
        ("rediss://valkey:6380", "valkey:6380", True, "", None, 0),
        ("redis://:w%40rd@valkey:1/2", "valkey:1", False, "", "w@rd", 2),
        (
            "redis://gate:word@valkey.cache.windows.net:10000",
            "valkey.cache.windows.net:10000",
            False,
            "gate",
            "word",
            0,
        ),
        ("redis://gate:a@b@valkey/", "valkey:6379", False, "gate", "a@b", 0),
        ("redis://[fd00::1]:7000", "[fd00::1]:7000", False, "", None, 0),
        ("redis://valkey?db=3", "valkey:6379", False, "", None, 3),
    ],
)
def test_urls(
    loader: Loader, url: str, address: str, tls: bool, user: str, password: str | None, database: int
) -> None:
    settings = store(loader.load(f'{REDIS}redis_connection_url = "{url}"\n'))
    (only,) = settings.addresses
    assert (str(only), settings.tls is not None, settings.username, settings.database) == (
        address,
        tls,
        user,
        database,
    )
    assert (settings.password.get_secret_value() if settings.password is not None else None) == password


def test_options_win_over_the_url(loader: Loader) -> None:
    url = 'redis_connection_url = "redis://a:b@valkey"\n'
    settings = store(loader.load(f'{REDIS}{url}redis_username = "gate"\nredis_password = "word"\n'))
    assert settings.username == "gate"
    assert settings.password is not None
    assert settings.password.get_secret_value() == "word"


def test_sentinels(loader: Loader) -> None:
    settings = store(loader.load(f'{REDIS}{SENTINEL}redis_password = "word"\nredis_sentinel_password = "other"\n'))
    assert settings.topology == "sentinel"
    assert settings.addresses == (StoreAddress(host="one", port=26379), StoreAddress(host="two", port=26380))
    assert settings.sentinel is not None
    assert settings.sentinel.master_name == "mymaster"
    assert settings.sentinel.password is not None
    assert settings.sentinel.password.get_secret_value() == "other"


def test_a_cluster(loader: Loader) -> None:
    urls = 'redis_use_cluster = true\nredis_cluster_connection_urls = ["rediss://one:1", "rediss://two:2"]\n'
    settings = store(loader.load(REDIS + urls))
    assert settings.topology == "cluster"
    assert [str(address) for address in settings.addresses] == ["one:1", "two:2"]
    assert settings.tls is not None


def test_trust(loader: Loader, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("-----BEGIN CERTIFICATE-----")
    url = 'redis_connection_url = "rediss://valkey"\n'
    settings = store(loader.load(f'{REDIS}{url}redis_ca_path = "{file}"\n'))
    assert settings.tls is not None
    assert settings.tls.ca_file == file
    assert settings.tls.verify
    careless = loader.load(f"{REDIS}{url}redis_insecure_skip_tls_verify = true\n")
    tls = store(careless).tls
    assert tls is not None
    assert not tls.verify
    assert codes(careless) == ["config.store-not-verified"]


@pytest.mark.parametrize(
    ("lines", "kind", "part"),
    [
        ("", MissingSettingError, "redis-connection-url"),
        ('redis_connection_url = ""', MissingSettingError, "redis-connection-url"),
        ('redis_connection_url = "http://valkey"', InvalidValueError, "redis://"),
        ('redis_connection_url = "valkey:6379"', InvalidValueError, "redis://"),
        ('redis_connection_url = "unix:///run/valkey"', InvalidValueError, "redis://"),
        ('redis_connection_url = "redis://:word@"', InvalidValueError, "host"),
        ('redis_connection_url = "redis://valkey:word@x:y"', InvalidValueError, "host and port"),
        ('redis_connection_url = "redis://valkey/sessions"', InvalidValueError, "database"),
        ("redis_use_sentinel = true\nredis_use_cluster = true", InvalidValueError, "at once"),
        ("redis_use_cluster = true", MissingSettingError, "redis-cluster-connection-urls"),
        (
            "redis_use_cluster = true\nredis_cluster_connection_urls = ['redis://a', 'rediss://b']",
            InvalidValueError,
            "TLS",
        ),
        (
            "redis_use_sentinel = true\nredis_sentinel_connection_urls = ['redis://a']",
            MissingSettingError,
            "sentinels",
        ),
        (f"{URL}redis_ca_path = '/nowhere'", UnreadableConfigError, "certificates"),
    ],
)
def test_what_is_refused(loader: Loader, lines: str, kind: type[ConfigError], part: str) -> None:
    error = loader.error(f"{REDIS}{lines}\n")
    assert type(error) is kind
    assert part in error.sentence
    assert "word" not in str(error)
    assert error.place


def test_a_shared_store_needs_a_shared_secret(loader: Loader) -> None:
    error = loader.error((REDIS + URL).replace(f'cookie_secret = "{COOKIE_SECRET}"\n', ""))
    assert isinstance(error, MissingSettingError)
    assert "OAUTH2_PROXY_COOKIE_SECRET" in error.remedy


def test_options_of_a_store_that_is_not_used_are_noted(loader: Loader) -> None:
    loaded = loader.load(LEGACY + URL)
    assert codes(loaded) == ["config.no-effect"]
    assert "session-store-type redis" in loaded.notes[0].sentence


def test_what_stands_after_the_question_mark_is_noted(loader: Loader) -> None:
    loaded = loader.load(f'{REDIS}redis_connection_url = "redis://valkey?pool_size=4"\n')
    assert codes(loaded) == ["config.no-effect"]


CHART = f"""\
config:
  cookieSecret: {COOKIE_SECRET}
  configFile: |
{indent(LEGACY.replace(f'cookie_secret = "{COOKIE_SECRET}"', ""), "    ")}
sessionStorage:
  type: redis
  redis:
    password: word
"""


@pytest.mark.parametrize(
    ("lines", "topology", "addresses"),
    [
        ('    standalone: {connectionUrl: "redis://valkey"}\n', "standalone", ["valkey:6379"]),
        (
            '    clientType: cluster\n    cluster: {connectionUrls: ["redis://a", "redis://b"]}\n',
            "cluster",
            ["a:6379", "b:6379"],
        ),
        (
            '    clientType: sentinel\n    sentinel: {masterName: mymaster, connectionUrls: "redis://a,redis://b"}\n',
            "sentinel",
            ["a:26379", "b:26379"],
        ),
    ],
    ids=["standalone", "cluster", "sentinel"],
)
def test_the_charts_session_storage(loader: Loader, lines: str, topology: str, addresses: list[str]) -> None:
    settings = store(loader.load(CHART + lines))
    assert settings.topology == topology
    assert [str(address) for address in settings.addresses] == addresses
    assert settings.password is not None
    assert settings.password.get_secret_value() == "word"


def test_the_charts_own_redis_has_to_be_named(loader: Loader) -> None:
    error = loader.error(f"{CHART}redis: {{enabled: true}}\n")
    assert isinstance(error, MissingSettingError)
    assert error.place.endswith("sessionStorage.redis")

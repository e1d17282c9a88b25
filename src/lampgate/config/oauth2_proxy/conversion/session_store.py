"""Where sessions are kept: in the browser's cookie, or in Valkey or Redis.

URLs are go-redis' (``redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]``, ``rediss://`` with TLS). No message shows
one: they hold passwords. Options beside the URL win over what stands in it, as in oauth2-proxy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import SecretStr

from lampgate.config.errors import InvalidValueError, MissingSettingError, UnreadableConfigError
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.conversion.urls import UrlError, parse_url
from lampgate.config.oauth2_proxy.resolution import Options
from lampgate.config.oauth2_proxy.written import Written
from lampgate.config.settings import (
    CookieStoreSettings,
    Place,
    RedisStoreSettings,
    SentinelSettings,
    StoreAddress,
    StoreTlsSettings,
)

_PATH = "session.store"
_DEFAULT_PORT = 6379
_SENTINEL_PORT = 26379
_EXAMPLE = "Write it as redis://HOST:6379, or rediss://HOST:6379 with TLS"
_TEXTS = (
    "redis-connection-url",
    "redis-username",
    "redis-password",
    "redis-sentinel-master-name",
    "redis-sentinel-password",
    "redis-ca-path",
)
_LISTS = ("redis-sentinel-connection-urls", "redis-cluster-connection-urls")
_FLAGS = ("redis-use-sentinel", "redis-use-cluster", "redis-insecure-skip-tls-verify")


@dataclass(frozen=True, slots=True)
class _Url:
    address: StoreAddress
    tls: bool
    username: str
    password: str = field(repr=False)
    database: int | None


def store_settings(options: Options, draft: Draft) -> CookieStoreSettings | RedisStoreSettings | None:
    """The settings; None where something in them is wrong."""
    store = options.written("session-store-type", str)
    if store is None or store.value in ("", "cookie"):
        _note_unused(options, draft)
        return CookieStoreSettings()
    if store.value != "redis":
        draft.findings.error(
            InvalidValueError,
            "oauth2-proxy has no such session store",
            place=store.place,
            remedy="Write cookie or redis",
        )
        return None
    draft.keep(_PATH, store)
    return _redis(options, store.place, draft)


def _redis(options: Options, place: Place, draft: Draft) -> RedisStoreSettings | None:
    topology = _topology(options, draft)
    if topology is None:
        return None
    urls = _urls(options, topology, place, draft)
    ca_file, is_trusted = _ca_file(options, draft)
    sentinel, is_right = _sentinel(options, topology, place, draft)
    if not urls or not is_trusted or not is_right:
        return None
    username = options.value("redis-username", str)
    password = options.value("redis-password", str)
    verify = not options.value("redis-insecure-skip-tls-verify", bool)
    if not verify:
        draft.findings.note(
            "config.store-not-verified",
            "The session store's certificate is not checked: whoever is on the way to it can pose as the store. "
            "Name its certificate authority with redis-ca-path instead",
            _place_of("redis-insecure-skip-tls-verify", options, bool),
        )
    password = password or next((url.password for url in urls if url.password), "")
    return RedisStoreSettings(
        topology=topology,
        addresses=tuple(url.address for url in urls),
        sentinel=sentinel,
        username=username or next((url.username for url in urls if url.username), ""),
        password=SecretStr(password) if password else None,
        database=urls[0].database or 0 if topology != "cluster" else 0,
        tls=StoreTlsSettings(ca_file=ca_file, verify=verify) if urls[0].tls else None,
    )


def _topology(options: Options, draft: Draft) -> Literal["standalone", "sentinel", "cluster"] | None:
    sentinel = options.value("redis-use-sentinel", bool)
    cluster = options.value("redis-use-cluster", bool)
    if sentinel and cluster:
        draft.findings.error(
            InvalidValueError,
            "The session store cannot be reached through sentinels and as a cluster at once",
            place=_place_of("redis-use-cluster", options, bool),
            remedy="Keep one of redis-use-sentinel and redis-use-cluster",
        )
        return None
    return "sentinel" if sentinel else "cluster" if cluster else "standalone"


def _urls(options: Options, topology: str, place: Place, draft: Draft) -> list[_Url]:
    """The addresses; empty where one is missing or wrong, which has been reported."""
    written: Written[tuple[str, ...]] | None
    if topology == "standalone":
        flag = "redis-connection-url"
        one = options.written(flag, str)
        written = Written((one.value,), one.place) if one is not None else None
    else:
        flag = f"redis-{topology}-connection-urls"
        written = options.written(flag, tuple)
    texts = [text.strip() for text in written.value if text.strip()] if written is not None else []
    if written is None or not texts:
        draft.findings.error(
            MissingSettingError,
            f"Sessions are to be kept in Redis, and {flag} does not say where it is",
            place=written.place if written is not None else place,
            remedy=_EXAMPLE,
        )
        return []
    draft.keep(f"{_PATH}.addresses", written)
    urls = []
    for text in texts:
        try:
            urls.append(_parse(text, _SENTINEL_PORT if topology == "sentinel" else _DEFAULT_PORT))
        except UrlError as error:
            draft.findings.error(
                InvalidValueError,
                f"The URL of the session store {error}",
                place=written.place,
                remedy=_EXAMPLE,
            )
            return []
    if len({url.tls for url in urls}) > 1:
        draft.findings.error(
            InvalidValueError,
            "Some of the session store's URLs are with TLS and some are without",
            place=written.place,
            remedy="Write rediss:// in each of them",
        )
        return []
    if any(set(dict(parse_qsl(urlsplit(text).query))) - {"db"} for text in texts):
        draft.findings.note(
            "config.no-effect", "What stands after the ? in the URL of the session store has no effect", written.place
        )
    return urls


def _parse(text: str, default_port: int) -> _Url:
    """Take a go-redis URL apart.

    :raises UrlError: it is none, in words that go on after “The URL …”.
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        raise UrlError("has no valid host and port") from None
    if parts.scheme not in ("redis", "rediss"):
        raise UrlError("does not start with redis:// or rediss://")
    credentials, _, location = parts.netloc.rpartition("@")
    url = parse_url(f"{parts.scheme}://{location}")
    username, _, password = credentials.partition(":")
    database = dict(parse_qsl(parts.query)).get("db", parts.path.strip("/")) or None
    if database is not None and not (database.isascii() and database.isdigit()):
        raise UrlError("has something else than the number of a database after the host")
    return _Url(
        address=StoreAddress(host=url.host, port=urlsplit(url.origin).port or default_port),
        tls=parts.scheme == "rediss",
        username=unquote(username),
        password=unquote(password),
        database=int(database) if database is not None else None,
    )


def _sentinel(options: Options, topology: str, place: Place, draft: Draft) -> tuple[SentinelSettings | None, bool]:
    if topology != "sentinel":
        return None, True
    name = options.written("redis-sentinel-master-name", str)
    if name is None or not name.value:
        draft.findings.error(
            MissingSettingError,
            "The name by which the sentinels know the store is missing",
            place=name.place if name is not None else place,
            remedy="Write it as redis-sentinel-master-name; many charts call it mymaster",
        )
        return None, False
    draft.keep(f"{_PATH}.sentinel", name)
    password = options.value("redis-sentinel-password", str)
    return SentinelSettings(master_name=name.value, password=SecretStr(password) if password else None), True


def _ca_file(options: Options, draft: Draft) -> tuple[Path | None, bool]:
    written = options.written("redis-ca-path", str)
    if written is None or not written.value:
        return None, True
    path = Path(written.value)
    try:
        cause = "" if "-----BEGIN CERTIFICATE-----" in draft.read_text(path) else "it holds no PEM certificate"
    except OSError as error:
        cause = error.strerror or "it cannot be read"
    if cause:
        draft.findings.error(
            UnreadableConfigError,
            "The file with certificates for the session store cannot be used",
            place=written.place,
            cause=cause,
            remedy="Check that the volume is mounted and holds certificates in PEM form",
        )
        return None, False
    return path, True


def _note_unused(options: Options, draft: Draft) -> None:
    places = [
        *(written.place for flag in _TEXTS if (written := options.written(flag, str)) and written.value),
        *(listed.place for flag in _LISTS if (listed := options.written(flag, tuple)) and listed.value),
        *(place for flag in _FLAGS if (place := _place_of(flag, options, bool)) and options.value(flag, bool)),
    ]
    if places:
        draft.findings.note(
            "config.no-effect",
            "Options of a store in Redis have no effect: sessions are kept in the cookie. To keep them in Redis, "
            "write session-store-type redis",
            places[0],
        )


def _place_of(flag: str, options: Options, kind: type[bool]) -> Place | None:
    written = options.written(flag, kind)
    return written.place if written is not None else None

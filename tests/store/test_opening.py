"""Which store the settings open, and what they cannot say."""

from __future__ import annotations

import sys
import time

import pytest
from pydantic import SecretStr, ValidationError

from lampgate.config.settings import (
    ProviderSettings,
    PublicClient,
    RedisStoreSettings,
    SentinelSettings,
    SessionSettings,
    Settings,
    StoreAddress,
    UpstreamSettings,
)
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing
from lampgate.store.opening import StoreLibraryMissingError, open_shared_sessions
from lampgate.store.reach import describe
from tests.store.replicas import SECRET

HERE = StoreAddress(host="127.0.0.1")


def settings(session: SessionSettings) -> Settings:
    return Settings(
        provider=ProviderSettings(issuer_url="https://issuer", client_id="c", client_authentication=PublicClient()),
        upstreams=(UpstreamSettings(id="main", url="http://headlamp"),),
        session=session,
    )


IN_REDIS = settings(SessionSettings(store=RedisStoreSettings(addresses=(HERE,), password=SecretStr("a-password"))))


async def test_the_cookie_needs_no_store() -> None:
    revocations = Revocations(time.time)
    opened = open_shared_sessions(settings(SessionSettings()), KeyRing([SECRET]), revocations, clock=time.time)
    assert opened is None


async def test_a_store_is_opened_without_asking_it() -> None:
    opened = open_shared_sessions(IN_REDIS, KeyRing([SECRET]), Revocations(time.time), clock=time.time)
    assert opened is not None
    assert opened.available
    await opened.close()


async def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "redis"]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("lampgate.store.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(StoreLibraryMissingError) as raised:
        open_shared_sessions(IN_REDIS, KeyRing([SECRET]), Revocations(time.time), clock=time.time)
    assert "lampgate[redis]" in raised.value.remedy


def test_no_password_in_a_repr() -> None:
    assert "a-password" not in repr(IN_REDIS)


@pytest.mark.parametrize(
    "values",
    [
        {"topology": "sentinel"},
        {"sentinel": SentinelSettings(master_name="m")},
        {"addresses": (HERE, HERE)},
        {"addresses": ()},
        {"topology": "cluster", "database": 1},
        {"password": "a", "password_file": "b"},
    ],
    ids=["no-master", "sentinel-unasked", "two-servers", "no-server", "cluster-database", "two-passwords"],
)
def test_settings_that_contradict_themselves(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RedisStoreSettings.model_validate({"addresses": (HERE,), **values})


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "it did not answer in time"),
        (OSError("line\none"), "line one"),
        (OSError("unknown command 'AUTH', with args beginning with: 'a-password'"), "unknown command 'AUTH'"),
        (OSError("x" * 500), "x" * 160),
        (ConnectionResetError(), "ConnectionResetError"),
    ],
    ids=["silent", "lines", "arguments", "long", "empty"],
)
def test_a_problem_in_words(error: BaseException, words: str) -> None:
    assert describe(error) == words

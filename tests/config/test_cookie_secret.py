from __future__ import annotations

import base64

import pytest

from lampgate.config.errors import InvalidValueError, PlaceholderLeftError, PublicSecretError, UnreadableConfigError
from lampgate.config.oauth2_proxy.cookie_secret import is_public, key_bytes
from tests.config.configurations import COOKIE_SECRET, LEGACY, Loader, codes

RANDOM = bytes(range(7, 39))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (base64.urlsafe_b64encode(RANDOM).decode(), RANDOM),
        (base64.urlsafe_b64encode(RANDOM).decode().rstrip("="), RANDOM),
        (base64.urlsafe_b64encode(RANDOM[:16]).decode(), RANDOM[:16]),
        ("sixteen letters!", b"sixteen letters!"),
        # 32 letters of the base64url alphabet are 24 bytes.
        (COOKIE_SECRET, base64.urlsafe_b64decode(COOKIE_SECRET)),
        ("é" * 8, "é".encode() * 8),
        ("", None),
        ("short", None),
        (base64.b64encode(b"\xff" * 32).decode(), None),
    ],
)
def test_a_text_becomes_a_key(text: str, key: bytes | None) -> None:
    assert key_bytes(text) == key


@pytest.mark.parametrize(
    "text",
    [
        "XXXXXXXXXXXXXXXX",
        "a" * 32,
        "abcdabcdabcdabcd",
        "0123456789abcdef",
        "OQINaROshtE9TcZkNAm-5Zs2Pv3xaWytBmc5W7sPX7w=",
        base64.urlsafe_b64encode(bytes(32)).decode(),
    ],
)
def test_public_secrets(text: str) -> None:
    assert is_public(text)


def test_a_secret_of_ones_own_is_not_public() -> None:
    assert not is_public(COOKIE_SECRET)


@pytest.mark.parametrize(
    ("secret", "kind", "sentence"),
    [
        ("XXXXXXXXXXXXXXXX", PublicSecretError, "everybody knows"),
        ("<Cookie-Secret>", PlaceholderLeftError, "still a placeholder"),
        ("seventeen-letters", InvalidValueError, "as written it is 17 bytes long"),
    ],
)
def test_secrets_that_are_refused(loader: Loader, secret: str, kind: type[Exception], sentence: str) -> None:
    text = LEGACY.replace(COOKIE_SECRET, secret)
    error = loader.error(text)
    assert type(error) is kind
    assert sentence in error.sentence
    assert error.place == loader.place(8, "cookie_secret")
    assert "openssl rand" in error.remedy
    assert secret not in str(error)


def test_a_file_with_the_secret(loader: Loader) -> None:
    file = loader.folder / "secret"
    file.write_text(COOKIE_SECRET + "\n")
    text = LEGACY.replace(f'cookie_secret = "{COOKIE_SECRET}"', f'cookie_secret_file = "{file}"')
    secret = loader.load(text).settings.session.cookie.secret
    assert secret is not None
    assert secret.get_secret_value() == base64.urlsafe_b64decode(COOKIE_SECRET)
    file.unlink()
    error = loader.error(text)
    assert isinstance(error, UnreadableConfigError)
    assert error.cause == "No such file or directory"


def test_the_environment_goes_before_the_file(loader: Loader) -> None:
    own = "another secret with 32 letters.."
    loaded = loader.load(LEGACY, environ={"OAUTH2_PROXY_COOKIE_SECRET": own})
    secret = loaded.settings.session.cookie.secret
    assert secret is not None
    assert secret.get_secret_value() == own.encode()
    assert loaded.place_of("session.cookie.secret") == "environment, OAUTH2_PROXY_COOKIE_SECRET"
    assert "config.overridden" in codes(loaded)


def test_an_unquoted_placeholder_is_named_and_not_just_bad_toml(loader: Loader) -> None:
    error = loader.error(LEGACY.replace(f'"{COOKIE_SECRET}"', "<Cookie-Secret>"))
    assert isinstance(error, PlaceholderLeftError)
    assert error.place == loader.place(8, "cookie_secret")

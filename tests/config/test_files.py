"""Files, Kubernetes objects around documents, and telling the dialects apart."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from lampgate.config.errors import (
    ConfigError,
    InvalidConfigurationError,
    InvalidValueError,
    MissingSettingError,
    UnknownSettingError,
    UnreadableConfigError,
    UnsupportedSettingError,
)
from lampgate.config.files import MAX_SIZE
from lampgate.config.load import load_settings
from lampgate.config.recognition import Dialect, recognise
from tests.config.configurations import ALPHA, FILLED_IN, LEGACY, OPTIONS, Loader, config_map, line_of


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        (FILLED_IN, Dialect.KUBERNETES),
        (ALPHA, Dialect.ALPHA),
        (LEGACY, Dialect.LEGACY),
        ("# comment\n\n" + OPTIONS, Dialect.LEGACY),
        ("[section]\na = 1", Dialect.LEGACY),
        ("---\n" + ALPHA, Dialect.ALPHA),
        ("extraArgs: {}\n", Dialect.CHART_VALUES),
        ('"extraArgs":\n  providers: 1\n', Dialect.CHART_VALUES),
        ('{"providers": [], "upstreamConfig": {}}', Dialect.ALPHA),
        ("PROVIDERS: []", Dialect.ALPHA),
        ("", Dialect.EMPTY),
        ("# only a comment\n", Dialect.EMPTY),
        ("---\n", Dialect.EMPTY),
        ("hello: world\n", Dialect.UNKNOWN),
        ("hello\n", Dialect.UNKNOWN),
    ],
)
def test_a_dialect_is_recognised_by_its_content(text: str, dialect: Dialect) -> None:
    assert recognise(text) is dialect


def test_documents_in_a_config_map(loader: Loader) -> None:
    text = config_map("oauth2_proxy.yml", ALPHA) + config_map("oauth2_proxy.cfg", OPTIONS).rpartition("data:\n")[2]
    loaded = loader.load(text)
    assert loaded.settings == loader.load(ALPHA, OPTIONS).settings
    assert loaded.place_of("allow.email_domains") == loader.place(line_of(text, "email_domains"), "email_domains")


def test_several_objects_in_one_file(loader: Loader) -> None:
    text = f"{config_map('a', ALPHA)}---\n{config_map('b', OPTIONS)}"
    assert loader.load(text).settings == loader.load(ALPHA, OPTIONS).settings


def test_a_secret_in_base64_has_one_line(loader: Loader) -> None:
    def secret(text: str) -> str:
        return f"apiVersion: v1\nkind: Secret\ntype: Opaque\ndata:\n  a: {base64.b64encode(text.encode()).decode()}\n"

    assert loader.load(secret(ALPHA), OPTIONS).settings == loader.load(ALPHA, OPTIONS).settings
    error = loader.error(secret(ALPHA.replace("uri:", "url:")), OPTIONS)
    assert error.place == loader.place(5, "data.a: upstreamConfig.upstreams[0].url")


@pytest.mark.parametrize(
    ("text", "kind", "line", "key", "remedy"),
    [
        (f"{config_map('values.yaml', OPTIONS)}other: 1\n", UnknownSettingError, 9, "other", "below data"),
        (config_map("readme.md", "hello\n"), UnknownSettingError, 6, 'data["readme.md"]', "Name a ConfigMap"),
        (config_map("values.yaml", ""), UnreadableConfigError, 6, 'data["values.yaml"]', "Name a ConfigMap"),
        ("apiVersion: v1\nkind: Secret\ndata: {a: '***hunter2'}\n", InvalidValueError, 3, "data.a", "base64"),
        ("apiVersion: v1\nkind: Secret\ndata: {a: /////w==}\n", InvalidValueError, 3, "data.a", "base64"),
        ("apiVersion: v1\nkind: ConfigMap\ndata: {a: 1}\n", InvalidValueError, 3, "data.a", "Put a |"),
        ("apiVersion: v1\nkind: ConfigMap\ndata: []\n", InvalidValueError, 3, "data", "Indent"),
        ("apiVersion: v1\nkind: ConfigMap\n", MissingSettingError, 1, "", "below data"),
        ("apiVersion: v1\nkind: ConfigMap\nbinaryData: {}\n", UnsupportedSettingError, 3, "binaryData", "text"),
        ("apiVersion: apps/v1\nkind: Deployment\n", UnsupportedSettingError, 2, "kind", "ConfigMap"),
        ("apiVersion: v2\nkind: HelmRelease\n", UnsupportedSettingError, 2, "kind", "values file"),
        ("apiVersion: v1\n", UnsupportedSettingError, 1, "", "ConfigMap"),
        ("apiVersion: v1\nkind: ConfigMap\n---\n- a\n", InvalidValueError, 4, "", "apiVersion"),
    ],
)  # fmt: skip
def test_objects_that_are_refused(
    loader: Loader, text: str, kind: type[ConfigError], line: int, key: str, remedy: str
) -> None:
    errors = loader.errors(text)
    error = next(error for error in errors if type(error) is kind and remedy in error.remedy)
    assert error.place == (loader.place(line, key) if key else f"{loader.folder}/0.conf line {line}")
    assert "hunter2" not in str(error)


def test_nothing_is_in_the_files(loader: Loader) -> None:
    error = loader.error("hello: world\n")
    assert isinstance(error, UnknownSettingError)
    assert isinstance(loader.error(), MissingSettingError)
    only_secrets = loader.error("apiVersion: v1\nkind: Secret\nstringData: {cookie-secret: x}\n")
    assert isinstance(only_secrets, MissingSettingError)


def file_errors(path: Path) -> tuple[ConfigError, ...]:
    with pytest.raises(InvalidConfigurationError) as raised:
        load_settings([path], environ={})
    return raised.value.errors


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    pipe, large, binary = tmp_path / "pipe", tmp_path / "large", tmp_path / "binary"
    os.mkfifo(pipe)
    large.write_bytes(b"#" * (MAX_SIZE + 1))
    binary.write_bytes(b"\xff\xfe")
    causes = {
        tmp_path / "missing": "No such file or directory",
        tmp_path: "it is not a regular file",
        pipe: "it is not a regular file",
        large: "it is larger than 1 MiB",
        binary: "it is not UTF-8 text",
        Path("a\0b"): "its name holds a null character",
    }
    for path, cause in causes.items():
        (error,) = file_errors(path)
        assert isinstance(error, UnreadableConfigError)
        assert (error.place, error.cause) == (str(path), cause)
        assert error.remedy


def test_a_byte_order_mark_does_not_matter(loader: Loader) -> None:
    assert loader.load("\ufeff" + LEGACY).settings == loader.load(LEGACY).settings


def test_windows_line_ends_do_not_matter(loader: Loader) -> None:
    path = loader.folder / "windows.conf"
    path.write_bytes(FILLED_IN.replace("\n", "\r\n").encode())
    loaded = load_settings([path], environ=loader.environ)
    assert loaded.settings == loader.load(FILLED_IN).settings
    assert loaded.places["upstreams.0.url"].line == 40


def test_errors_come_in_the_order_of_files_and_lines(loader: Loader) -> None:
    errors = loader.errors(ALPHA.replace("oidc\n", "azure\n").replace("/\n", "x\n"), "a = 1\nb = 1\n" + OPTIONS)
    assert [error.place.rpartition("/")[2].partition(",")[0] for error in errors] == [
        "0.conf line 5",
        "0.conf line 20",
        "1.conf line 1",
        "1.conf line 2",
    ]

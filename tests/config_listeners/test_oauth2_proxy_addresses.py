"""oauth2-proxy's plain and secure addresses, in both of its models."""

from __future__ import annotations

from pathlib import Path

import pytest

from lampgate.config.settings import InheritedSocket, ListenAddress, TlsSettings, UnixSocket
from tests.config.configurations import ALPHA, ANY_HOST, LEGACY, OPTIONS, Loader, codes


@pytest.fixture
def loader(tmp_path: Path) -> Loader:
    (tmp_path / "tls.crt").write_text("a certificate")
    (tmp_path / "tls.key").write_text("a key")
    return Loader(tmp_path)


def tls(loader: Loader, **changes: object) -> TlsSettings:
    files = {"certificate_file": loader.folder / "tls.crt", "key_file": loader.folder / "tls.key"}
    return TlsSettings.model_validate({**files, **changes})


def alpha(loader: Loader, *lines: str, bind: str = "BindAddress: 127.0.0.1:4180") -> str:
    """The alpha configuration with a certificate."""
    files = f"tls: {{cert: {{fromFile: {loader.folder}/tls.crt}}, key: {{fromFile: {loader.folder}/tls.key}}"
    server = [line for line in (bind, f"{', '.join([files, *lines[1:]])}}}", lines[0]) if line]
    return ALPHA.replace("  BindAddress: 127.0.0.1:4180\n", "".join(f"  {line}\n" for line in server))


def legacy(loader: Loader, *lines: str) -> str:
    files = [f"tls_cert_file = '{loader.folder}/tls.crt'", f"tls_key_file = '{loader.folder}/tls.key'"]
    return LEGACY + "\n".join([*files, *lines, ""])


def test_both_addresses_of_the_alpha_configuration_count(loader: Loader) -> None:
    settings = loader.load(alpha(loader, "secureBindAddress: :4443"), OPTIONS).settings
    assert settings.listen == (ListenAddress(), ListenAddress(host=ANY_HOST, port=4443, tls=tls(loader)))


def test_a_plain_address_can_be_off(loader: Loader) -> None:
    settings = loader.load(alpha(loader, "secureBindAddress: https://[::]:4443", bind=""), OPTIONS).settings
    assert settings.listen == (ListenAddress(host="::", port=4443, tls=tls(loader)),)
    settings = loader.load(alpha(loader, "secureBindAddress: :4443", bind="bindAddress: '-'"), OPTIONS).settings
    assert len(settings.listen) == 1


def test_a_certificate_takes_the_plain_addresss_place_in_the_older_options(loader: Loader) -> None:
    settings = loader.load(legacy(loader, "http_address = ':80'")).settings
    assert settings.listen == (ListenAddress(host=ANY_HOST, port=443, tls=tls(loader)),)
    settings = loader.load(legacy(loader, "https_address = 'unix:///run/x,mode=0600'")).settings
    assert settings.listen == (UnixSocket(path=Path("/run/x"), mode=0o600, tls=tls(loader)),)


def test_other_kinds_of_sockets(loader: Loader) -> None:
    loaded = loader.load(LEGACY + "http_address = 'fd:3'\n")
    assert loaded.settings.listen == (InheritedSocket(descriptor=3),)
    assert loaded.place_of("listen") == loader.place(9, "http_address")


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        (("minVersion: TLS1.3",), {"min_version": "1.3"}),
        (
            ("cipherSuites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256]",),
            {"cipher_suites": ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",)},
        ),
        # Go would then offer nothing to a client of TLS 1.2.
        (("cipherSuites: [TLS_AES_128_GCM_SHA256]",), {"min_version": "1.3"}),
    ],
    ids=["version", "suites", "suites-of-1.3-only"],
)
def test_what_is_negotiated(loader: Loader, given: tuple[str, ...], changes: dict[str, object]) -> None:
    settings = loader.load(alpha(loader, "secureBindAddress: :1", *given), OPTIONS).settings
    assert settings.listen[1].tls == tls(loader, **changes)


def test_a_certificate_without_an_address_is_noted(loader: Loader) -> None:
    loaded = loader.load(alpha(loader, ""), OPTIONS)
    assert loaded.settings.listen == (ListenAddress(),)
    assert codes(loaded) == ["config.no-effect"]


@pytest.mark.parametrize(
    ("change", "key", "sentence"),
    [
        (("tls.crt}", "nowhere}"), "server.tls.cert.fromFile", "cannot be read"),
        (("{fromFile", "{fromEnv"), "server.tls.cert.fromEnv", "read from files"),
        ((":4443", ":4443, minVersion: TLS1.1"), "server.tls.minVersion", "TLS1.2 or TLS1.3"),
        (
            (":4443", ":4443, cipherSuites: [TLS_RSA_WITH_AES_128_CBC_SHA]"),
            "server.tls.cipherSuites",
            "forward secrecy",
        ),
        ((":4443", "nonsense"), "server.secureBindAddress", "not an address"),
    ],
    ids=["missing-file", "not-a-file", "version", "suite", "address"],
)
def test_what_is_refused(loader: Loader, change: tuple[str, str], key: str, sentence: str) -> None:
    old, new = change
    extra = new.partition(", ")[2] if new.startswith(":4443, ") else ""
    text = alpha(loader, "secureBindAddress: :4443", *([extra] if extra else []))
    if not extra:
        assert old in text
        text = text.replace(old, new, 1)
    errors = loader.errors(text, OPTIONS)
    assert any(key in str(error.place) and sentence in error.sentence for error in errors), errors


def test_a_key_without_a_certificate(loader: Loader) -> None:
    error = loader.error(f"{LEGACY}tls_key_file = '{loader.folder}/tls.key'\n")
    assert error.place == loader.place(9, "tls_key_file")
    assert "no certificate" in error.sentence


def test_no_address_at_all(loader: Loader) -> None:
    assert "no address" in loader.error(LEGACY + "http_address = '-'\n").sentence

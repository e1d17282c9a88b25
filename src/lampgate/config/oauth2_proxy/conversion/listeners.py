"""Where to listen: oauth2-proxy's plain and secure addresses, and the certificate of the secure one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from lampgate.config.errors import InvalidValueError, MissingSettingError
from lampgate.config.listener_notation import NotationError, parse_listener
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.written import Written, WrittenListeners, WrittenTls
from lampgate.config.settings import CipherSuite, ListenAddress, Listener, TlsSettings

_CIPHER_SUITES = get_args(CipherSuite)
#: Always on where TLS 1.3 is negotiated; Go takes their names and ignores them.
_TLS_1_3_SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
_MIN_VERSIONS = {"TLS1.2": "1.2", "TLS1.3": "1.3"}
_EXAMPLE = "Write e.g. 0.0.0.0:4180"


def listeners(
    written: WrittenListeners, override: Sequence[Listener] | None, draft: Draft
) -> tuple[Listener, ...] | None:
    """Where to listen; None where an address or the certificate is wrong. Nothing given: the settings' default.

    :param override: given on lampgate's own command line; it takes the place of every address.
    """
    plain, secure = _given(written.plain), _given(written.secure)
    reported = draft.findings.count
    draft.keep("listen", plain or secure)
    opened: list[Listener] = []
    if plain is not None:
        opened.extend(_listener(plain, None, draft))
    tls = _tls(written.tls, draft) if written.tls is not None else None
    if secure is not None and written.tls is None:
        draft.findings.error(
            MissingSettingError,
            "There is an address for https, and no certificate",
            place=secure.place,
            remedy="Add the certificate and its key, or listen on plain http only",
        )
    elif secure is not None and tls is not None:
        opened.extend(_listener(secure, tls, draft))
    elif written.tls is not None and secure is None:
        draft.findings.note(
            "config.no-effect", "The certificate has no effect: there is no address for https", written.tls.at.place
        )
    if draft.findings.count > reported:
        return None
    if override:
        return tuple(override)
    off = written.plain or written.secure
    if not opened and off is not None:
        draft.findings.error(
            MissingSettingError, "This leaves no address to listen on", place=off.place, remedy=_EXAMPLE
        )
        return None
    return tuple(opened) or (ListenAddress(),)


def _given(written: Written[str] | None) -> Written[str] | None:
    """The address, unless it is one of oauth2-proxy's ways to say that there is none."""
    return written if written is not None and written.value.strip() not in ("", "-") else None


def _listener(written: Written[str], tls: TlsSettings | None, draft: Draft) -> list[Listener]:
    text = written.value.strip()
    if tls is not None and text.lower().startswith("https://"):
        text = text[len("https://") :]
    try:
        listener = parse_listener(text)
    except NotationError as problem:
        remedy = problem.remedy if text.startswith(("unix:", "fd:")) or "," in text else _EXAMPLE
        draft.findings.error(InvalidValueError, f"{problem}", place=written.place, remedy=remedy)
        return []
    return [listener.model_copy(update={"tls": tls})] if tls is not None else [listener]


def _tls(written: WrittenTls, draft: Draft) -> TlsSettings | None:
    reported = draft.findings.count
    certificate, key = written.certificate_file, written.key_file
    if certificate is None or key is None:
        draft.findings.error(
            MissingSettingError,
            f"TLS needs a certificate and its key, and there is no {'certificate' if certificate is None else 'key'}",
            place=written.at.place,
            remedy="Name the files of both",
        )
    else:
        for file in (certificate, key):
            _check_readable(file, draft)
    version = _min_version(written, draft)
    suites = _cipher_suites(written, draft)
    if certificate is None or key is None or version is None or draft.findings.count > reported:
        return None
    named = written.cipher_suites is not None and bool(written.cipher_suites.value)
    if named and not suites:
        # Only suites of TLS 1.3 are named, so nothing is left that TLS 1.2 could agree on.
        version = "1.3"
    return TlsSettings.model_validate(
        {
            "certificate_file": Path(certificate.value),
            "key_file": Path(key.value),
            "min_version": version,
            "cipher_suites": suites,
        }
    )


def _check_readable(file: Written[str], draft: Draft) -> None:
    try:
        draft.read_text(Path(file.value))
    except OSError as error:
        draft.findings.error(
            InvalidValueError,
            f"The file cannot be read: {error.strerror}",
            place=file.place,
            remedy="Correct the path, or see that the secret is mounted there",
        )


def _min_version(written: WrittenTls, draft: Draft) -> str | None:
    if written.min_version is None or not written.min_version.value:
        return "1.2"
    version = _MIN_VERSIONS.get(written.min_version.value)
    if version is None:
        draft.findings.error(
            InvalidValueError,
            "The least version of TLS is TLS1.2 or TLS1.3",
            place=written.min_version.place,
            remedy="Write TLS1.2, or leave it out",
        )
    return version


def _cipher_suites(written: WrittenTls, draft: Draft) -> tuple[str, ...]:
    if written.cipher_suites is None:
        return ()
    suites = []
    for name in written.cipher_suites.value:
        if name in _CIPHER_SUITES:
            suites.append(name)
        elif name not in _TLS_1_3_SUITES:
            draft.findings.error(
                InvalidValueError,
                "A cipher suite is unknown, or lacks forward secrecy or authenticated encryption",
                place=written.cipher_suites.place,
                remedy=f"Choose from {', '.join(_CIPHER_SUITES)}, or leave the list out",
            )
    return tuple(suites)

"""TLS of a listener: the certificate, read anew when its files change, and what is negotiated (RFC 9325).

cert-manager and the kubelet replace a certificate's files weeks before it runs out. Connections that are open keep
the old one. Files that do not fit each other (one of them is replaced first) change nothing until they do.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Sequence
from pathlib import Path

from lampgate.config.settings import CipherSuite, TlsSettings
from lampgate.errors import LampgateError

_logger = logging.getLogger("lampgate.gateway")

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
#: IANA's names in OpenSSL's spelling, in the order of preference where the client has none.
_OPENSSL_NAMES: dict[CipherSuite, str] = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
}


class CertificateError(LampgateError):
    """A certificate or its key cannot be used."""

    code = "listen.certificate"


class ServerCertificate:
    """A certificate with its key, as it is on disk.

    :param alpn: protocols to offer (RFC 7301), the preferred one first.
    :raises CertificateError: the files are missing, are not PEM, or do not belong together.
    :ivar context: for new connections.
    """

    def __init__(self, settings: TlsSettings, alpn: Sequence[str]) -> None:
        self._settings = settings
        self._alpn = list(alpn)
        self._seen = self._look()
        self.context = self._load()

    def refresh(self) -> None:
        """Look whether the files have changed, and load them if so. Bad ones are logged, and the old stay in use."""
        seen = self._look()
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self.context = self._load()
        except CertificateError as error:
            _logger.error("%s: %s The certificate that was read before stays in use.", error.code, error)
        else:
            _logger.info("A new certificate is in use: %s", self._settings.certificate_file)

    def _look(self) -> tuple[tuple[int, int, int, int] | None, ...]:
        return tuple(_state(file) for file in (self._settings.certificate_file, self._settings.key_file))

    def _load(self) -> ssl.SSLContext:
        settings = self._settings
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = _VERSIONS[settings.min_version]
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
        suites = settings.cipher_suites or tuple(_OPENSSL_NAMES)
        context.set_ciphers(":".join(_OPENSSL_NAMES[suite] for suite in suites))
        context.set_alpn_protocols(self._alpn)
        try:
            context.load_cert_chain(settings.certificate_file, settings.key_file, password=_no_passphrase)
        except OSError as error:
            raise CertificateError(
                f"The certificate {settings.certificate_file} with the key {settings.key_file} cannot be used",
                cause=_cause(error),
                remedy="Both have to be PEM files that belong together, the certificate's own chain in its file",
            ) from None
        return context


def _state(file: Path) -> tuple[int, int, int, int] | None:
    """What changes when a file does, or when the symbolic link to it is changed, as the kubelet does."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _cause(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        if error.reason == "KEY_VALUES_MISMATCH":
            return "The key is not that of the certificate"
        return f"OpenSSL: {(error.reason or 'not PEM').replace('_', ' ').lower()}"
    return error.strerror or str(error)


def _no_passphrase() -> str:
    """Called by OpenSSL for an encrypted key; without it the passphrase would be asked for on the terminal."""
    raise PermissionError(None, "The key is encrypted, and there is nobody to ask for its passphrase")

"""TLS to an upstream: one context for each, made from files that may be replaced while the process runs.

Decides what lampgate offers (TLS 1.2 or later, http/1.1 only) and whom it trusts. Why a handshake failed is put into
words by `lampgate.gateway.dial_causes`.
"""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from lampgate.config.settings import UpstreamTLSSettings

#: Seconds between two looks at the files.
_LOOK_INTERVAL = 3.0

_logger = logging.getLogger("lampgate.gateway")

#: What tells one version of a file from the next: modification time in ns, size, inode (a rename swaps the inode).
_Version = tuple[int, int, int]


class UpstreamTLSError(Exception):
    """The files do not make a context. The message names the file, so it is for the log only."""


class UpstreamTLS:
    """The TLS context of one upstream.

    :param name: the upstream's id, for the log.
    """

    def __init__(self, settings: UpstreamTLSSettings, name: str) -> None:
        self._settings = settings
        self._name = name
        self._files = tuple(
            path for path in (*settings.ca_files, settings.certificate_file, settings.key_file) if path is not None
        )
        self._versions: tuple[_Version, ...] = ()
        self._context: ssl.SSLContext | None = None
        self._looked_at = 0.0

    def context(self, now: float) -> ssl.SSLContext:
        """The context for a new connection, made anew when a file has changed.

        While the files are being replaced they may not fit together; then the last good context goes on.

        :param now: the loop's clock.
        :raises UpstreamTLSError: there has never been a good one.
        """
        if self._context is not None and (not self._files or now - self._looked_at < _LOOK_INTERVAL):
            return self._context
        self._looked_at = now
        try:
            versions = tuple(_version(path) for path in self._files)
            if self._context is None or versions != self._versions:
                self._context = _make(self._settings)
                self._versions = versions
        except UpstreamTLSError as error:
            if self._context is None:
                raise
            _logger.warning("Upstream “%s” goes on with its previous TLS files: %s", self._name, error)
        return self._context


def _version(path: Path) -> _Version:
    try:
        status = path.stat()
    except OSError as error:
        raise UpstreamTLSError(f"{path} cannot be read: {error.strerror}") from None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _make(settings: UpstreamTLSSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if settings.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif not settings.ca_files:
        context.load_default_certs()
    for path in settings.ca_files:
        try:
            context.load_verify_locations(path)
        except (OSError, ValueError):
            raise UpstreamTLSError(f"{path} holds no certificate") from None
    if settings.certificate_file is not None:
        try:
            # Without a password here, an encrypted key would be asked for on the terminal.
            context.load_cert_chain(settings.certificate_file, settings.key_file, password="")
        except (OSError, ValueError):
            pair = f"{settings.certificate_file} and {settings.key_file or 'the key in it'}"
            raise UpstreamTLSError(f"{pair} are not a certificate with its unencrypted private key") from None
    return context

"""Why no connection to an upstream could be made: one sentence for the person who asked, one for the log.

The person gets to see what kind of failure it is. Addresses, file names and what a certificate says stay in the log.
Pure.
"""

from __future__ import annotations

import socket
import ssl
from typing import Final

from lampgate.gateway.upstream_tls import UpstreamTLSError

#: OpenSSL's certificate verification results (x509_vfy.h).
_CERTIFICATE_CAUSES: Final = {
    9: "The upstream's certificate is not valid yet",
    10: "The upstream's certificate has expired",
    18: "The upstream's certificate is signed by itself, and not by an authority trusted here",
    19: "The upstream's certificate is from an authority that is not trusted here",
    20: "The upstream's certificate is from an authority that is not trusted here",
    21: "The upstream's certificate is from an authority that is not trusted here",
    23: "The upstream's certificate has been revoked",
    62: "The upstream's certificate is for another name",
    64: "The upstream's certificate is for another address",
}
#: OpenSSL's reasons for which there is a plainer word.
_TLS_CAUSES: Final = {
    "WRONG_VERSION_NUMBER": "The upstream does not speak TLS on this port",
    "HTTP_REQUEST": "The upstream does not speak TLS on this port",
    "UNSUPPORTED_PROTOCOL": "The upstream speaks no TLS version that is safe; 1.2 is the least",
    "TLSV1_ALERT_PROTOCOL_VERSION": "The upstream and the gateway have no TLS version in common",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "The upstream refuses the TLS handshake; it may want a client certificate",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "The upstream wants a client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "The upstream does not trust the gateway's client certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "The upstream does not accept the gateway's client certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "The gateway's client certificate has expired",
    "TLSV1_UNRECOGNIZED_NAME": "The upstream does not know the name it was asked for",
    "TLSV1_ALERT_UNRECOGNIZED_NAME": "The upstream does not know the name it was asked for",
}


class DialError(Exception):
    """No connection could be made.

    :ivar cause: for the person who asked; names no address and no file.
    :ivar detail: for the log; empty where it would say the same.
    """

    def __init__(self, cause: str, detail: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.detail = detail


def dial_error(error: Exception) -> DialError:
    """Put into words what an attempt to connect has raised."""
    match error:
        case ssl.SSLCertVerificationError():
            known = _CERTIFICATE_CAUSES.get(error.verify_code)
            return DialError(known or "The upstream's certificate cannot be verified", error.verify_message)
        case ssl.SSLError():
            return DialError(tls_cause(error), error.reason or "")
        case UpstreamTLSError():
            return DialError("The gateway's TLS files for the upstream cannot be used", str(error))
        case socket.gaierror():
            return DialError("The upstream's name cannot be resolved", error.strerror or "")
        case ConnectionError() if not error.strerror:
            return DialError("The upstream closed the connection at once", str(error))
        case OSError():
            return DialError(error.strerror or "The connection could not be made", str(error))
        case _:
            return DialError("The connection could not be made", f"{type(error).__name__}: {error}")


def tls_cause(error: ssl.SSLError) -> str:
    """What kind of failure a TLS error is. TLS 1.3 reports some only after the handshake, on the first read."""
    return _TLS_CAUSES.get(error.reason or "", "The TLS handshake with the upstream failed")

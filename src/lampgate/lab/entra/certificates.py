"""Certificate credentials: assertions that the application signs itself (RFC 7523, ``private_key_jwt``).

The certificate is found by its thumbprint in the header, ``x5t#S256`` or ``x5t``. Follows Microsoft's "Microsoft
identity platform application authentication certificate credentials".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from lampgate.lab.entra.applications import Application
from lampgate.lab.entra.errors import EntraError

_ALGORITHMS: Final = ("PS256", "RS256")


def verify_certificate_assertion(
    assertion: str,
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    application: Application,
    token_endpoint: str,
) -> None:
    """Check signature, subject and audience; the times are the caller's.

    :param header: of the assertion.
    :param claims: of the assertion.
    :raises EntraError: 700027, 700023.
    """
    certificate = next((each for each in map(_read, application.certificates) if _is_named(each, header)), None)
    if certificate is None:
        raise EntraError(700027, reason="The key was not found.")
    key = RSAKey.import_key(certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    try:
        jwt.decode(assertion, key, algorithms=list(_ALGORITHMS))
    except (JoseError, ValueError) as error:
        raise EntraError(
            700027, reason="The key was found, but use of the key to verify the signature failed."
        ) from error
    if claims.get("sub") != application.app_id or not claims.get("jti"):
        raise EntraError(50027)
    if claims.get("aud") != token_endpoint:
        raise EntraError(700023)


def _read(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def _is_named(certificate: x509.Certificate, header: Mapping[str, Any]) -> bool:
    if "x5t#S256" in header:
        return bool(header["x5t#S256"] == _thumbprint(certificate, hashes.SHA256()))
    # SHA-1 is what x5t is defined with (RFC 7515 section 4.1.7).
    return bool(header.get("x5t") == _thumbprint(certificate, hashes.SHA1()))  # noqa: S303 - see above


def _thumbprint(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    return base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).rstrip(b"=").decode()

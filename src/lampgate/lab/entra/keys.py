"""The tenant's signing keys: RSA, each with a self-signed certificate, published the way Entra publishes them.

``kid`` is ``x5t``, there is no ``alg``, and several keys are published though only one signs, so that a verifier
which takes the first key or insists on ``alg`` (optional in RFC 7517 section 4.4) fails in the lab already.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from joserfc.jwk import RSAKey

_NUMBER_OF_KEYS: Final = 3
_COMMON_NAME: Final = "accounts.accesscontrol.windows.net"
_VALIDITY: Final = timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair. ``kid`` is the base64url SHA-1 thumbprint of the certificate."""

    kid: str
    key: RSAKey
    certificate: str

    def public_jwk(self, issuer: str) -> dict[str, object]:
        """The entry of the JWK set."""
        public = self.key.as_dict(private=False)
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": public["n"],
            "e": public["e"],
            "x5c": [self.certificate],
            "issuer": issuer,
        }


class SigningKeys:
    """The keys in force. The second one signs: being published first means nothing.

    :param now: seconds since the epoch, for the certificates.
    """

    def __init__(self, now: float) -> None:
        self._keys = [_new_key(now) for _ in range(_NUMBER_OF_KEYS)]
        self._signing = self._keys[1]

    @property
    def signing(self) -> SigningKey:
        """The key that signs."""
        return self._signing

    def find(self, kid: str) -> SigningKey | None:
        """A published key by its id."""
        return next((key for key in self._keys if key.kid == kid), None)

    def roll(self, now: float, *, keep_old: bool = True) -> None:
        """Sign with a new key from now on.

        :param keep_old: keep publishing the previous keys; otherwise tokens issued so far no longer verify.
        """
        previous, self._signing = self._signing, _new_key(now)
        others = [key for key in self._keys if key is not previous]
        self._keys = [previous, self._signing, *others][:_NUMBER_OF_KEYS] if keep_old else [self._signing]

    def document(self, issuer: str) -> dict[str, object]:
        """The JWK set.

        :param issuer: goes into each key; Entra's template with ``{tenantid}``.
        """
        return {"keys": [key.public_jwk(issuer) for key in self._keys]}


def _new_key(now: float) -> SigningKey:
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _COMMON_NAME)])
    start = datetime.fromtimestamp(now, UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _VALIDITY)
        .sign(private_key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    # SHA-1 is what x5t is defined with (RFC 7517 section 4.8).
    thumbprint = hashlib.sha1(certificate, usedforsecurity=False).digest()
    pem = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SigningKey(
        kid=base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode(),
        key=RSAKey.import_key(pem),
        certificate=base64.b64encode(certificate).decode(),
    )

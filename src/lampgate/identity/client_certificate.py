"""An assertion that we sign ourselves, with the key of a certificate (``private_key_jwt``).

RFC 7523 section 3 and OpenID Connect Core section 9 say what is in it; Microsoft's "certificate credentials" says how
Entra finds the certificate: ``x5t#S256`` (RFC 7515 section 4.1.8), and ``x5t`` for what has not learnt that yet. The
files are read again when they change. Each assertion is used once and lives for minutes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from lampgate.config.settings import ClientCertificate
from lampgate.identity import credential_file
from lampgate.identity.errors import ClientCredentialError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

    _PrivateKey: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey

_log = logging.getLogger("lampgate.identity")

#: Seconds an assertion is valid for, which is also how far ahead of the provider's our clock may be; Entra takes up
#: to ten minutes.
_LIFETIME = 300
#: Seconds it is dated back, for a provider whose clock is slow.
_BACKDATED = 60

#: RFC 7518 section 3.4: one algorithm a curve.
_BY_CURVE = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


@dataclass(frozen=True, slots=True, repr=False)
class SigningCertificate:
    """A certificate with its key.

    :ivar not_after: seconds since the epoch.
    """

    certificate: Certificate
    key: _PrivateKey
    not_before: float
    not_after: float

    def algorithms(self) -> tuple[str, ...]:
        """The algorithms its key can sign with (RFC 7518 section 3.1), the one to prefer first.

        PS256 is what Entra recommends, and RS256 what every provider knows.
        """
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

        if isinstance(self.key, RSAPrivateKey):
            return ("PS256", "RS256")
        algorithm = _BY_CURVE.get(self.key.curve.name)
        return (algorithm,) if algorithm else ()

    def thumbprint(self, algorithm: str) -> str:
        """The hash of the certificate's DER, as base64url.

        :param algorithm: ``sha256`` or ``sha1``.
        """
        from cryptography.hazmat.primitives.serialization import Encoding

        digest = hashlib.new(algorithm, self.certificate.public_bytes(Encoding.DER), usedforsecurity=False).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


class CertificateFiles:
    """The certificate of the settings, read again when a file of it changes.

    Certificate and key may be replaced one after the other, so what was read before stays in use until both fit.

    :param place: where it is configured, for errors.
    """

    def __init__(self, settings: ClientCertificate, place: str) -> None:
        self._settings = settings
        self._place = place
        self._seen: tuple[object, ...] = ()
        self._loaded: SigningCertificate | None = None

    def current(self, now: float) -> SigningCertificate:
        """The certificate to sign with.

        :raises ClientCredentialError: no certificate with its key could be read so far, or the one that was is not
            valid at this time.
        """
        paths = (self._settings.path, self._settings.key_path, self._settings.password_path)
        seen = tuple(_version(path) for path in paths if path is not None)
        loaded = self._loaded
        if loaded is None or seen != self._seen:
            try:
                loaded = self._load()
            except ClientCredentialError as error:
                if loaded is None:
                    raise
                _log.warning("still signing with the certificate read before: %s", error)
            self._loaded, self._seen = loaded, seen
        if not loaded.not_before <= now < loaded.not_after:
            ended = loaded.not_after <= now
            since = now - loaded.not_after if ended else loaded.not_before - now
            raise self._refused(
                "has expired" if ended else "is not valid yet",
                f"it expired {credential_file.duration(since)} ago"
                if ended
                else f"it becomes valid in {credential_file.duration(since)}",
                "Register a new certificate with the provider, and replace the file; it is read again by itself.",
            )
        return loaded

    def _load(self) -> SigningCertificate:
        data = credential_file.read_bytes(self._settings.path, "certificate", self._place)
        password = None
        if self._settings.password_path is not None:
            text = credential_file.read_text(self._settings.password_path, "certificate's password", self._place)
            password = text.encode()
        key_data = data
        if self._settings.key_path is not None:
            key_data = credential_file.read_bytes(self._settings.key_path, "private key", self._place)
        if b"-----BEGIN" in data:
            return self._from_pem(data, key_data, password)
        return self._from_pkcs12(data, password)

    def _from_pem(self, data: bytes, key_data: bytes, password: bytes | None) -> SigningCertificate:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from cryptography.x509 import load_pem_x509_certificates

        try:
            certificates = load_pem_x509_certificates(data)
        except ValueError:
            certificates = []
        if not certificates:
            raise self._refused("cannot be used", "there is no certificate in the PEM file")
        try:
            key = load_pem_private_key(key_data, password)
        except TypeError:
            cause = (
                "its key is encrypted" if password is None else "a password is given, and its key is not encrypted"
            )
            raise self._refused("cannot be used", cause) from None
        except ValueError:
            raise self._refused(
                "cannot be used", "there is no readable private key, or its password is wrong"
            ) from None
        return self._checked(certificates, key)

    def _from_pkcs12(self, data: bytes, password: bytes | None) -> SigningCertificate:
        from cryptography.hazmat.primitives.serialization import pkcs12

        try:
            key, certificate, _chain = pkcs12.load_key_and_certificates(data, password)
        except ValueError:
            cause = "it is neither PEM nor a PKCS #12 file, or the password is wrong"
            raise self._refused("cannot be used", cause) from None
        if key is None or certificate is None:
            raise self._refused("cannot be used", "the PKCS #12 file lacks the certificate or its key")
        return self._checked([certificate], key)

    def _checked(self, certificates: list[Certificate], key: object) -> SigningCertificate:
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

        if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
            raise self._refused("cannot be used", "its key is neither RSA nor of an elliptic curve")
        # A PEM file may hold the chain as well, in any order: ours is the one the key belongs to.
        certificate = next((each for each in certificates if each.public_key() == key.public_key()), None)
        if certificate is None:
            raise self._refused("cannot be used", "the private key belongs to another certificate")
        return SigningCertificate(
            certificate,
            key,
            certificate.not_valid_before_utc.timestamp(),
            certificate.not_valid_after_utc.timestamp(),
        )

    def _refused(self, what: str, cause: str, remedy: str = "") -> ClientCredentialError:
        return ClientCredentialError(
            f"The gateway's certificate {what}: {self._settings.path}",
            cause=cause,
            remedy=remedy or "Check the files of the certificate: PEM with the key, or PKCS #12 with its password.",
            place=self._place,
        )


def signed_assertion(
    signing: SigningCertificate,
    *,
    client_id: str,
    audience: str,
    now: float,
    supported: tuple[str, ...] = (),
    entra: bool = False,
    place: str = "",
) -> str:
    """A fresh assertion (RFC 7523 section 3).

    :param audience: the token endpoint.
    :param supported: the provider's ``token_endpoint_auth_signing_alg_values_supported``; empty: it does not say.
    :param entra: whether the provider is Entra, which takes PS256 without saying so.
    :raises ClientCredentialError: the provider takes no algorithm that the key can sign with.
    """
    from joserfc import jws
    from joserfc.jwk import ECKey, RSAKey

    able = signing.algorithms()
    # A provider that says nothing has to take RS256 (OpenID Connect Discovery section 3); Entra takes PS256 as well.
    fitting = [name for name in able if name in supported] if supported else list(able if entra else able[::-1])
    if not fitting:
        raise ClientCredentialError(
            "The provider takes no signature that the gateway's certificate can make",
            cause=f"its key can sign with {', '.join(able) or 'nothing usable'}, the provider takes "
            f"{', '.join(supported) or 'other algorithms'}",
            remedy="Use a certificate with another kind of key.",
            place=place,
        )
    algorithm = fitting[0]
    header = {"alg": algorithm, "typ": "JWT", "x5t#S256": signing.thumbprint("sha256")}
    if entra:
        header["x5t"] = signing.thumbprint("sha1")
    issued_at = int(now)
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": secrets.token_urlsafe(24),
        "iat": issued_at,
        "nbf": issued_at - _BACKDATED,
        "exp": issued_at + _LIFETIME,
    }
    key_type = RSAKey if algorithm[:2] in {"RS", "PS"} else ECKey
    key = key_type.import_key(_pem(signing.key))
    return jws.serialize_compact(header, json.dumps(claims), key, algorithms=[algorithm])


def _pem(key: _PrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _version(path: Path) -> tuple[int, int, int] | None:
    """Changes whenever the file does, also where a mounted volume swaps a symbolic link."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size

"""Sealing: bytes become an opaque, authenticated text that only lampgate can open, and back.

AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D). The key is derived with HKDF-SHA256 (RFC 5869) from the
configured secret, one for each *kind* of content, so that a text sealed for one purpose cannot be opened for
another. Layout before base64url: version (1 byte), key id (4), nonce (12), ciphertext with tag.
"""

from __future__ import annotations

import binascii
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_KEY_ID_LENGTH = 4
_NONCE_LENGTH = 12
_HEADER_LENGTH = len(_VERSION) + _KEY_ID_LENGTH + _NONCE_LENGTH


def generate_secret() -> bytes:
    """A new random secret of 32 bytes."""
    return os.urandom(32)


class KeyRing:
    """The secrets of a deployment: the first one seals, every one opens.

    A new secret is put in front and the old one kept for a session's lifetime, so that a rotation signs nobody out.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets: tuple[bytes, ...] = ()
        self._sealing: dict[str, tuple[bytes, AESGCM]] = {}
        self._opening: dict[str, dict[bytes, AESGCM]] = {}
        self.replace(secrets)

    def __repr__(self) -> str:
        return f"KeyRing({len(self._secrets)} keys)"

    def replace(self, secrets: Sequence[bytes]) -> bool:
        """Go on with other secrets.

        :returns: whether one that was accepted until now no longer is.
        """
        if not secrets:
            raise ValueError("a key ring needs at least one secret")
        removed = not set(self._secrets) <= set(secrets)
        self._secrets = tuple(secrets)
        self._sealing, self._opening = {}, {}
        return removed

    def seal(self, kind: str, plaintext: bytes) -> str:
        """Seal ``plaintext`` for the purpose ``kind``. The text is base64url without padding."""
        if kind not in self._sealing:
            self._derive(kind)
        key_id, key = self._sealing[kind]
        header = _VERSION + key_id
        nonce = os.urandom(_NONCE_LENGTH)
        sealed = header + nonce + key.encrypt(nonce, plaintext, header + kind.encode())
        return urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    def open(self, kind: str, text: str) -> bytes | None:
        """Open what `seal` made for the same ``kind``. None for anything else, whatever is wrong with it."""
        if kind not in self._opening:
            self._derive(kind)
        try:
            sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            return None
        if len(sealed) <= _HEADER_LENGTH or sealed[:1] != _VERSION:
            return None
        header = sealed[: 1 + _KEY_ID_LENGTH]
        key = self._opening[kind].get(header[1:])
        if key is None:
            return None
        try:
            return key.decrypt(sealed[len(header) : _HEADER_LENGTH], sealed[_HEADER_LENGTH:], header + kind.encode())
        except InvalidTag:
            return None

    def marks(self, kind: str, value: str) -> tuple[str, ...]:
        """Names for ``value`` that only this deployment can work out, one by each secret, the newest first.

        HMAC-SHA256 (RFC 2104), in hexadecimal. For keys under which something is found again, where the value itself
        should not be readable.
        """
        return tuple(
            hmac.digest(_hkdf(secret, f"lampgate mark {kind}", 32), value.encode(), "sha256").hex()
            for secret in self._secrets
        )

    def _derive(self, kind: str) -> None:
        derived = {
            _hkdf(secret, f"lampgate key id {kind}", _KEY_ID_LENGTH): AESGCM(
                _hkdf(secret, f"lampgate seal {kind}", 32)
            )
            for secret in reversed(self._secrets)
        }
        self._opening[kind] = derived
        self._sealing[kind] = list(derived.items())[-1]


def _hkdf(secret: bytes, info: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info.encode()).derive(secret)

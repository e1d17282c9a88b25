"""The cookie secret: how oauth2-proxy turns its text into key bytes, and which ones everybody knows. Pure."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode

KEY_LENGTHS = (16, 24, 32)

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
#: Published in oauth2-proxy's own sample configurations and copied from there.
_PUBLISHED = frozenset({"OQINaROshtE9TcZkNAm-5Zs2Pv3xaWytBmc5W7sPX7w="})
_SEQUENCES = (
    "0123456789abcdef0123456789abcdef",
    "1234567890123456789012345678901234567890",
    "abcdefghijklmnopqrstuvwxyz",
)
_LONGEST_PATTERN = 4


def key_bytes(text: str) -> bytes | None:
    """The secret's bytes: its base64url decoding where that has a key's length, else the text itself where it has.

    None where neither has.
    """
    stripped = text.rstrip("=")
    if _BASE64URL.fullmatch(stripped) and len(stripped) % 4 != 1:
        decoded = urlsafe_b64decode(stripped + "=" * (-len(stripped) % 4))
        if len(decoded) in KEY_LENGTHS:
            return decoded
    raw = text.encode()
    return raw if len(raw) in KEY_LENGTHS else None


def secrets_of(text: str) -> list[bytes]:
    """The secrets of a file: one a line, the one that seals first. A file with one secret may hold it raw.

    :raises ValueError: with a sentence that shows none of them.
    """
    if len(text.rstrip("\r\n").encode()) in KEY_LENGTHS and key_bytes(text.rstrip("\r\n")) is not None:
        lines = [text.rstrip("\r\n")]
    else:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError("the file is empty")
    secrets = []
    for number, line in enumerate(lines, start=1):
        key = key_bytes(line)
        if key is None:
            raise ValueError(f"secret {number} is not of 16, 24 or 32 bytes, plain or as base64url")
        if is_public(line):
            raise ValueError(f"secret {number} is one that everybody knows or would guess")
        secrets.append(key)
    return secrets


def is_public(text: str) -> bool:
    """Whether the secret is published, or anybody would try it: one character or a short pattern, over and over."""
    if text in _PUBLISHED or any(text.lower() in sequence for sequence in _SEQUENCES if text):
        return True
    key = key_bytes(text)
    return _is_pattern(text.rstrip("=").encode()) or (key is not None and _is_pattern(key))


def _is_pattern(data: bytes) -> bool:
    return any(
        len(data) >= 2 * length and data == (data[:length] * (len(data) // length + 1))[: len(data)]
        for length in range(1, _LONGEST_PATTERN + 1)
    )

"""HTTP Basic authentication (RFC 7617): the name and password of an ``Authorization`` header. Pure."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode

_BASIC = re.compile(rb"[Bb][Aa][Ss][Ii][Cc] +([A-Za-z0-9+/]+={0,2})")
#: Tokens travel in the place of passwords, too.
_LONGEST = 48 * 1024
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def basic_credentials(authorization: bytes) -> tuple[str, str] | None:
    """Name and password; None where the header is of another kind, or malformed."""
    found = _BASIC.fullmatch(authorization) if len(authorization) <= _LONGEST else None
    if found is None:
        return None
    try:
        text = b64decode(found[1], validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    name, separator, password = text.partition(":")
    return (name, password) if separator and not _CONTROLS.search(text) else None

"""Files that hold a credential of ours: read at each use, since whoever mounts them also replaces them.

The content never shows in an error; the path, the reason and the age do.
"""

from __future__ import annotations

import time
from pathlib import Path

from lampgate.identity.errors import ClientCredentialError

#: A chain of certificates with its key takes 10 KB, a projected token 1.5 KB.
_LARGEST = 256 * 1024


def read_text(path: Path, what: str, place: str) -> str:
    """The text of a file, without the line break at its end.

    :param what: what the file holds, for errors: ``client secret``.
    :param place: where the file is configured.
    :raises ClientCredentialError: missing, unreadable, not text, or empty.
    """
    try:
        text = read_bytes(path, what, place).decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise _unreadable(path, what, "it is not text", place) from None
    if not text.strip():
        raise _empty(path, what, place)
    return text


def read_bytes(path: Path, what: str, place: str) -> bytes:
    """The bytes of a file.

    :raises ClientCredentialError: missing, unreadable or empty.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise _unreadable(path, what, error.strerror or type(error).__name__, place) from None
    if not data:
        raise _empty(path, what, place)
    if len(data) > _LARGEST:
        raise _unreadable(path, what, f"it is larger than {_LARGEST // 1024} KB", place)
    return data


def age(path: Path) -> str:
    """How long ago the file was written, in words; empty where nobody can tell."""
    try:
        return duration(time.time() - path.stat().st_mtime)
    except OSError:
        return ""


def duration(seconds: float) -> str:
    """A length of time for people: ``3 hours``."""
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than a minute"


def _unreadable(path: Path, what: str, cause: str, place: str) -> ClientCredentialError:
    return ClientCredentialError(
        f"The file with the gateway's {what} cannot be read: {path}",
        cause=cause,
        remedy="Check that the volume is mounted and that the process may read the file.",
        place=place,
    )


def _empty(path: Path, what: str, place: str) -> ClientCredentialError:
    return ClientCredentialError(
        f"The file with the gateway's {what} is empty: {path}",
        remedy="Check what the volume is filled from.",
        place=place,
    )

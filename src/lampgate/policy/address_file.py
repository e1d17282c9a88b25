"""The file of admitted addresses, read again when it changes.

One address a line, as in oauth2-proxy's ``authenticated-emails-file``: empty lines and lines that begin with ``#`` do
not count, and of a line with commas only the first field does. When the file cannot be read any more, what it last
said still holds, and the log says so once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_log = logging.getLogger("lampgate.policy")


@dataclass(slots=True)
class _AddressFile:
    path: Path
    version: tuple[int, int, int] | None = None
    addresses: frozenset[str] | None = None
    is_missing: bool = False

    def current(self) -> frozenset[str] | None:
        try:
            found = self.path.stat()
            # A mounted volume changes by swapping a symbolic link, so that another file is found.
            version = (found.st_ino, found.st_mtime_ns, found.st_size)
            if version != self.version or self.is_missing:
                self.addresses = read(self.path.read_text("utf-8"))
                self.version = version
                self.is_missing = False
        except (OSError, UnicodeDecodeError) as error:
            if not self.is_missing:
                reason = error.strerror if isinstance(error, OSError) else "it is not text"
                kept = "; what it said before still holds" if self.addresses is not None else ""
                _log.error("the file of admitted addresses cannot be read: %s: %s%s", self.path, reason, kept)
            self.is_missing = True
        return self.addresses


def addresses(path: Path) -> frozenset[str] | None:
    """The admitted addresses, in lower case; None where the file could never be read."""
    return _file(path).current()


def read(text: str) -> frozenset[str]:
    """The addresses in the text of such a file."""
    lines = (line.strip() for line in text.lstrip("\ufeff").splitlines())
    fields = (line.partition(",")[0].strip().strip('"') for line in lines if line and not line.startswith("#"))
    return frozenset(field.casefold() for field in fields if field)


@cache
def _file(path: Path) -> _AddressFile:
    return _AddressFile(path)

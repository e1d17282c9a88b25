"""Reads files, the only place of this package that does. Bounded: a configuration is a small regular file."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from lampgate.config.errors import UnreadableConfigError
from lampgate.config.findings import Findings
from lampgate.config.settings import Place

#: What a ConfigMap or Secret can hold at most.
MAX_SIZE = 1 << 20


def read_bytes(path: Path) -> bytes:
    """The content of a regular file.

    :raises OSError: it cannot be read, is no regular file, or is too large; its ``strerror`` says which.
    """
    try:
        # Opening a pipe would wait for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except ValueError:
        raise OSError(errno.EINVAL, "its name holds a null character") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(MAX_SIZE + 1)
    if len(content) > MAX_SIZE:
        raise OSError(errno.EFBIG, "it is larger than 1 MiB")
    return content


def read_text(path: Path) -> str:
    """The content of a text file.

    :raises OSError: as `read_bytes`, and where it is not UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OSError(errno.EILSEQ, "it is not UTF-8 text") from None


def read_configuration(path: Path, findings: Findings) -> str | None:
    """The text of a configuration file. None, with the error found, where it cannot be read."""
    try:
        return read_text(path)
    except OSError as error:
        findings.error(
            UnreadableConfigError,
            "The configuration file cannot be read",
            place=Place(str(path), 0, ""),
            cause=error.strerror or "",
            remedy="Check the path, and that this process may read the file",
        )
        return None

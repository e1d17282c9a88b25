"""Opens files of a directory, and nothing outside of it. May block: to be called in a thread.

Symbolic links are followed as long as they stay inside (a ConfigMap's files are links into ``..data``). The place
they lead to is then opened link by link without following any, so that nobody can swap one in between.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

_INDEX = "index.html"
#: The one name with a dot in front that is meant to be seen (RFC 8615).
_WELL_KNOWN = ".well-known"
#: The asker's doing, or the file system's way to say that there is nothing.
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL)


class OpenFile:
    """A regular file that is open for reading.

    It is closed when nobody holds it any more, so a read that is still under way in a thread keeps it open.
    """

    __slots__ = ("_descriptor", "modified_ns", "name", "size")

    def __init__(self, descriptor: int, name: str, status: os.stat_result) -> None:
        self._descriptor = descriptor
        self.name = name
        self.size = status.st_size
        self.modified_ns = status.st_mtime_ns

    def read(self, start: int, length: int) -> bytes:
        """Bytes from ``start`` on: ``length`` of them, or fewer."""
        return os.pread(self._descriptor, length, start)

    def __del__(self) -> None:
        """Close it."""
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class NoFile:
    """There is nothing to read at that path.

    :ivar is_directory: but there would be with a slash at the end.
    """

    is_directory: bool = False


def open_below(root: Path, path: str) -> OpenFile | NoFile:
    """Open a file.

    :param path: relative and canonical: no dot segments. Where it ends in a slash, or is empty and the root is a
        directory, the directory's ``index.html``.
    :raises OSError: there may be something, but it cannot be opened.
    """
    segments = path.split("/")
    if any(segment.startswith(".") and segment != _WELL_KNOWN for segment in segments):
        return NoFile()
    try:
        real_root = Path(os.path.realpath(root, strict=True))
        if not segments[-1] and real_root.is_dir():
            segments[-1] = _INDEX
        real = Path(os.path.realpath(real_root.joinpath(*segments), strict=True))
        if not real.is_relative_to(real_root):
            return NoFile()
        return _open_exactly(real_root, real, segments[-1] or real.name)
    except OSError as error:
        if error.errno in _NOT_THERE:
            return NoFile()
        raise


def _open_exactly(root: Path, real: Path, name: str) -> OpenFile | NoFile:
    """Open a path that holds no links."""
    *folders, last = (root, *real.relative_to(root).parts)
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    with contextlib.ExitStack() as opened:
        descriptor: int | None = None
        for folder in folders:
            descriptor = os.open(folder, flags | os.O_DIRECTORY, dir_fd=descriptor)
            opened.callback(os.close, descriptor)
        # A named pipe would block until somebody writes to it.
        file = os.open(last, flags | os.O_NONBLOCK, dir_fd=descriptor)
    status = os.fstat(file)
    if stat.S_ISREG(status.st_mode):
        return OpenFile(file, name, status)
    os.close(file)
    return NoFile(is_directory=stat.S_ISDIR(status.st_mode))

"""Follows a file of secrets: what it says now counts, without a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

_log = logging.getLogger("lampgate.gateway")

#: Seconds between two looks at the file. The kubelet takes a minute to bring a changed Secret to a pod.
_INTERVAL = 5.0


class FollowedFile:
    """A file that is read again when it changes.

    :param what: the file holds, in words that follow “the”.
    :param take: goes on with the file's text; raises ``ValueError`` with a sentence where it cannot be used, and then
        what was taken before still holds.
    """

    def __init__(self, path: Path, what: str, take: Callable[[str], object]) -> None:
        self._path = path
        self._what = what
        self._take = take
        self._seen = self._stamp()
        self._said = ""

    async def run(self) -> None:
        """Follow the file until cancelled."""
        while True:
            await asyncio.sleep(_INTERVAL)
            self.check()

    def check(self) -> None:
        """Look once. The file is a few lines on a local volume, so it is read at once."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        try:
            self._take(self._path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            # UnicodeDecodeError is a ValueError, and would show the bytes.
            sentence = _sentence(error)
            if sentence != self._said:
                self._said = sentence
                _log.error("the %s in %s cannot be used, the old ones stay: %s", self._what, self._path, sentence)
            return
        self._seen, self._said = stamp, ""
        _log.info("%s read anew from %s", self._what, self._path)

    def _stamp(self) -> tuple[int, int, int]:
        try:
            status = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (status.st_mtime_ns, status.st_ino, status.st_size)


def _sentence(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return error.strerror or ""
    return "it is not text" if isinstance(error, UnicodeDecodeError) else str(error)

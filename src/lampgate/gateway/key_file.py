"""Rotates the keys that seal cookies when the file they come from changes.

The file holds one secret a line: the first seals, every one opens. To rotate without signing anyone out, put a new
line in front, and take the old one away when the sessions it sealed have ended. What is no longer in the file opens
nothing from then on; that is how all sessions are ended at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from lampgate.session.seal import KeyRing

_log = logging.getLogger("lampgate.session")

#: Seconds between two looks at the file. The kubelet takes a minute to bring a changed Secret to a pod.
_INTERVAL = 5.0


class KeyFile:
    """Follows the file of a key ring.

    :param parse: the secrets of the file's text; raises ``ValueError`` with a sentence where it holds none or a bad
        one.
    :param on_removal: called when a secret is no longer accepted, so that what was verified with it is forgotten.
    """

    def __init__(
        self,
        path: Path,
        keys: KeyRing,
        parse: Callable[[str], Sequence[bytes]],
        on_removal: Callable[[], None],
    ) -> None:
        self._path = path
        self._keys = keys
        self._parse = parse
        self._on_removal = on_removal
        self._seen = self._stamp()
        self._said = ""

    async def run(self) -> None:
        """Follow the file until cancelled. A file that cannot be used leaves the keys as they are."""
        while True:
            await asyncio.sleep(_INTERVAL)
            self.check()

    def check(self) -> None:
        """Look once. The file is a few lines on a local volume, so it is read at once."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        try:
            secrets = self._parse(self._path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            sentence = (error.strerror or "") if isinstance(error, OSError) else str(error)
            if sentence != self._said:
                self._said = sentence
                _log.error("the cookie secrets in %s cannot be used, the old ones stay: %s", self._path, sentence)
            return
        self._seen, self._said = stamp, ""
        removed = self._keys.replace(secrets)
        _log.info("cookie secrets read anew from %s: %d accepted", self._path, len(secrets))
        if removed:
            self._on_removal()

    def _stamp(self) -> tuple[int, int, int]:
        try:
            status = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (status.st_mtime_ns, status.st_ino, status.st_size)

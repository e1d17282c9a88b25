"""The access log: one JSON line for each answer, written off the data path.

A line holds the path and never the query: sign-in callbacks, exec commands and tokens stand there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Protocol

#: Lines wait this long at most, in seconds, so that a burst is one write.
_DELAY = 0.2
_MOST_WAITING = 500


class LoggedRequest(Protocol):
    """What layouts that say more than lampgate's own take from a request's head."""

    version: str
    host: bytes

    def first(self, folded: bytes) -> bytes:
        """The value of the first header of that (folded) name; empty without one."""
        ...


class AccessLog:
    """Collects lines and writes many at once.

    :param write: takes the bytes of whole lines.
    :param schedule: calls a function after a number of seconds (an event loop's ``call_later``).
    :param silent_paths: canonical paths that are not logged (health checks).
    """

    def __init__(
        self,
        write: Callable[[bytes], object],
        schedule: Callable[[float, Callable[[], None]], object],
        *,
        enabled: bool = True,
        silent_paths: frozenset[str] = frozenset(),
    ) -> None:
        self._write = write
        self._schedule = schedule
        self.enabled = enabled
        self.silent_paths = silent_paths
        self._lines: list[str] = []
        self._second = 0
        self._timestamp = ""

    def record(
        self,
        *,
        status: int,
        method: str,
        path: str,
        user: str,
        client: str,
        sent: int,
        seconds: float,
        request: LoggedRequest | None = None,  # noqa: ARG002 - for other layouts
    ) -> None:
        """Note one answer.

        :param status: 499 where the client went away before it was complete.
        :param user: as a JSON string (see `quoted`): it is the same for a whole session.
        :param sent: body bytes.
        :param request: its head, where it was one.
        """
        if not self.enabled or path in self.silent_paths:
            return
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._timestamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        self.append(
            f'{{"time":"{self._timestamp}.{int(now % 1 * 1000):03d}Z","status":{status},"method":"{method}",'
            f'"path":{quoted(path)},"user":{user},"client":"{client}","bytes":{sent},'
            f'"ms":{seconds * 1000:.1f}}}\n'
        )

    def append(self, line: str) -> None:
        """Take a whole line, to be written soon."""
        self._lines.append(line)
        if len(self._lines) == 1:
            self._schedule(_DELAY, self.flush)
        elif len(self._lines) >= _MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._write("".join(lines).encode())


def quoted(text: str) -> str:
    """``text`` as a JSON string."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return json.dumps(text)

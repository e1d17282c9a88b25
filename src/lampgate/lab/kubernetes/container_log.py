"""What containers print: the lines of the running and of the previous instance, bounded, and following them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

_LINES_KEPT: Final = 2000


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line and when it was printed (seconds since the epoch)."""

    time: float
    text: str


class ContainerLog:
    """The output of one container instance, from its start to its end."""

    def __init__(self) -> None:
        self._lines: deque[LogLine] = deque(maxlen=_LINES_KEPT)
        self._appended = 0
        self._ended = False
        self._news = asyncio.Event()

    def append(self, line: LogLine) -> None:
        """Print a line."""
        self._lines.append(line)
        self._appended += 1
        self._wake()

    def end(self) -> None:
        """The container is gone; followers end."""
        self._ended = True
        self._wake()

    def lines(self) -> list[LogLine]:
        """What has been printed so far, as far as it is kept."""
        return list(self._lines)

    @property
    def position(self) -> int:
        """The present end, to follow from."""
        return self._appended

    async def follow(self, position: int) -> AsyncIterator[LogLine]:
        """What is printed after a position, until the container ends. A reader that is too slow misses lines."""
        while True:
            oldest = self._appended - len(self._lines)
            position = max(position, oldest)
            if position < self._appended:
                line = self._lines[position - oldest]
                position += 1
                yield line
            elif self._ended:
                return
            else:
                await self._news.wait()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Logs:
    """The logs of all containers of the cluster."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str, str], ContainerLog] = {}
        self._previous: dict[tuple[str, str, str], ContainerLog] = {}

    def running(self, namespace: str, pod: str, container: str) -> ContainerLog:
        """The log of the running instance; empty if nothing was printed yet."""
        return self._running.setdefault((namespace, pod, container), ContainerLog())

    def previous(self, namespace: str, pod: str, container: str) -> ContainerLog | None:
        """The log of the instance before; None if the container was never restarted."""
        return self._previous.get((namespace, pod, container))

    def restart(self, namespace: str, pod: str, container: str) -> None:
        """The running instance ends and becomes the previous one."""
        ended = self._running.pop((namespace, pod, container), ContainerLog())
        ended.end()
        self._previous[namespace, pod, container] = ended

    def forget(self, namespace: str, pod: str) -> None:
        """The pod is gone, its logs with it."""
        for key in [key for key in self._running if key[:2] == (namespace, pod)]:
            self._running.pop(key).end()
        for key in [key for key in self._previous if key[:2] == (namespace, pod)]:
            del self._previous[key]

    def close(self) -> None:
        """End every follower: the cluster shuts down."""
        for log in self._running.values():
            log.end()

"""`python -m bench.loads.open_loop PORT PATH RATE SECONDS`: requests at a fixed rate, whatever the answers do.

The cookie comes on standard input. A request's time runs from the moment it was due, not from when it could be sent,
so that a gateway that stalls cannot hide it (coordinated omission). Prints JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections import deque
from typing import cast

import uvloop

#: Connections; a request that is due takes a free one, or waits for one.
_CONNECTIONS = 64


class _Connection(asyncio.Protocol):
    """One request at a time; answers have a length."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._due = 0.0
        self._left = -1
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def send(self, due: float) -> None:
        self._due = due
        self._left = -1
        self._head = b""
        self.transport.write(self._load.request)

    def data_received(self, data: bytes) -> None:
        if self._left < 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._head[:end].lower()
            if not head.startswith(b"http/1.1 200"):
                self._load.failed += 1
            at = head.index(b"content-length:") + 15
            length = int(head[at : head.find(b"\r\n", at) if b"\r\n" in head[at:] else None])
            self._left = length - (len(self._head) - end - 4)
        else:
            self._left -= len(data)
        if self._left == 0:
            self._load.done(self, self._due)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._load.failed += not self._load.over


class Load:
    """Sends what is due and notes how long it took."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.failed = 0
        self.over = False
        self.seconds: list[float] = []
        self._free: list[_Connection] = []
        self._waiting: deque[float] = deque()
        self._loop = asyncio.get_running_loop()
        self._expected = 0
        self._complete = asyncio.Event()

    async def connect(self, port: int) -> None:
        for _ in range(_CONNECTIONS):
            _, connection = await self._loop.create_connection(lambda: _Connection(self), "127.0.0.1", port)
            self._free.append(connection)

    def due(self, at: float) -> None:
        if self._free:
            self._free.pop().send(at)
        else:
            self._waiting.append(at)

    def done(self, connection: _Connection, due: float) -> None:
        self.seconds.append(self._loop.time() - due)
        if len(self.seconds) == self._expected:
            self._complete.set()
        if self._waiting:
            connection.send(self._waiting.popleft())
        else:
            self._free.append(connection)

    async def run(self, rate: float, seconds: float) -> None:
        begin = self._loop.time()
        count = int(rate * seconds)
        sent = 0
        while sent < count:
            now = self._loop.time() - begin
            while sent < count and sent / rate <= now:
                self.due(begin + sent / rate)
                sent += 1
            # As often as the loop turns: the timer of a sleep is too coarse for 10,000 a second.
            await asyncio.sleep(0)
        self._expected = count
        if len(self.seconds) < count:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._complete.wait(), 5)
        self.failed += count - len(self.seconds)
        self.over = True


async def main(port: int, path: str, rate: float, seconds: float) -> None:
    """Run the load, print what came of it."""
    cookie = sys.stdin.read().strip()
    line = f"Cookie: {cookie}\r\n" if cookie else ""
    load = Load(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{line}\r\n".encode())
    await load.connect(port)
    await load.run(rate, seconds)
    found = sorted(load.seconds)
    json.dump(
        {"count": len(found), "failed": load.failed, "p50": found[len(found) // 2], "p99": found[-len(found) // 100]},
        sys.stdout,
    )


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))

"""Clients of a deployment: bytes over sockets, so that hundreds at a time cost the test little."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_COOKIE = re.compile(rb"set-cookie: ([^=;]+)=([^;]*)", re.IGNORECASE)


@dataclass(slots=True)
class Answer:
    """What a request came to. ``status`` 0: the connection could not be made, or broke."""

    status: int
    seconds: float
    cookies: dict[str, str] = field(default_factory=dict)


async def request(port: int, cookie: str, *, path: str = "/") -> Answer:
    """One request on a connection of its own."""
    begun = time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return Answer(0, time.perf_counter() - begun)
    try:
        return await exchange(reader, writer, cookie, path=path)
    finally:
        writer.close()


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cookie: str, *, path: str = "/"
) -> Answer:
    """One request on an open connection."""
    begun = time.perf_counter()
    fields = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
    try:
        writer.write(f"{fields}{f'Cookie: {cookie}' + chr(13) + chr(10) if cookie else ''}\r\n".encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        length = _LENGTH.search(head)
        await reader.readexactly(int(length[1]) if length else 0)
    except (OSError, asyncio.IncompleteReadError, TimeoutError):
        return Answer(0, time.perf_counter() - begun)
    cookies = {name.decode(): value.decode() for name, value in _COOKIE.findall(head)}
    return Answer(int(head[9:12]), time.perf_counter() - begun, cookies)


async def burst(ports: Sequence[int], cookie: str, count: int, at: float) -> list[Answer]:
    """So many requests at the moment ``at`` (seconds since the epoch), on connections that are open by then."""
    connections = await asyncio.gather(
        *(asyncio.open_connection("127.0.0.1", ports[number % len(ports)]) for number in range(count))
    )
    await asyncio.sleep(max(at - time.time(), 0))
    try:
        return list(await asyncio.gather(*(exchange(reader, writer, cookie) for reader, writer in connections)))
    finally:
        for _, writer in connections:
            writer.close()


class Person:
    """Somebody who goes on clicking, as a browser behind a load balancer: cookies are kept, a replica that cannot be
    reached is left for the next one.

    :ivar broken: requests whose connection broke; a browser shows nothing of it, since it sends them again.
    :ivar failed: answers that were neither 200 nor a 503 that asks to come back, by status.
    """

    def __init__(self, cookie: str, ports: list[int]) -> None:
        self.cookies = dict(part.split("=", 1) for part in cookie.split("; "))
        self.ports = ports
        self.answered = 0
        self.waits = 0
        self.broken = 0
        self.failed: list[int] = []
        self._turn = 0

    async def click(self) -> int:
        """One request, sent again where the connection breaks. The status it came to."""
        for _ in range(50):
            self._turn += 1
            answer = await request(
                self.ports[self._turn % len(self.ports)], "; ".join(f"{k}={v}" for k, v in self.cookies.items())
            )
            self.cookies |= answer.cookies
            if answer.status == 0:
                self.broken += 1
                await asyncio.sleep(0.02)
            elif answer.status == 503:
                self.waits += 1
                return 503
            else:
                self.answered += answer.status == 200
                if answer.status != 200:
                    self.failed.append(answer.status)
                return answer.status
        return 0

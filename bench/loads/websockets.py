"""WebSockets as load.

`python -m bench.loads.websockets upgrades PORT SECONDS`: opens and closes them, 16 at a time, each on a connection of
its own; prints how many as JSON. `… idle PORT COUNT`: opens so many and keeps them until standard input ends.

The first line of standard input is the cookie.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop

_AT_A_TIME = 16
_CLOSE = b"\x88\x82\x00\x00\x00\x00\x03\xe8"


def _request(port: int, cookie: str) -> bytes:
    line = f"Cookie: {cookie}\r\n" if cookie else ""
    return (
        f"GET /ws HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\n{line}"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


async def _open(port: int, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101"):
        raise SystemExit(f"no WebSocket: {head[:300]!r}")
    return reader, writer


async def upgrades(port: int, seconds: float, request: bytes) -> None:
    """Open and close."""
    until = time.monotonic() + seconds
    count = 0

    async def one_after_the_other() -> None:
        nonlocal count
        while time.monotonic() < until:
            reader, writer = await _open(port, request)
            writer.write(_CLOSE)
            await reader.read()
            writer.close()
            count += 1

    await asyncio.gather(*(one_after_the_other() for _ in range(_AT_A_TIME)))
    json.dump({"count": count}, sys.stdout)


async def idle(port: int, count: int, request: bytes) -> None:
    """Open and keep."""
    kept = []
    for begin in range(0, count, 50):
        kept += await asyncio.gather(*(_open(port, request) for _ in range(min(50, count - begin))))
    sys.stdout.write("open\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for _, writer in kept:
        writer.close()


if __name__ == "__main__":
    kind, port, amount = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    handshake = _request(port, sys.stdin.readline().strip())
    uvloop.run(upgrades(port, amount, handshake) if kind == "upgrades" else idle(port, int(amount), handshake))

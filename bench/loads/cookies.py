"""`python -m bench.loads.cookies PORT PATH`: one request for each line of standard input, which is its cookie.

Eight connections, which take turns; prints how many were answered with 200, as JSON.
"""

from __future__ import annotations

import json
import re
import socket
import sys
from contextlib import ExitStack
from typing import BinaryIO, cast

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CONNECTIONS = 8


def main(port: int, path: str) -> None:
    """Send them all."""
    good = 0
    with ExitStack() as stack:
        connections = []
        for _ in range(_CONNECTIONS):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connections.append((connection, cast("BinaryIO", stack.enter_context(connection.makefile("rb")))))
        cookies = [line.strip() for line in sys.stdin]
        for start in range(0, len(cookies), _CONNECTIONS):
            batch = list(zip(connections, cookies[start : start + _CONNECTIONS], strict=False))
            for (connection, _), cookie in batch:
                fields = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: {cookie}\r\n\r\n"
                connection.sendall(fields.encode())
            good += sum(_answer(answers) for (_, answers), _ in batch)
    json.dump({"count": good}, sys.stdout)


def _answer(answers: BinaryIO) -> bool:
    status = answers.readline()
    length = 0
    while (field := answers.readline()) not in (b"\r\n", b""):
        if found := _LENGTH.match(field):
            length = int(found[1])
    answers.read(length)
    return status.startswith(b"HTTP/1.1 200")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

"""`python -m bench.loads.cookies PORT PATH`: one request for each line of standard input, which is its cookie.

One after the other on one connection; prints how many were answered with 200, as JSON.
"""

from __future__ import annotations

import json
import re
import socket
import sys

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def main(port: int, path: str) -> None:
    """Send them all."""
    good = 0
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for line in sys.stdin:
            fields = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: {line.strip()}\r\n\r\n"
            connection.sendall(fields.encode())
            status = answers.readline()
            length = 0
            while (field := answers.readline()) != b"\r\n":
                if found := _LENGTH.match(field):
                    length = int(found[1])
            answers.read(length)
            good += status.startswith(b"HTTP/1.1 200")
    json.dump({"count": good}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

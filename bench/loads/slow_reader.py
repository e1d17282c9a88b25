"""`python -m bench.loads.slow_reader PORT BYTES_PER_SECOND`: reads ``/stream`` no faster than that.

The cookie comes on standard input. Prints how much it got, as JSON.
"""

from __future__ import annotations

import json
import socket
import sys
import time


def main(port: int, rate: int) -> None:
    """Read it all."""
    cookie = sys.stdin.read().strip()
    line = f"Cookie: {cookie}\r\n" if cookie else ""
    got = 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        fields = f"GET /stream HTTP/1.1\r\nHost: localhost:{port}\r\n{line}Connection: close\r\n\r\n"
        connection.sendall(fields.encode())
        begun = time.monotonic()
        while data := connection.recv(16384):
            got += len(data)
            time.sleep(max(begun + got / rate - time.monotonic(), 0))
    json.dump({"bytes": got}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

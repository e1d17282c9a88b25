"""Ports on loopback: the usual ones where they are free, others where they are taken."""

from __future__ import annotations

import socket

HOST = "127.0.0.1"


def listening_socket(preferred: int) -> socket.socket:
    """A socket bound to ``preferred`` on loopback, or to a free port where that is taken."""
    for port in (preferred, 0):
        # With the protocol named, asyncio switches Nagle's algorithm off: else each answer takes 40 ms longer.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            listener.close()
            if port == 0:
                raise
        else:
            return listener
    raise AssertionError("unreachable")


def free_port(preferred: int) -> int:
    """A port a child process can listen on: ``preferred``, or a free one where that is taken."""
    with listening_socket(preferred) as listener:
        port: int = listener.getsockname()[1]
        return port

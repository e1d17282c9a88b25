"""One of several workers, as the supervisor starts it: ``python -m lampgate.cli.worker``.

Its orders come over a socket pair that is its standard input. When that breaks, the supervisor is gone, and
so are we.
"""

from __future__ import annotations

import asyncio
import base64
import os
import select
import socket
import sys

from pydantic import SecretBytes

from lampgate.cli.loops import loop_factory
from lampgate.cli.running import Configuration, run_worker
from lampgate.cli.supervisor import ORDERS, STARTED, Order
from lampgate.errors import LampgateError
from lampgate.gateway.listeners import OpenListener
from lampgate.observe.logs import configure_logging


async def _serve(order: Order, channel: socket.socket) -> None:
    secret = order.cookie_secret
    configuration = Configuration(
        files=order.files,
        overrides=order.overrides,
        cookie_secret=SecretBytes(base64.b64decode(secret)) if secret is not None else None,
        worker=order.number,
    )
    stop = asyncio.Event()
    # Nothing more is ever sent: it becomes readable when the other side is gone.
    asyncio.get_running_loop().add_reader(channel, stop.set)
    await run_worker(
        configuration,
        configuration.load(),
        [OpenListener(socket.socket(fileno=number), settings) for number, settings in order.listeners],
        stop=stop,
        started=lambda: channel.sendall(STARTED),
        write_log=_write_whole_lines,
    )
    asyncio.get_running_loop().remove_reader(channel)


def _receive(channel: socket.socket) -> Order:
    received = b""
    while not received.endswith(b"\n"):
        data = channel.recv(65536)
        if not data:
            sys.exit(1)
        received += data
    return ORDERS.validate_json(received)


def _write_whole_lines(data: bytes) -> None:
    """Standard output is shared with the other workers: what is written at once and fits a pipe is not torn apart."""
    while data:
        end = data.rfind(b"\n", 0, select.PIPE_BUF) + 1 or data.index(b"\n") + 1
        piece, data = data[:end], data[end:]
        while piece:
            piece = piece[os.write(1, piece) :]


def main() -> None:
    """The process."""
    configure_logging()
    channel = socket.socket(fileno=os.dup(0))
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_serve(_receive(channel), channel))
    except LampgateError as error:
        sys.stderr.write(f"lampgate: {error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()

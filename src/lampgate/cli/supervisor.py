"""``lampgate serve --workers N``: a process that serves nothing itself and keeps N workers running.

The sockets are bound once, here, and every worker accepts from them. With SO_REUSEPORT each worker would have a queue
of its own, and the connections in the queue of one that dies would be lost with it; local sockets and those that
systemd passes could not be shared that way at all.

Workers are started anew, not forked: nothing of this process (its threads, its event loop) comes along but the
sockets and one channel, a socket pair on the worker's standard input. Its orders, the cookie secret among them, come
over that, so neither arguments nor environment hold a secret; and as it breaks when either side dies, no worker
outlives us.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from lampgate.cli.running import Configuration
from lampgate.config.load import Overrides
from lampgate.config.settings import Listener, LoadedSettings
from lampgate.errors import LampgateError
from lampgate.gateway.listeners import OpenListener
from lampgate.session.seal import generate_secret

_logger = logging.getLogger("lampgate")

#: What a worker says over the channel once it accepts connections.
STARTED = b"started\n"


class WorkersError(LampgateError):
    """Not one worker could start."""

    code = "serve.workers"


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is told before anything else.

    :ivar listeners: descriptors of bound sockets, with their settings.
    :ivar cookie_secret: in base64; None where the configuration has one.
    """

    number: int
    files: tuple[Path, ...]
    overrides: Overrides
    listeners: tuple[tuple[int, Listener], ...]
    cookie_secret: str | None = field(default=None, repr=False)


ORDERS = TypeAdapter(Order)


class BackOff:
    """How long to wait before a worker is started again. Seconds."""

    def __init__(self, *, first: float = 0.5, longest: float = 30.0, good_after: float = 60.0) -> None:
        self._first = first
        self._longest = longest
        self._good_after = good_after
        self._next = first

    def after(self, lived: float) -> float:
        """The pause after a worker that lived so long; it doubles until one lives for a minute."""
        if lived >= self._good_after:
            self._next = self._first
        pause, self._next = self._next, min(self._next * 2, self._longest)
        return pause


class _Child:
    """One worker's process."""

    def __init__(self, process: asyncio.subprocess.Process, channel: socket.socket) -> None:
        self.process = process
        self.has_started = False
        self.reload_when_started = False
        self._channel = channel

    async def wait_until_started(self) -> None:
        """Return when it accepts connections, or will never do so."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            self.has_started = (await loop.sock_recv(self._channel, len(STARTED))) == STARTED
        if self.has_started and self.reload_when_started:
            self.signal(signal.SIGHUP)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it is still there."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def close(self) -> None:
        """Its process has ended."""
        self._channel.close()


class Supervisor:
    """Keeps the workers running until it is told to stop.

    :raises WorkersError: from `run`, where not one of them could start.
    """

    def __init__(
        self, configuration: Configuration, loaded: LoadedSettings, listeners: Sequence[OpenListener]
    ) -> None:
        self._configuration = configuration
        self._count = loaded.settings.workers
        self._listeners = listeners
        has_secret = loaded.settings.session.cookie.secret is not None
        self._cookie_secret = None if has_secret else base64.b64encode(generate_secret()).decode("ascii")
        self._children: dict[int, _Child] = {}
        self._stopping = asyncio.Event()
        self._has_any_started = False
        self._have_failed: set[int] = set()

    async def run(self) -> None:
        """Return when all workers have ended because they were told to."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ask_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self._ask_to_reload)
        await asyncio.gather(*(self._keep(number) for number in range(self._count)))
        if len(self._have_failed) == self._count:
            raise WorkersError(
                "Not one worker could start",
                cause="Each of them has said why, above",
                remedy="Correct the configuration",
            )

    async def _keep(self, number: int) -> None:
        """One worker, and the next one in its place."""
        loop = asyncio.get_running_loop()
        back_off = BackOff()
        while not self._stopping.is_set():
            began = loop.time()
            child = await self._start(number)
            starting = asyncio.create_task(self._watch_start(number, child))
            code = await child.process.wait()
            await starting
            child.close()
            if self._stopping.is_set():
                return
            if not child.has_started and not self._has_any_started:
                self._have_failed.add(number)
                if len(self._have_failed) == self._count:
                    self._stopping.set()
                    return
            pause = back_off.after(loop.time() - began)
            _logger.error(
                "Worker %d (process %d) has ended %s; it is started again in %g s",
                number + 1,
                child.process.pid,
                f"with code {code}" if code >= 0 else f"by {signal.Signals(-code).name}",
                pause,
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _watch_start(self, number: int, child: _Child) -> None:
        await child.wait_until_started()
        if child.has_started:
            self._has_any_started = True
            self._have_failed.clear()
            _logger.info("Worker %d serves as process %d", number + 1, child.process.pid)

    async def _start(self, number: int) -> _Child:
        ours, theirs = socket.socketpair()
        descriptors = [listener.socket.fileno() for listener in self._listeners]
        order = Order(
            number=number,
            files=self._configuration.files,
            overrides=self._configuration.overrides,
            listeners=tuple(
                (descriptor, listener.settings)
                for descriptor, listener in zip(descriptors, self._listeners, strict=True)
            ),
            cookie_secret=self._cookie_secret,
        )
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "lampgate.cli.worker"),
                stdin=theirs.fileno(),
                pass_fds=descriptors,
                # Ctrl-C reaches us alone; we tell the workers.
                start_new_session=True,
            )
        ours.sendall(ORDERS.dump_json(order) + b"\n")
        ours.setblocking(False)
        child = _Child(process, ours)
        self._children[number] = child
        if self._stopping.is_set():
            child.signal(signal.SIGTERM)
        return child

    def _ask_to_stop(self) -> None:
        if self._stopping.is_set():
            for child in self._children.values():
                child.signal(signal.SIGKILL)
            os._exit(1)
        _logger.info("Stopping: requests in flight are finished first; a second signal ends at once")
        self._stopping.set()
        for child in self._children.values():
            child.signal(signal.SIGTERM)
        for listener in self._listeners:
            # The workers' own copies keep the addresses open for as long as they accept.
            listener.socket.close()

    def _ask_to_reload(self) -> None:
        for child in self._children.values():
            if child.has_started:
                child.signal(signal.SIGHUP)
            else:
                # It has no ear for it yet, and may have read the files already.
                child.reload_when_started = True


async def supervise(configuration: Configuration, loaded: LoadedSettings, listeners: Sequence[OpenListener]) -> None:
    """Run several workers until SIGTERM or SIGINT.

    :raises WorkersError: not one of them could start.
    """
    await Supervisor(configuration, loaded, listeners).run()

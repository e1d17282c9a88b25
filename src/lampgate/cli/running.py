"""One worker as a process: its configuration, its signals, its start and its end.

`lampgate serve` with one worker is this and nothing else; with several, each of the supervisor's children is.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import SecretBytes

from lampgate.assembly import Worker
from lampgate.config.errors import InvalidConfigurationError
from lampgate.config.load import Overrides, load_settings
from lampgate.config.oauth2_proxy.command_line import read_command_line
from lampgate.config.settings import LoadedSettings
from lampgate.errors import LampgateError
from lampgate.gateway.listeners import OpenListener

_logger = logging.getLogger("lampgate")


@dataclass(frozen=True, slots=True)
class Configuration:
    """Where the settings come from, at the start and when they are read again.

    :ivar words: oauth2-proxy's own command line, in the place of files.
    :ivar cookie_secret: for sessions' cookies where none is configured, the same for all of a supervisor's workers.
    :ivar worker: which of a supervisor's workers this is, from 0; each serves its metrics on a port of its own, the
        next one up.
    """

    files: tuple[Path, ...]
    overrides: Overrides
    cookie_secret: SecretBytes | None = None
    worker: int | None = None
    words: tuple[str, ...] | None = field(default=None, repr=False)

    def load(self) -> LoadedSettings:
        """Read the settings.

        :raises LampgateError: something is wrong with them.
        """
        loaded = self._read()
        settings = loaded.settings
        session, metrics = settings.session, settings.metrics
        if self.cookie_secret is not None and session.cookie.secret is None:
            cookie = session.cookie.model_copy(update={"secret": self.cookie_secret})
            settings = settings.model_copy(update={"session": session.model_copy(update={"cookie": cookie})})
        if self.worker and metrics is not None and metrics.port:
            metrics = metrics.model_copy(update={"port": metrics.port + self.worker})
            settings = settings.model_copy(update={"metrics": metrics})
        return replace(loaded, settings=settings)

    def _read(self) -> LoadedSettings:
        if self.words is None:
            return load_settings(self.files, environ=os.environ, overrides=self.overrides)
        loaded = read_command_line(self.words, os.environ).loaded
        if loaded is None:
            raise AssertionError("only a command line that asks for a gateway gets here")
        return loaded

    @staticmethod
    def show_notes(loaded: LoadedSettings) -> None:
        """Log what the operator should know about a configuration that nevertheless runs."""
        for note in loaded.notes:
            _logger.warning("%s: %s", note.code, note)


async def run_worker(
    configuration: Configuration,
    loaded: LoadedSettings,
    listeners: Sequence[OpenListener],
    *,
    stop: asyncio.Event | None = None,
    started: Callable[[], None] = lambda: None,
    write_log: Callable[[bytes], object] | None = None,
) -> None:
    """Serve until a signal says stop.

    :param stop: for a worker that has a supervisor: set when that is gone. A second signal is then the supervisor's
        to act on, because a signal to all processes (systemd's way) reaches a worker twice.
    :param started: called when connections are accepted.
    :raises LampgateError: it could not start.
    """
    loop = asyncio.get_running_loop()
    stopping = stop or asyncio.Event()
    worker = Worker(loaded, write_log=write_log)
    reloading = Reloading(configuration, worker)

    def ask_to_stop() -> None:
        if stopping.is_set() and stop is None:
            os._exit(1)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask_to_stop)
    loop.add_signal_handler(signal.SIGHUP, reloading.ask)
    await worker.start(listeners)
    # What was made until here lives as long as the process; the collector need not look at it again.
    gc.collect()
    gc.freeze()
    if not configuration.worker:
        for listener in listeners:
            _logger.info("Listening on %s", listener)
    started()
    await stopping.wait()
    _logger.info("Stopping: requests in flight are finished first; a second signal ends at once")
    await reloading.stop()
    await worker.stop()


class Reloading:
    """Reads the configuration again when asked to; asked meanwhile, once more after that."""

    def __init__(self, configuration: Configuration, worker: Worker) -> None:
        self._configuration = configuration
        self._worker = worker
        self._asked = False
        self._task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        """SIGHUP."""
        self._asked = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Whatever is under way is no longer of use."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while self._asked:
            self._asked = False
            try:
                await self._reload()
            except Exception:
                _logger.exception("Reading the configuration again failed; this is a mistake in lampgate")

    async def _reload(self) -> None:
        _logger.info("Reading the configuration again")
        try:
            # In a thread: parsing YAML takes as long as a hundred requests.
            loaded = await asyncio.to_thread(self._configuration.load)
        except LampgateError as error:
            found = error.errors if isinstance(error, InvalidConfigurationError) else (error,)
            for each in found:
                _logger.error("%s: %s", each.code, each)
            _logger.error("The configuration is not used; the one that was read before stays in use")
            return
        self._configuration.show_notes(loaded)
        await self._worker.reload(loaded)
        _logger.info("The configuration that was read is in use")

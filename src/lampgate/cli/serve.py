"""``lampgate serve``: load the configuration, run the gateway until a signal says stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from lampgate.assembly import Worker
from lampgate.config.errors import InvalidValueError
from lampgate.config.listener_notation import NotationError, parse_listener
from lampgate.config.load import Overrides, load_settings
from lampgate.config.settings import Listener, LoadedSettings
from lampgate.gateway.listeners import OpenListener, open_listeners
from lampgate.observe.logs import configure_logging

_logger = logging.getLogger("lampgate")


def run_serve(files: Sequence[Path], *, listen: Sequence[str], public_url: str | None) -> None:
    """Run until SIGTERM or SIGINT.

    :raises LampgateError: the configuration is wrong, or an address cannot be listened on.
    """
    configure_logging()
    overrides = Overrides(
        listen=tuple(_listener(text) for text in listen) or None,
        public_url=public_url,
    )
    loaded = load_settings(files, environ=os.environ, overrides=overrides)
    for note in loaded.notes:
        _logger.warning("%s: %s", note.code, note)
    listeners = open_listeners(loaded.settings.listen)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(loaded, listeners))


async def _serve(loaded: LoadedSettings, listeners: Sequence[OpenListener]) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    worker = Worker(loaded)

    def ask_to_stop() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask_to_stop)
    await worker.start(listeners)
    # What was made until here lives as long as the process; the collector need not look at it again.
    gc.collect()
    gc.freeze()
    for listener in listeners:
        _logger.info("Listening on %s", listener)
    await stop.wait()
    _logger.info("Stopping: requests in flight are finished first; a second signal ends at once")
    await worker.stop()
    for listener in listeners:
        listener.close()


def _listener(text: str) -> Listener:
    try:
        return parse_listener(text)
    except NotationError as error:
        raise InvalidValueError(f"“{text}”: {error}", place="--listen", remedy=error.remedy) from None


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop

"""``lampgate serve``: load the configuration, run the gateway until a signal says stop.

SIGTERM and SIGINT stop it in order, the second one at once; SIGHUP has the configuration read again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from lampgate import __version__
from lampgate.cli.loops import loop_factory
from lampgate.cli.running import Configuration, run_worker
from lampgate.config.errors import InvalidValueError
from lampgate.config.listener_notation import NotationError, parse_listener
from lampgate.config.load import Overrides
from lampgate.config.oauth2_proxy.command_line import read_command_line
from lampgate.config.settings import Listener
from lampgate.gateway.listeners import open_listeners
from lampgate.observe.logs import configure_logging


def run_serve(
    files: Sequence[Path],
    *,
    listen: Sequence[str],
    public_url: str | None,
    workers: int | None = None,
    websocket_grace: float | None = None,
    pre_stop_delay: float | None = None,
) -> None:
    """Run until SIGTERM or SIGINT.

    :raises LampgateError: the configuration is wrong, or an address cannot be listened on.
    """
    _serve(
        Configuration(
            files=tuple(files),
            overrides=Overrides(
                listen=tuple(_listener(text) for text in listen) or None,
                public_url=public_url,
                workers=workers,
                websocket_grace=websocket_grace,
                pre_stop_delay=pre_stop_delay,
            ),
        )
    )


def run_oauth2_proxy(words: Sequence[str]) -> None:
    """Run with a command line of oauth2-proxy: its flags, its files, its environment.

    :raises LampgateError: see `run_serve`.
    """
    asked = read_command_line(words, os.environ)
    if asked.version:
        sys.stdout.write(f"lampgate {__version__}, in the place of oauth2-proxy\n")
    elif asked.only_test:
        sys.stdout.write("The configuration is in order.\n")
    else:
        _serve(Configuration(files=(), overrides=Overrides(), words=tuple(words)))


def _serve(configuration: Configuration) -> None:
    configure_logging()
    # Until there is something to read again; unheard, the signal would end the process. Workers inherit this.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    loaded = configuration.load()
    configuration.show_notes(loaded)
    listeners = open_listeners(loaded.settings.listen)
    try:
        if loaded.settings.workers > 1:
            from lampgate.cli.supervisor import supervise

            asyncio.run(supervise(configuration, loaded, listeners))
        else:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                runner.run(run_worker(configuration, loaded, listeners))
    finally:
        for listener in listeners:
            listener.close()


def _listener(text: str) -> Listener:
    try:
        return parse_listener(text)
    except NotationError as error:
        raise InvalidValueError(f"“{text}”: {error}", place="--listen", remedy=error.remedy) from None

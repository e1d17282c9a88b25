"""Serves the metrics to Prometheus, on an address of its own, in a thread of its own.

The data path never waits for whoever asks. Numbers about a gateway say who is asked for how often, so they are not
served where everybody can ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lampgate.config.settings import MetricsSettings
from lampgate.errors import LampgateError
from lampgate.observe.metrics import Metrics

if TYPE_CHECKING:
    from threading import Thread
    from wsgiref.simple_server import WSGIServer


class MetricsAddressError(LampgateError):
    """The address for metrics is taken, or not ours."""

    code = "listen.metrics-refused"


class MetricsListener:
    """The listener for Prometheus; every path answers with all metrics."""

    def __init__(self, metrics: Metrics, settings: MetricsSettings) -> None:
        self._metrics = metrics
        self._settings = settings
        self._running: tuple[WSGIServer, Thread] | None = None

    @property
    def port(self) -> int:
        """Where it listens; 0 while it does not."""
        return self._running[0].server_port if self._running is not None else 0

    def start(self) -> None:
        """Listen.

        :raises MetricsAddressError: it cannot.
        """
        from prometheus_client import start_http_server

        settings = self._settings
        try:
            self._running = start_http_server(settings.port, settings.host, self._metrics.registry())
        except OSError as error:
            raise MetricsAddressError(
                f"Cannot serve metrics on {settings.host}:{settings.port}",
                cause=error.strerror or str(error),
                remedy="Stop what uses the address, or choose another one.",
            ) from None

    def stop(self) -> None:
        """Stop listening."""
        if self._running is not None:
            server, thread = self._running
            server.shutdown()
            server.server_close()
            thread.join()
            self._running = None

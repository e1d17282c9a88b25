"""An exchange whose upstream may not fall silent in the middle of a body.

Only for upstreams with a stream idle timeout: the usual exchange looks at no clock while bytes pass.
"""

from __future__ import annotations

import asyncio
import logging

from lampgate.config.settings import UpstreamSettings
from lampgate.gateway.exchange import Exchange
from lampgate.gateway.pool import Pool
from lampgate.gateway.sides import Downstream
from lampgate.session.live import LiveSession
from lampgate.wire.head import RequestHead, ResponseHead

_logger = logging.getLogger("lampgate.gateway")


class StreamTimedExchange(Exchange):
    """Moves the deadline on with every byte of the response, and stops it while the client is the slow side."""

    __slots__ = ("_clock", "_is_paused")

    def __init__(
        self,
        client: Downstream,
        pool: Pool,
        head: RequestHead,
        request: bytes,
        upstream: UpstreamSettings,
        session: LiveSession,
        dropped_cookies: tuple[bytes, ...],
        added: bytes = b"",
    ) -> None:
        super().__init__(client, pool, head, request, upstream, session, dropped_cookies, added)
        self._clock = asyncio.get_running_loop().time
        self._is_paused = False

    def respond(self, head: ResponseHead, data: bytes) -> None:
        """See `Exchange`."""
        super().respond(head, data)
        self._go_on()

    def data(self, data: bytes) -> None:
        """See `Exchange`."""
        super().data(data)
        self._go_on()

    def pause_response(self) -> None:
        """See `Exchange`: nothing is read from the upstream, so its silence means nothing."""
        self._is_paused = True
        if self._started:
            self.deadline = 0.0
        super().pause_response()

    def resume_response(self) -> None:
        """See `Exchange`."""
        self._is_paused = False
        if self._started:
            self._go_on()
        super().resume_response()

    def timed_out(self) -> None:
        """See `Exchange`."""
        if not self._started:
            super().timed_out()
            return
        _logger.warning(
            "Upstream “%s” sent nothing for %g s in the middle of an answer, which is broken off",
            self.upstream.id,
            self.upstream.stream_idle_timeout,
        )
        self.abort()
        self._client.broken_off()

    def _go_on(self) -> None:
        if not self._is_paused:
            self.deadline = self._clock() + self.upstream.stream_idle_timeout

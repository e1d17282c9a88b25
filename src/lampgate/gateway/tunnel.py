"""A WebSocket: two connections joined, bytes passed as they are, ended when its session ends (invariant 10)."""

from __future__ import annotations

import os
from asyncio import Transport

from lampgate.gateway.sides import Downstream
from lampgate.session.live import LiveSession
from lampgate.wire.websocket import PING_FRAME, FrameFollower, close_frame


class Tunnel:
    """Joins a client and an upstream connection after a 101.

    The frames of both directions are followed, so that the gateway can put in frames of its own, a ping now and then
    and a close frame at the end, wherever no other frame is under way.
    """

    __slots__ = (
        "_client",
        "_deadline",
        "_from_client",
        "_from_upstream",
        "_over",
        "_to_insert",
        "_upstream",
        "session",
    )

    def __init__(self, client: Downstream, upstream: Transport, session: LiveSession) -> None:
        self._client = client
        self._upstream = upstream
        self._from_client = FrameFollower()
        self._from_upstream = FrameFollower()
        self._over = False
        #: Goes to the browser behind the frame that is under way.
        self._to_insert = b""
        #: When an ending that waits for a frame's end stops waiting (the loop's clock); 0: no ending.
        self._deadline = 0.0
        self.session = session

    def from_client(self, data: bytes) -> None:
        """Bytes from the browser."""
        if self._deadline:
            return
        self._from_client.follow(data)
        self._upstream.write(data)

    def from_upstream(self, data: bytes) -> None:
        """Bytes from the upstream."""
        boundary = self._from_upstream.follow(data)
        if self._to_insert and boundary >= 0:
            insert, self._to_insert = self._to_insert, b""
            if self._deadline:
                self._client.send_body(data[:boundary] + insert)
                self._close()
                return
            data = data[:boundary] + insert + data[boundary:]
        self._client.send_body(data)

    def ping(self) -> None:
        """Let the browser and everything on the way to it know that this WebSocket is alive.

        Ingresses close what is silent for as little as 60 s, and dashboards do not notice.
        """
        if self._from_upstream.closed or self._over or self._deadline:
            return
        if self._from_upstream.at_boundary:
            self._client.send_body(PING_FRAME)
        else:
            self._to_insert = PING_FRAME

    def end(self, code: int, reason: str, *, deadline: float) -> None:
        """End the conversation from here, behind the frame that is under way.

        :param code: the WebSocket close code the browser gets to see.
        :param deadline: when to stop waiting for that frame's end (the loop's clock).
        """
        if self._over or self._deadline:
            return
        if self._from_client.at_boundary and not self._from_client.closed:
            self._upstream.write(close_frame(code, reason, mask=os.urandom(4)))
        if self._from_upstream.closed:
            self._close()
        elif self._from_upstream.at_boundary:
            self._client.send_body(close_frame(code, reason))
            self._close()
        else:
            self._to_insert = close_frame(code, reason)
            self._deadline = deadline

    def sweep(self, now: float) -> None:
        """Called once a second: an ending that has waited for long enough happens without a close frame."""
        if self._deadline and now >= self._deadline:
            self._close()

    def pause_client(self) -> None:
        """The upstream reads more slowly than the browser sends."""
        self._client.pause_request()

    def resume_client(self) -> None:
        """The upstream has caught up."""
        self._client.resume_request()

    def pause_upstream(self) -> None:
        """The browser reads more slowly than the upstream sends."""
        if not self._over:
            self._upstream.pause_reading()

    def resume_upstream(self) -> None:
        """The browser has caught up."""
        if not self._over:
            self._upstream.resume_reading()

    def client_lost(self) -> None:
        """The browser's connection is gone."""
        self._over = True
        self._upstream.close()

    def upstream_lost(self) -> None:
        """The upstream's connection is gone."""
        self._over = True
        self._client.tunnel_over()

    def _close(self) -> None:
        self._over = True
        self._upstream.close()
        self._client.tunnel_over()

"""A WebSocket: two connections joined, bytes passed as they are, ended when its session ends (invariant 10)."""

from __future__ import annotations

import os
from asyncio import Transport

from lampgate.gateway.sides import Downstream
from lampgate.session.cache import VerifiedSession
from lampgate.wire.websocket import FrameFollower, close_frame


class Tunnel:
    """Joins a client and an upstream connection after a 101.

    The frames of both directions are followed, so that the gateway can end the conversation with a close frame of
    its own wherever no other frame is under way.
    """

    __slots__ = ("_client", "_from_client", "_from_upstream", "_over", "_upstream", "session")

    def __init__(self, client: Downstream, upstream: Transport, session: VerifiedSession) -> None:
        self._client = client
        self._upstream = upstream
        self._from_client = FrameFollower()
        self._from_upstream = FrameFollower()
        self._over = False
        self.session = session

    def from_client(self, data: bytes) -> None:
        """Bytes from the browser."""
        self._from_client.follow(data)
        self._upstream.write(data)

    def from_upstream(self, data: bytes) -> None:
        """Bytes from the upstream."""
        self._from_upstream.follow(data)
        self._client.send_body(data)

    def pause_client(self) -> None:
        """The upstream reads more slowly than the browser sends."""
        self._client.pause_request()

    def resume_client(self) -> None:
        """The upstream has caught up."""
        self._client.resume_request()

    def pause_upstream(self) -> None:
        """The browser reads more slowly than the upstream sends."""
        self._upstream.pause_reading()

    def resume_upstream(self) -> None:
        """The browser has caught up."""
        self._upstream.resume_reading()

    def client_lost(self) -> None:
        """The browser's connection is gone."""
        self._over = True
        self._upstream.close()

    def upstream_lost(self) -> None:
        """The upstream's connection is gone."""
        self._over = True
        self._client.tunnel_over()

    def end(self, code: int, reason: str) -> None:
        """End the conversation from here.

        :param code: the WebSocket close code the browser gets to see.
        """
        if self._over:
            return
        self._over = True
        if self._from_upstream.at_boundary and not self._from_upstream.closed:
            self._client.send_body(close_frame(code, reason))
        if self._from_client.at_boundary and not self._from_client.closed:
            self._upstream.write(close_frame(code, reason, mask=os.urandom(4)))
        self._upstream.close()
        self._client.tunnel_over()

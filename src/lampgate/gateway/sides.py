"""What the parts of the data path ask of each other, so that each knows only the one below it.

client connection  ->  exchange  ->  pool, upstream connection        (calls)
       Downstream  <-  Answering <-                                   (answers, through these interfaces)
"""

from __future__ import annotations

from asyncio import Transport
from typing import Protocol

from lampgate.policy.problem import Problem
from lampgate.session.live import LiveSession
from lampgate.wire.head import RequestHead, ResponseHead


class Downstream(Protocol):
    """A client's connection, as whatever answers its request sees it."""

    @property
    def exchange(self) -> object:
        """What answers the request in progress; an answer from anything else comes too late."""
        ...

    def send(self, data: bytes) -> None:
        """An interim answer."""
        ...

    def send_head(self, status: int, data: bytes, body_length: int) -> None:
        """The head of the final answer, with the first ``body_length`` bytes of its body."""
        ...

    def send_body(self, data: bytes) -> None:
        """Further bytes of the answer."""
        ...

    def response_complete(self, *, keep_alive: bool) -> None:
        """The answer is complete."""
        ...

    def broken_off(self) -> None:
        """The answer cannot be completed."""
        ...

    def challenged(self, session: LiveSession, claims: str) -> bytes:
        """The upstream asks for more than the session has; returns header lines for the answer."""
        ...

    def refuse(self, problem: Problem, *, keep_alive: bool = True) -> None:
        """Answer with a problem, in the form the asker can use."""
        ...

    def respond(
        self, status: int, headers: list[tuple[str, str]], body: bytes, length: int, *, keep_alive: bool
    ) -> None:
        """Answer with a whole response of the gateway's own."""
        ...

    def pause_request(self) -> None:
        """Stop reading from the client."""
        ...

    def resume_request(self) -> None:
        """Read from the client again."""
        ...

    def tunnel(self, upstream: Transport, session: LiveSession, early: bytes) -> Tunnelling:
        """From now on this connection is a WebSocket."""
        ...

    def tunnel_over(self) -> None:
        """The WebSocket has ended."""
        ...


class Tunnelling(Protocol):
    """A WebSocket, as the upstream's connection sees it."""

    def from_upstream(self, data: bytes) -> None:
        """Bytes from the upstream."""
        ...

    def upstream_lost(self) -> None:
        """The upstream's connection is gone."""
        ...

    def pause_client(self) -> None:
        """The upstream reads more slowly than the browser sends."""
        ...

    def resume_client(self) -> None:
        """The upstream has caught up."""
        ...


class Answering(Protocol):
    """An exchange, as the upstream's connection sees it."""

    head: RequestHead
    wants_payload_only: bool

    @property
    def upstream_reusable(self) -> bool:
        """Whether the connection has nothing of this request still to come."""
        ...

    def interim(self, head: ResponseHead) -> None:
        """A 1xx response."""
        ...

    def respond(self, head: ResponseHead, data: bytes) -> None:
        """The response's head, and the first bytes of its body."""
        ...

    def data(self, data: bytes) -> None:
        """Further bytes of the response's body."""
        ...

    def complete(self) -> None:
        """The response is complete."""
        ...

    def failed(self, sentence: str, cause: str, *, stale: bool) -> None:
        """The connection ended before any byte of a response."""
        ...

    def bad_response(self, sentence: str) -> None:
        """The upstream sent something that cannot be forwarded."""
        ...

    def broken_off(self) -> None:
        """The connection ended in the middle of the response."""
        ...

    def pause_request(self) -> None:
        """The upstream reads more slowly than the client sends."""
        ...

    def resume_request(self) -> None:
        """The upstream has caught up."""
        ...

    def switch(self, head: ResponseHead, upstream: Transport, data: bytes) -> Tunnelling:
        """The upstream has agreed to a WebSocket."""
        ...

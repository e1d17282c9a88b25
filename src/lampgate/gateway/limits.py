"""How much and how long the data path puts up with. Bytes and seconds."""

from __future__ import annotations

from dataclasses import dataclass

from lampgate.config.settings import LimitSettings


@dataclass(frozen=True, slots=True)
class Limits:
    """The operator's limits, and a few that nobody needs to change.

    The first group has the names, defaults and meanings of `LimitSettings`.
    """

    connections: int = 10_000
    connections_per_client: int = 5_000
    websockets: int = 8_000
    websockets_per_session: int = 500
    head_bytes: int = 64 * 1024
    body_bytes: int | None = None
    head_timeout: float = 10.0
    idle_timeout: float = 120.0
    upstream_idle_timeout: float = 60.0
    upstream_idle_connections: int = 256
    ping_interval: float = 25.0
    drain_timeout: float = 25.0
    #: An upstream's response head.
    response_head_bytes: int = 256 * 1024
    #: Pipelined bytes held back while a response is outstanding.
    pipelined_bytes: int = 64 * 1024
    #: A request body for the portal, which takes small forms only.
    portal_body_bytes: int = 64 * 1024
    #: A request body that is read to its end only to keep the connection, after an early answer.
    discarded_bytes: int = 256 * 1024
    #: Between the end of an answer and the end of the connection, for the client to read it.
    linger_timeout: float = 2.0
    #: A client that has closed its side and may still be waiting for the rest of its answer, or may be gone.
    half_closed_timeout: float = 30.0
    #: For the frame under way, when a WebSocket is ended.
    websocket_end_timeout: float = 2.0

    @classmethod
    def of(cls, settings: LimitSettings) -> Limits:
        """The limits with the operator's values."""
        return cls(**settings.model_dump())

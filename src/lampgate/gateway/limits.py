"""How much and how long the data path puts up with. Bytes and seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Defaults that hold for a dashboard; none of them limits the length of a body or a stream."""

    #: Clients' connections at a time, in all and from one address. Behind an ingress all come from a few addresses.
    connections: int = 10_000
    connections_per_client: int = 5_000
    #: Open WebSockets, in all and of one session. A dashboard's map of a big cluster opens about a hundred.
    websockets: int = 8_000
    websockets_per_session: int = 500
    #: Request line and headers together. A browser's cookies alone can be 16 KB.
    head_bytes: int = 64 * 1024
    #: An upstream's response head.
    response_head_bytes: int = 256 * 1024
    #: From a head's first byte to its last: the defence against slow senders.
    head_timeout: float = 10.0
    #: A client's connection without a request.
    idle_timeout: float = 120.0
    #: An unused upstream connection; below Headlamp's own limit of 120 s, so that it is never the one to close.
    upstream_idle_timeout: float = 60.0
    #: Unused connections kept to one upstream.
    upstream_idle_connections: int = 256
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
    #: Between two pings to the browser of an open WebSocket; below the 60 s after which ingresses close silent ones.
    ping_interval: float = 25.0
    #: For the frame under way, when a WebSocket is ended.
    websocket_end_timeout: float = 2.0
    #: For requests in flight, when the process is asked to stop.
    drain_timeout: float = 25.0

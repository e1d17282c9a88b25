"""One forwarded request and its response: what passes between a client connection and an upstream connection.

The request's head has been decided on before an exchange exists. The exchange finds it a connection, passes body
bytes both ways with backpressure, tries again where that is safe, and turns every failure into one answer.
"""

from __future__ import annotations

from asyncio import Transport

from lampgate.config.settings import UpstreamSettings
from lampgate.gateway.pool import UNREACHABLE, Pool
from lampgate.gateway.sides import Downstream, Tunnelling
from lampgate.gateway.upstream_connection import UpstreamConnection
from lampgate.policy.problem import Problem
from lampgate.policy.step_up import challenge_in
from lampgate.session.live import LiveSession
from lampgate.wire.chunks import LAST_CHUNK, chunk
from lampgate.wire.head import CHUNKED, UNTIL_CLOSE, RequestHead, ResponseHead
from lampgate.wire.header_rules import response_head

#: RFC 9110 section 9.2.2: sending one of these twice does no more than sending it once.
_IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"))


class Exchange:
    """Lives from the decision to forward until the last byte of the response.

    :ivar wants_payload_only: chunk framing is to be taken off, because the client speaks HTTP/1.0.
    """

    __slots__ = (
        "_added",
        "_client",
        "_connection",
        "_dropped_cookies",
        "_pending",
        "_pool",
        "_request",
        "_request_complete",
        "_retried",
        "_started",
        "_upstream_keep_alive",
        "deadline",
        "head",
        "keep_alive",
        "session",
        "upstream",
        "wants_payload_only",
    )

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
        self._client = client
        self._pool = pool
        self._request = request
        self._connection: UpstreamConnection | None = None
        self._dropped_cookies = dropped_cookies
        self._added = added
        self._pending: list[bytes] = []
        self._request_complete = False
        self._retried = False
        self._started = False
        self._upstream_keep_alive = False
        self.head = head
        self.upstream = upstream
        self.session = session
        self.keep_alive = head.keep_alive
        self.wants_payload_only = False
        #: When the upstream's answer must have begun (the loop's clock); 0: no such moment.
        self.deadline = 0.0

    def start(self) -> None:
        """Send the request's head on, over a connection from the pool or a new one."""
        connection = self._pool.acquire(self.upstream)
        if connection is not None:
            self._connection = connection
            connection.begin(self, self._request)
        else:
            self._pool.dial(self.upstream, self)

    # From the client

    def body(self, data: bytes) -> None:
        """Request body bytes, without chunk framing."""
        if self.head.body == CHUNKED:
            data = chunk([data])
        self._send(data)

    def body_end(self, now: float) -> None:
        """The request is complete; from here on the upstream's time to answer runs."""
        if self.head.body == CHUNKED:
            self._send(LAST_CHUNK)
        self._request_complete = True
        if not self._started:
            self.deadline = now + self.upstream.response_timeout

    def abort(self) -> None:
        """The client is gone."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.drop()

    def pause_response(self) -> None:
        """The client reads more slowly than the upstream sends."""
        if self._connection is not None:
            self._connection.transport.pause_reading()

    def resume_response(self) -> None:
        """The client has caught up."""
        if self._connection is not None:
            self._connection.transport.resume_reading()

    def timed_out(self) -> None:
        """The deadline has passed."""
        self.abort()
        self._refuse(
            504,
            "upstream.timeout",
            "The dashboard does not answer",
            f"The upstream “{self.upstream.id}” did not begin to answer within {self.upstream.response_timeout:g} s.",
        )

    # From the pool

    def connected(self, connection: UpstreamConnection) -> None:
        """A connection was dialled for this exchange."""
        if self._client.exchange is not self:
            connection.transport.close()
            return
        self._connection = connection
        connection.begin(self, self._request)
        if self._pending:
            connection.transport.write(b"".join(self._pending))
            self._pending = []
        self._client.resume_request()

    def unreachable(self, cause: str) -> None:
        """No connection could be made."""
        if self._client.exchange is self:
            self._refuse(
                502,
                UNREACHABLE,
                "The dashboard cannot be reached",
                f"No connection to the upstream “{self.upstream.id}” could be made.",
                cause,
            )

    # From the upstream connection

    @property
    def upstream_reusable(self) -> bool:
        """Whether the connection has nothing of this request still to come."""
        return self._request_complete and self._upstream_keep_alive

    def interim(self, head: ResponseHead) -> None:
        """A 1xx response, e.g. 100 Continue."""
        if self.head.version == "1.1":
            self._client.send(
                response_head(head, framing=b"", keep_alive=True, dropped_cookies=self._dropped_cookies)
            )

    def respond(self, head: ResponseHead, data: bytes) -> None:
        """The response's head, and the first bytes of its body."""
        self._started = True
        self.deadline = 0.0
        self._upstream_keep_alive = head.keep_alive
        framing = self._framing(head)
        if head.status == 401 and (claims := challenge_in(head.block)):
            self._added += self._client.challenged(self.session, claims)
        self._client.send_head(
            head.status,
            response_head(
                head,
                framing=framing,
                keep_alive=self.keep_alive,
                dropped_cookies=self._dropped_cookies,
                added=self._added,
            )
            + data,
            len(data),
        )

    def _framing(self, head: ResponseHead) -> bytes | None:
        if not self._request_complete:
            # The rest of the body would be read as the next request.
            self.keep_alive = False
        if head.body == CHUNKED:
            if self.head.version == "1.1":
                return b"Transfer-Encoding: chunked\r\n"
            self.wants_payload_only = True
            self.keep_alive = False
            return b""
        if head.body == UNTIL_CLOSE:
            self.keep_alive = False
            return b""
        if self.head.method == "HEAD" or head.status == 304:
            return b"Content-Length: %b\r\n" % head.told_length if head.told_length else b""
        if head.status == 204:
            return b""
        # With leading zeros a length could be read as octal by somebody.
        return b"Content-Length: %d\r\n" % head.body if head.told_length.startswith(b"0") else None

    def data(self, data: bytes) -> None:
        """Further bytes of the response's body, as they go to the client."""
        self._client.send_body(data)

    def complete(self) -> None:
        """The response is complete."""
        self._connection = None
        self._client.response_complete(keep_alive=self.keep_alive)

    def failed(self, sentence: str, cause: str, *, stale: bool) -> None:
        """The connection ended before any byte of a response.

        :param stale: it came from the pool, so the upstream may have closed it before it saw the request.
        """
        self._connection = None
        if stale and not self._retried and self.head.body == 0 and self.head.method in _IDEMPOTENT:
            self._retried = True
            self._pool.metrics.upstream_retries += 1
            self._pool.dial(self.upstream, self)
            return
        self._refuse(502, "upstream.closed", "The dashboard gave no answer", f"{sentence}.", cause)

    def bad_response(self, sentence: str) -> None:
        """The upstream sent something that cannot be forwarded."""
        self._connection = None
        if self._started:
            self._pool.note_failure(self.upstream, "upstream.malformed-response", sentence)
            self._client.broken_off()
        else:
            self._refuse(502, "upstream.malformed-response", "The answer is broken", f"{sentence}.")

    def broken_off(self) -> None:
        """The connection ended in the middle of the response."""
        self._connection = None
        if self._started:
            self._pool.note_failure(self.upstream, "upstream.closed", "it broke off its answer")
            self._client.broken_off()
        else:
            self._refuse(
                502, "upstream.closed", "The dashboard gave no answer", "The upstream broke off its answer.", ""
            )

    def pause_request(self) -> None:
        """The upstream reads more slowly than the client sends."""
        self._client.pause_request()

    def resume_request(self) -> None:
        """The upstream has caught up."""
        self._client.resume_request()

    def switch(self, head: ResponseHead, upstream: Transport, data: bytes) -> Tunnelling:
        """The upstream has agreed to a WebSocket: tell the client, and join the two connections."""
        self._connection = None
        self.deadline = 0.0
        self._client.send_head(
            101, response_head(head, framing=b"", keep_alive=True, dropped_cookies=self._dropped_cookies), 0
        )
        return self._client.tunnel(upstream, self.session, data)

    # Inside

    def _send(self, data: bytes) -> None:
        if self._connection is not None:
            self._connection.transport.write(data)
        elif data and self._client.exchange is self:
            self._pending.append(data)
            self._client.pause_request()

    def _refuse(self, status: int, code: str, title: str, sentence: str, cause: str = "") -> None:
        self._pool.note_failure(self.upstream, code, cause or sentence)
        self._client.refuse(
            Problem(
                status=status,
                code=code,
                title=title,
                sentence=sentence,
                remedy="Try again in a moment. If it stays like this, ask whoever runs the dashboard.",
                cause=cause,
            )
        )

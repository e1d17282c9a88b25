"""A request that always gets the same answer: ``static://`` upstreams."""

from __future__ import annotations

from lampgate.config.settings import UpstreamSettings
from lampgate.gateway.sides import Downstream
from lampgate.wire.head import RequestHead

#: What oauth2-proxy answers.
_BODY = b"Authenticated"
_HEADERS = (
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
)


def answer_static(
    client: Downstream, upstream: UpstreamSettings, head: RequestHead, added: list[tuple[str, str]]
) -> None:
    """Answer with the status code of the upstream's URL, whatever the method. A body of the request is discarded.

    :param added: headers of the gateway.
    """
    status = int(upstream.url.removeprefix("static://"))
    # RFC 9110 section 15: these end with their head.
    body = b"" if status in (204, 205, 304) else _BODY
    shown = b"" if head.method == "HEAD" else body
    headers = [*(_HEADERS if body else ()), *added]
    client.respond(status, headers, shown, len(body), keep_alive=head.keep_alive)

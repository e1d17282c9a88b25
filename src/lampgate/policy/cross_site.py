"""Whether a request was made by another site in the person's name.

Behind the gateway a browser is authenticated by its cookie alone, so a foreign page could post forms and open
WebSockets (cross-site request forgery, cross-site WebSocket hijacking). Browsers say where a request comes from:
``Origin`` on every upgrade and unsafe method, ``Sec-Fetch-Site`` on everything. Programs that say neither hold no
cookie they did not mean to send.
"""

from __future__ import annotations

from lampgate.policy.problem import Problem
from lampgate.wire.head import RequestHead
from lampgate.wire.origin import Origin

_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))

_FOREIGN = Problem(
    status=403,
    code="request.cross-site",
    title="Request from another site",
    sentence="This request was made by a page of another site, so it is not carried out.",
    remedy="Open the dashboard itself and try again there. An administrator may have to correct the public URL.",
)


def refusal(head: RequestHead, origin: Origin) -> Problem | None:
    """The reason to refuse a request because of where it comes from; None when it may go on.

    :param origin: the gateway's own origin, as the browser sees it.
    """
    if head.method in _SAFE_METHODS and not head.upgrade:
        return None
    claimed = head.first(b"origin")
    if claimed and claimed != str(origin).encode("ascii"):
        return _FOREIGN
    if head.first(b"sec-fetch-site") in (b"cross-site", b"same-site"):
        return _FOREIGN
    return None

"""Who is asking: a person's browser that navigates, a script on a page, or a Kubernetes client.

Fetch Metadata (``Sec-Fetch-*``) is sent by every current browser and cannot be set by a page's script, so it decides
where it is present. ``Accept`` is the fall-back for what does not send it.
"""

from __future__ import annotations

from lampgate.policy.headlamp import CLUSTER_PREFIX
from lampgate.policy.problem import Wants
from lampgate.wire.head import RequestHead


def wants(head: RequestHead, path: str) -> Wants:
    """What kind of answer a request can make use of."""
    if is_navigation(head):
        return Wants.PAGE
    return Wants.STATUS if path.startswith(CLUSTER_PREFIX) else Wants.JSON


def is_navigation(head: RequestHead) -> bool:
    """Whether a browser asks for a page to show: only such a request may be answered with a redirect to sign in.

    A redirect of a ``fetch`` to another origin is an opaque network error to the script; of a WebSocket, nothing.
    """
    if head.upgrade:
        return False
    mode = head.first(b"sec-fetch-mode")
    if mode:
        return mode == b"navigate" and head.first(b"sec-fetch-dest") in (b"", b"document")
    if head.first(b"x-requested-with").lower() == b"xmlhttprequest":
        return False
    return b"text/html" in head.first(b"accept").lower()

"""What Headlamp needs from a gateway that sends the user's token to it (read in Headlamp 0.45).

* A cookie ``headlamp-auth-<cluster>.<n>`` *replaces* the ``Authorization`` header there, so no such cookie may pass
  in either direction: one left over would make the person somebody else.
* A few headers of a request tell Headlamp where to go or who is asking.
* Below ``/clusters/`` it returns what workloads answer with, as it is.
* Its pages reload themselves when an answer carries ``X-Reload``, whatever the status: an expired session then ends
  in a sign-in instead of a broken page.
"""

from __future__ import annotations

#: Starts of the names of cookies that never pass, in either direction.
COOKIE_PREFIXES = (b"headlamp-auth-",)

#: Folded names of headers of which no client copy passes.
HEADERS = frozenset(
    (
        b"forward-to",
        b"kubeconfig",
        b"proxy-to",
        b"x-headlamp-backend-token",
        b"x-headlamp-user-id",
    )
)

#: WebSocket sub-protocols that carry a token (Headlamp up to 0.34 and the Kubernetes API itself).
TOKEN_SUBPROTOCOL_PREFIX = b"base64url.bearer.authorization.k8s.io."

#: Below `CLUSTER_PREFIX` comes whatever pods and services answer with (the API's proxy sub-resources), under the
#: gateway's own origin: a page among it could act with the person's whole access to the cluster.
CLUSTER_PREFIX = "/clusters/"

#: Put on such an answer unless a script asked for it: as a page it has an origin of its own then, and runs nothing.
SANDBOX_LINES = b"Content-Security-Policy: sandbox\r\nX-Content-Type-Options: nosniff\r\n"

#: Set on a 401 for a script of the page.
RELOAD_HEADER = ("X-Reload", "reload")

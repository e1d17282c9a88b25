"""Where a sign-in may return to: a path on our own origin, and nothing else.

A return path comes from whoever made the link, so it is judged as an attack. Only the path part can lead a browser
elsewhere (``//host``, ``/\\host``, and what decodes to those), so only there are such forms refused; a query may hold
a URL. Follows the WHATWG URL Standard's view of what browsers do to a ``Location``, not only RFC 3986.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

#: The path is kept in a cookie beside others of its kind, and web servers refuse heads beyond 8 KB.
LONGEST = 1_024

#: Printable ASCII without what browsers rewrite (the backslash) or no URL holds (quotes, angle brackets).
_ALLOWED = re.compile(r"/[!#-;=?-\[\]-~]*")
_MALFORMED_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
#: In the decoded path: what browsers (or a server behind) may take for another path, or for another host.
_SUSPICIOUS = re.compile(r"/\s*/|\\|[\x00-\x1f\x7f-\x9f]|/\.{1,2}(?:[/;]|$)")

#: Nested encodings beyond this have no honest use.
_DECODING_ROUNDS = 4


def safe_return_path(value: str | None, *, origin: str, portal_prefix: str) -> str:
    """``value`` where it is a path (with query and fragment) on our own origin and outside the portal, else ``/``.

    :param value: a path, or an absolute URL on ``origin``, which is reduced to its path.
    :param origin: e.g. ``https://dash.example.com``.
    """
    if not value:
        return "/"
    if value[: len(origin)].lower() == origin.lower() and value[len(origin) : len(origin) + 1] in ("", "/", "?", "#"):
        value = value[len(origin) :]
        value = value if value.startswith("/") else f"/{value}"
    if len(value) > LONGEST or not _ALLOWED.fullmatch(value):
        return "/"
    path = _decoded(re.split(r"[?#]", value, maxsplit=1)[0])
    if path is None or _SUSPICIOUS.search(path):
        return "/"
    if path == portal_prefix or path.startswith(f"{portal_prefix}/"):
        return "/"
    return value


def _decoded(path: str) -> str | None:
    """``path`` decoded until nothing changes any more, so that no later decoder sees another path than we did."""
    if _MALFORMED_ESCAPE.search(path):
        return None
    for _ in range(_DECODING_ROUNDS):
        try:
            decoded = unquote(path, encoding="utf-8", errors="strict")
        except UnicodeDecodeError:
            return None
        if decoded == path:
            return path
        path = decoded
    return None

"""Where a sign-in, or a sign-out, may return to: a path on our own origin, or on a host that the operator has listed.

A return path comes from whoever made the link, so it is judged as an attack. Only the path part can lead a browser
elsewhere (``//host``, ``/\\host``, and what decodes to those), so only there are such forms refused; a query may hold
a URL. Follows the WHATWG URL Standard's view of what browsers do to a ``Location``, not only RFC 3986.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from lampgate.config.settings import PortalSettings

#: The path is kept in a cookie beside others of its kind, and web servers refuse heads beyond 8 KB.
LONGEST = 1_024

#: Printable ASCII without what browsers rewrite (the backslash) or no URL holds (quotes, angle brackets).
_ALLOWED = re.compile(r"/[!#-;=?-\[\]-~]*")
_MALFORMED_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
#: In the decoded path: what browsers (or a server behind) may take for another path, or for another host.
_SUSPICIOUS = re.compile(r"/\s*/|\\|[\x00-\x1f\x7f-\x9f]|/\.{1,2}(?:[/;]|$)")

#: An absolute URL in the one form that everybody reads alike: no user, no escapes, no address in another notation.
_ABSOLUTE = re.compile(
    r"(?P<scheme>https?)://(?P<host>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<rest>[/?#].*)?",
    re.ASCII | re.IGNORECASE,
)

#: Nested encodings beyond this have no honest use.
_DECODING_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class _Host:
    name: str
    with_subdomains: bool
    #: None: the scheme's own, not written; ``*``: any.
    port: str | None

    @classmethod
    def of(cls, pattern: str) -> _Host:
        name, _, port = pattern.lower().partition(":")
        bare = name.removeprefix("*").removeprefix(".")
        return cls(bare, bare != name, port or None)

    def admits(self, name: str, port: str | None) -> bool:
        is_named = name == self.name or (self.with_subdomains and name.endswith(f".{self.name}"))
        return is_named and (self.port == "*" or port == self.port)


class ReturnHosts:
    """Hosts beside our own that may be returned to.

    :param patterns: ``host``, or ``.host`` and ``*.host`` for it and every one below it; each perhaps with ``:port``,
        or ``:*`` for any port. Without one there may be none.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._hosts = tuple(map(_Host.of, patterns))

    def split(self, url: str, *, origin: str) -> tuple[str, str] | None:
        """The origin of a URL that a browser at ``origin`` may be sent to, and the rest of it; None for any other.

        Nobody is sent from https to http.
        """
        match = _ABSOLUTE.fullmatch(url)
        if match is None or (match["scheme"].lower() == "http" and not origin.startswith("http://")):
            return None
        name = match["host"].lower()
        if not any(host.admits(name, match["port"]) for host in self._hosts):
            return None
        start = match.start("rest") if match["rest"] else len(url)
        return url[:start], url[start:]


NO_HOSTS = ReturnHosts()


def safe_return_path(value: str | None, *, origin: str, portal_prefix: str, hosts: ReturnHosts = NO_HOSTS) -> str:
    """``value`` where it is a path (with query and fragment) on our own origin and outside the portal, else ``/``.

    :param value: a path; or an absolute URL, which is reduced to its path where it is on ``origin``, and stays as it
        is on one of ``hosts``.
    :param origin: e.g. ``https://dash.example.com``.
    """
    if not value or len(value) > LONGEST:
        return "/"
    elsewhere, path = "", value
    if value[: len(origin)].lower() == origin.lower() and value[len(origin) : len(origin) + 1] in ("", "/", "?", "#"):
        path = _with_slash(value[len(origin) :])
    elif (parts := hosts.split(value, origin=origin)) is not None:
        elsewhere, path = parts[0], _with_slash(parts[1])
    return elsewhere + path if _is_safe(path, portal_prefix) else "/"


class Returns:
    """Return paths by a gateway's settings."""

    def __init__(self, settings: PortalSettings) -> None:
        self._prefix = settings.prefix
        self._hosts = ReturnHosts(settings.return_hosts)

    def path(self, value: str | None, origin: str) -> str:
        """See `safe_return_path`."""
        return safe_return_path(value, origin=origin, portal_prefix=self._prefix, hosts=self._hosts)


def _with_slash(rest: str) -> str:
    return rest if rest.startswith("/") else f"/{rest}"


def _is_safe(value: str, portal_prefix: str) -> bool:
    if not _ALLOWED.fullmatch(value):
        return False
    path = _decoded(re.split(r"[?#]", value, maxsplit=1)[0])
    if path is None or _SUSPICIOUS.search(path):
        return False
    return path != portal_prefix and not path.startswith(f"{portal_prefix}/")


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

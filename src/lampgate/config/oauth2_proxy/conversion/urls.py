"""Judges URLs of a configuration. No message shows one: a URL may hold a password. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_PRINTABLE = re.compile(r"[!-~]+", re.ASCII)
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?", re.ASCII)


class UrlError(Exception):
    """What is wrong with a URL, in words that go on after “The URL …”."""


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of an absolute URL.

    :ivar authority: host and port as written, the host in lower case.
    """

    scheme: str
    authority: str
    host: str
    path: str
    query: str
    fragment: str

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.authority}"

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine, which browsers and providers trust without TLS."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_url(text: str) -> Url:
    """Take a URL apart.

    :raises UrlError: it is not an absolute URL with a host, or holds a user name.
    """
    if not _PRINTABLE.fullmatch(text) or "\\" in text:
        raise UrlError("holds characters that a URL cannot have")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise UrlError("has no valid host and port") from None
    if not parts.scheme or "://" not in text:
        raise UrlError("does not start with a scheme such as https://")
    if "@" in parts.netloc:
        raise UrlError("holds a user name or password")
    if not host or port == 0 or parts.netloc.endswith(":") or not _is_host(host):
        raise UrlError("has no valid host and port")
    authority = f"[{host}]" if ":" in host else host
    return Url(
        scheme=parts.scheme.lower(),
        authority=authority if port is None else f"{authority}:{port}",
        host=host,
        path=parts.path,
        query=parts.query,
        fragment=parts.fragment,
    )


def _is_host(host: str) -> bool:
    if ":" not in host:
        return _HOST_NAME.fullmatch(host) is not None
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True

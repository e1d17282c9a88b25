"""The origin a request was made to (RFC 6454): ``https://dash.example.com``.

lampgate's redirect URI, its cookies' attributes and the cross-site checks all hang on it, so it comes from the
configuration where that names it, else from the ``Host`` header; forwarded headers count from listed peers only.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple

from lampgate.wire.request_parser import BadRequestError

#: RFC 9110 section 7.2: uri-host with an optional port. Names are what a certificate can hold.
_AUTHORITY = re.compile(
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Origin(NamedTuple):
    """Scheme and authority, normalised: lower case, no default port."""

    scheme: str
    authority: str

    @property
    def secure(self) -> bool:
        """Whether cookies for it may carry ``Secure``."""
        return self.scheme == "https"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@lru_cache(maxsize=1024)
def origin_of(scheme: str, authority: str) -> Origin:
    """The origin of an authority as it stands in a ``Host`` header.

    :raises BadRequestError: not a host with an optional port.
    """
    match = _AUTHORITY.fullmatch(authority)
    if match is None or len(authority) > 255:
        raise BadRequestError("The Host header is not a host name")
    host, port = match["host"].lower(), match["port"]
    if port is None or port == _DEFAULT_PORTS[scheme]:
        return Origin(scheme, host)
    return Origin(scheme, f"{host}:{int(port)}")


@lru_cache(maxsize=1024)
def is_loopback(authority: str) -> bool:
    """Whether an authority names this machine: ``localhost``, ``127.0.0.0/8``, ``[::1]``, with or without a port."""
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return False
    host = match["host"].lower().strip("[]")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""Cookies on the wire (RFC 6265bis): read a ``Cookie`` header, drop some from it, write a ``Set-Cookie`` value.

The standard library's cookie module is not used: it rejects whole headers for one odd cookie and quotes values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

#: RFC 6265bis section 4.1.1: ``cookie-octet``, without the quotes some clients add around values.
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")
#: RFC 9110 section 5.6.2: ``token``.
_COOKIE_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

#: RFC 6265bis section 4.1.3.2: browsers accept such a cookie only from a secure origin, for one host, path ``/``,
#: so that a sibling domain cannot plant one.
HOST_PREFIX = "__Host-"


def parse(header: str) -> dict[str, str]:
    """The cookies of a ``Cookie`` header, by name.

    A name that comes twice with different values is left out: one of the two was planted, and nobody can say which.
    """
    cookies: dict[str, str] = {}
    ambiguous: set[str] = set()
    for pair in header.split(";"):
        name, separator, value = pair.strip(" \t").partition("=")
        if not separator or not name:
            continue
        if cookies.setdefault(name, value) != value:
            ambiguous.add(name)
    for name in ambiguous:
        del cookies[name]
    return cookies


def without(header: bytes, prefixes: tuple[bytes, ...]) -> bytes:
    """The ``Cookie`` header's value without the cookies whose names start with one of ``prefixes``.

    What is kept is kept as it was written. Empty when nothing is left.
    """
    kept = [pair for pair in header.split(b";") if not pair.strip(b" \t").startswith(prefixes)]
    return b";".join(kept).strip(b" \t")


@dataclass(frozen=True, slots=True)
class CookieAttributes:
    """How a cookie is to be kept by the browser.

    :ivar secure: only over https; also decides about the ``__Host-`` prefix.
    """

    secure: bool
    domain: str | None = None
    same_site: Literal["lax", "strict", "none"] = "lax"

    def prefixed(self, name: str) -> str:
        """``name`` as the browser gets it: with ``__Host-`` wherever the browser would accept that."""
        if not self.secure or self.domain is not None or name.startswith(("__Host-", "__Secure-")):
            return name
        return HOST_PREFIX + name


def set_cookie(name: str, value: str, attributes: CookieAttributes, max_age: int | None) -> str:
    """The value of a ``Set-Cookie`` header. ``name`` is used as it is.

    :param max_age: seconds; 0 deletes the cookie; None keeps it until the browser is closed.
    :raises ValueError: a name or value that cannot stand in a cookie.
    """
    if not _COOKIE_NAME.fullmatch(name) or not _COOKIE_VALUE.fullmatch(value):
        raise ValueError(f"not usable as a cookie: {name!r}")
    parts = [f"{name}={value}", "Path=/"]
    if attributes.domain is not None:
        parts.append(f"Domain={attributes.domain}")
    if max_age is not None:
        parts.append(f"Max-Age={max_age}")
    parts.append("HttpOnly")
    if attributes.secure:
        parts.append("Secure")
    parts.append(f"SameSite={attributes.same_site.capitalize()}")
    return "; ".join(parts)


def delete_cookies(names: Iterable[str], attributes: CookieAttributes) -> list[str]:
    """The ``Set-Cookie`` values that make the browser forget ``names``."""
    return [set_cookie(name, "", attributes, 0) for name in names]

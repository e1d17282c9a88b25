"""What passes without a session: paths, addresses and preflights that the operator has opened. Pure.

Such a request is forwarded as nobody's: without any injected header, and without the client's own copies of those.
Rules look at the canonical path and at the address of whoever asks, which a header can tell only if its sender is
listed (`Origins.client_address`).
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from lampgate.config.re2 import compile_re2
from lampgate.config.settings import IPNetwork, OpenAccessSettings
from lampgate.wire.head import RequestHead
from lampgate.wire.target import Target


class OpenAccess:
    """The rules, ready to be asked for every request that has no session."""

    def __init__(self, settings: OpenAccessSettings) -> None:
        self._preflight = settings.preflight
        self._addresses = settings.addresses
        self._routes = tuple(
            (compile_re2(route.path), frozenset(route.methods), route.negate) for route in settings.routes
        )
        self._any = bool(self._preflight or self._addresses or self._routes)

    def __bool__(self) -> bool:
        return self._any

    def admits(self, head: RequestHead, target: Target, client: str) -> bool:
        """Whether a request passes without a session.

        :param client: the address of whoever asks; empty for a local socket.
        """
        if self._preflight and head.method == "OPTIONS" and head.first(b"access-control-request-method"):
            return True
        if self._addresses and _is_in(client, self._addresses):
            return True
        # Servers differ on what a path with an empty segment is; one of them might see another path than this rule.
        if b"//" in target.origin_form.partition(b"?")[0]:
            return False
        return any(
            (not methods or head.method in methods) and (pattern.search(target.path) is not None) is not negate
            for pattern, methods, negate in self._routes
        )


@lru_cache(maxsize=4096)
def _is_in(client: str, networks: tuple[IPNetwork, ...]) -> bool:
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)

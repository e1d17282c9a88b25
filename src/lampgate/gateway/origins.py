"""Under which origin a request was made, and whose word on that counts (invariant 5)."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from functools import lru_cache

from lampgate.config.settings import IPNetwork, Settings
from lampgate.wire.head import RequestHead
from lampgate.wire.origin import Origin, is_loopback, origin_of
from lampgate.wire.request_parser import BadRequestError
from lampgate.wire.target import Target, judge_target


class Origins:
    """Finds the gateway's own origin for each request.

    The configured public URL, else ``X-Forwarded-Proto`` and ``-Host`` of a listed peer, else the ``Host`` header
    with https. One exception: this machine asking itself (a loopback host *and* a loopback peer) uses http, as
    browsers and Entra treat loopback as secure; so a trial needs no certificate.
    """

    def __init__(self, settings: Settings) -> None:
        self._trusted = settings.trusted_proxies
        self._fixed: Origin | None = None
        if settings.public_url is not None:
            scheme, _, authority = settings.public_url.rstrip("/").partition("://")
            self._fixed = origin_of(scheme, authority)

    def origin(self, head: RequestHead, peer: str) -> Origin:
        """The origin of a request.

        :param peer: the client's address; empty for a local socket.
        :raises BadRequestError: the host is missing or not a host name.
        """
        if self._fixed is not None:
            return self._fixed
        authority = head.host.decode("latin-1")
        if self._trusted and self.is_trusted(peer):
            scheme = _first(head, b"x-forwarded-proto")
            authority = _first(head, b"x-forwarded-host") or authority
            if scheme:
                if scheme not in ("http", "https"):
                    raise BadRequestError("X-Forwarded-Proto is neither http nor https")
                return origin_of(scheme, authority)
        if not authority:
            raise BadRequestError("The request has no Host")
        plain = is_loopback(authority) and _is_loopback_peer(peer)
        return origin_of("http" if plain else "https", authority)

    def client_address(self, head: RequestHead, peer: str) -> str:
        """The address of whoever asks: the last one in ``X-Forwarded-For`` that no listed peer can have added.

        What stands before it was told by a stranger, who can tell anything (invariant 5).
        """
        client = peer
        told = b",".join(value for folded, _, value in head.headers if folded == b"x-forwarded-for")
        for one in reversed(told.split(b",")):
            if not self.is_trusted(client):
                break
            client = one.strip().decode("latin-1")
        return client

    def asked_about(self, head: RequestHead, peer: str) -> tuple[RequestHead, Target, str] | None:
        """The request that a proxy in front asks about, and its client; None unless a listed peer says so."""
        uri = head.first(b"x-forwarded-uri") if self.is_trusted(peer) else b""
        if not uri.startswith(b"/"):
            return None
        method = head.first(b"x-forwarded-method").decode("latin-1").upper() or "GET"
        try:
            target = judge_target(method, uri, head.host)
        except BadRequestError:
            return None
        return replace(head, method=method), target, self.client_address(head, peer)

    def is_trusted(self, peer: str) -> bool:
        """Whether ``X-Forwarded-*`` headers of this peer count."""
        return bool(self._trusted) and _is_listed(peer, self._trusted)


def _first(head: RequestHead, folded: bytes) -> str:
    return head.first(folded).split(b",")[0].strip().decode("latin-1").lower()


@lru_cache(maxsize=4096)
def _is_listed(peer: str, networks: tuple[IPNetwork, ...]) -> bool:
    address = _address(peer)
    return address is not None and any(address in network for network in networks)


@lru_cache(maxsize=4096)
def _is_loopback_peer(peer: str) -> bool:
    address = _address(peer)
    return address is not None and address.is_loopback


def _address(peer: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address

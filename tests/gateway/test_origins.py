"""Whose word counts on where a request was made to (invariant 5)."""

from __future__ import annotations

import ipaddress

import pytest

from lampgate.gateway.origins import Origins
from lampgate.wire.request_parser import BadRequestError, RequestParser
from tests.gateway.stage import settings

FORWARDED = ("X-Forwarded-Proto: http", "X-Forwarded-Host: outside.example")


def origin(
    host: str, *headers: str, peer: str = "203.0.113.9", trusted: tuple[str, ...] = (), public_url: str | None = None
) -> str:
    networks = tuple(ipaddress.ip_network(network) for network in trusted)
    block = "\r\n".join(["GET / HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode()
    origins = Origins(settings(1, trusted_proxies=networks, public_url=public_url))
    return str(origins.origin(RequestParser().parse(block), peer))


def test_the_host_with_https() -> None:
    assert origin("Dash.example") == "https://dash.example"


def test_nobody_is_trusted_by_default() -> None:
    assert origin("dash.example", *FORWARDED) == "https://dash.example"
    assert origin("dash.example", *FORWARDED, peer="127.0.0.1") == "https://dash.example"


def test_a_listed_peer_is_believed() -> None:
    assert origin("inside", *FORWARDED, peer="10.1.2.3", trusted=("10.0.0.0/8",)) == "http://outside.example"
    assert origin("inside", *FORWARDED, peer="::ffff:10.1.2.3", trusted=("10.0.0.0/8",)) == "http://outside.example"


def test_an_unlisted_peer_is_not() -> None:
    assert origin("inside", *FORWARDED, peer="192.0.2.1", trusted=("10.0.0.0/8",)) == "https://inside"


def test_the_public_url_is_above_all() -> None:
    assert (
        origin("x", *FORWARDED, peer="10.1.2.3", trusted=("10.0.0.0/8",), public_url="https://dash.example")
        == "https://dash.example"
    )


@pytest.mark.parametrize(
    ("host", "peer", "expected"),
    [
        ("localhost:8080", "127.0.0.1", "http://localhost:8080"),
        ("127.0.0.1:8080", "::1", "http://127.0.0.1:8080"),
        ("localhost:8080", "203.0.113.9", "https://localhost:8080"),
        ("dash.example", "127.0.0.1", "https://dash.example"),
        ("localhost", "", "https://localhost"),
    ],
)
def test_loopback_is_plain_only_for_this_machine_asking_itself(host: str, peer: str, expected: str) -> None:
    assert origin(host, peer=peer) == expected


def test_a_forwarded_scheme_that_is_none() -> None:
    with pytest.raises(BadRequestError):
        origin("x", "X-Forwarded-Proto: javascript", peer="10.1.2.3", trusted=("10.0.0.0/8",))

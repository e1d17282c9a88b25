"""The PROXY protocol's header as a table, split at every byte, and with bytes nobody has thought of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampgate.wire.proxy_protocol import LONGEST_HEADER, BadProxyHeaderError, ProxyHeader, parse

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_TCP4 = bytes([192, 0, 2, 1, 198, 51, 100, 1, 0xDC, 0x04, 0x01, 0xBB])
_TCP6 = (
    bytes.fromhex("20010db8000000000000000000000001") + bytes.fromhex("20010db8000000000000000000000002") + _TCP4[8:]
)


def v2(command: int, family: int, block: bytes, length: int | None = None) -> bytes:
    size = len(block) if length is None else length
    return _SIGNATURE + bytes([command, family]) + size.to_bytes(2, "big") + block


GOOD = {
    "v1-tcp4": (b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", "192.0.2.1"),
    "v1-tcp6": (b"PROXY TCP6 2001:DB8::1 2001:db8::2 0 65535\r\n", "2001:db8::1"),
    "v1-mapped": (b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1"),
    "v1-unknown": (b"PROXY UNKNOWN\r\n", None),
    "v1-unknown-with-addresses": (b"PROXY UNKNOWN ff::1 whatever they like\r\n", None),
    "v1-longest": (b"PROXY UNKNOWN " + b"f" * 91 + b"\r\n", None),
    "v2-tcp4": (v2(0x21, 0x11, _TCP4), "192.0.2.1"),
    "v2-tcp6": (v2(0x21, 0x21, _TCP6), "2001:db8::1"),
    "v2-fields": (v2(0x21, 0x11, _TCP4 + b"\x04\x00\x00" + b"\xea\x00\x02ab"), "192.0.2.1"),
    "v2-unix": (v2(0x21, 0x31, bytes(216)), None),
    "v2-unspecified": (v2(0x21, 0x00, b""), None),
    "v2-local": (v2(0x20, 0x00, b""), None),
    "v2-local-with-addresses-to-skip": (v2(0x20, 0x11, _TCP4), None),
    "v2-local-with-anything": (v2(0x20, 0xFF, b"\xff" * 7), None),
    "v2-longest": (v2(0x20, 0, bytes(LONGEST_HEADER - 16)), None),
}

BAD = {
    "http": b"GET / HTTP/1.1\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01",
    "lower-case": b"proxy TCP4 ",
    "v1-no-carriage-return": b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\n",
    "v1-too-long": b"PROXY UNKNOWN " + b"f" * 92 + b"\r\n",
    "v1-never-ends": b"PROXY UNKNOWN " + b"f" * 93,
    "v1-datagram": b"PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n",
    "v1-missing-port": b"PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n",
    "v1-two-spaces": b"PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n",
    "v1-more": b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n",
    "v1-name": b"PROXY TCP4 localhost 198.51.100.1 1 2\r\n",
    "v1-leading-zero": b"PROXY TCP4 192.0.2.01 198.51.100.1 1 2\r\n",
    "v1-wrong-family": b"PROXY TCP4 ::1 ::1 1 2\r\n",
    "v1-zone": b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
    "v1-bad-destination": b"PROXY TCP4 192.0.2.1 nowhere 1 2\r\n",
    "v1-port": b"PROXY TCP4 192.0.2.1 198.51.100.1 65536 2\r\n",
    "v1-port-zero-padded": b"PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n",
    "v1-not-ascii": "PROXY TCP4 192.0.2.1 198.51.100.1 \uff11 2\r\n".encode(),
    "v2-version-1": v2(0x11, 0x11, _TCP4),
    "v2-command": v2(0x22, 0x11, _TCP4),
    "v2-datagram": v2(0x21, 0x12, _TCP4),
    "v2-family": v2(0x21, 0x41, _TCP4),
    "v2-too-short": v2(0x21, 0x11, _TCP4[:-1]),
    "v2-too-short-for-6": v2(0x21, 0x21, _TCP4),
    "v2-too-long": v2(0x21, 0x11, b"", 65535),
    "v2-field-beyond-the-end": v2(0x21, 0x11, _TCP4 + b"\x04\x00\x05ab"),
    "v2-field-cut-off": v2(0x21, 0x11, _TCP4 + b"\x04\x00"),
    "v2-signature": _SIGNATURE[:-1] + b"\r" + v2(0x21, 0x11, _TCP4)[12:],
}


@pytest.mark.parametrize(("data", "source"), GOOD.values(), ids=GOOD)
def test_what_a_header_says(data: bytes, source: str | None) -> None:
    assert parse(data) == ProxyHeader(source, len(data))
    assert parse(data + b"GET / HTTP/1.1\r\n") == ProxyHeader(source, len(data)), "what follows is not the header's"


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_what_is_no_header(data: bytes) -> None:
    with pytest.raises(BadProxyHeaderError):
        parse(data)


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_a_header_in_pieces_is_the_same_header(name: str, data: st.DataObject) -> None:
    header, source = GOOD[name]
    cut = data.draw(st.integers(0, len(header) - 1))
    assert parse(header[:cut]) is None
    assert parse(header) == ProxyHeader(source, len(header))


@pytest.mark.parametrize("header", [header for header, _ in GOOD.values() if len(header) < 300])
def test_every_beginning_of_a_header_is_incomplete(header: bytes) -> None:
    assert [parse(header[:cut]) for cut in range(len(header))] == [None] * len(header)


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda tail: _SIGNATURE + tail)))
def test_any_bytes_are_a_header_or_none(data: bytes) -> None:
    try:
        header = parse(data)
    except BadProxyHeaderError:
        return
    assert header is None or header.length <= len(data)

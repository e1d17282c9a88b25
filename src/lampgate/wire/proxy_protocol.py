"""The PROXY protocol's header, versions 1 and 2: whose connection a proxy passes on.

Follows HAProxy's specification (``doc/proxy-protocol.txt``, sections 2.1 and 2.2). Pure: bytes in, an address out.
Who may send a header is decided elsewhere. Checksums and other additional fields (TLVs) have to be well-formed, and
are otherwise ignored, as is the destination address.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

#: Section 2.2. It is no beginning of an HTTP request, nor of version 1, nor of a TLS handshake.
_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_FIXED = 16
#: Section 2.1: the longest line, with its CRLF.
_LONGEST_LINE = 107
#: Of version 2, with its TLVs. The specification allows 64 KB; cloud load balancers send less than 200 bytes.
LONGEST_HEADER = 4096

_LINE_START = b"PROXY "
_PORT = re.compile(r"0|[1-9][0-9]{0,4}", re.ASCII)
_KINDS: dict[str, type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address]] = {
    "TCP4": ipaddress.IPv4Address,
    "TCP6": ipaddress.IPv6Address,
}
_LOCAL, _PROXY = 0x20, 0x21
#: Family and transport of version 2, with the length of the addresses.
_UNSPECIFIED, _TCP4, _TCP6, _UNIX_STREAM = 0x00, 0x11, 0x21, 0x31
_ADDRESSES = {_UNSPECIFIED: 0, _TCP4: 12, _TCP6: 36, _UNIX_STREAM: 216}


class BadProxyHeaderError(ValueError):
    """The bytes are not a PROXY header. The connection cannot be used: nobody knows where the header ends."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """A complete header.

    :ivar source: the client's address; None where the connection is the proxy's own (a health check), or its client
        has no address.
    :ivar length: of the header, in bytes. What follows belongs to the connection.
    """

    source: str | None
    length: int


def parse(data: bytes) -> ProxyHeader | None:
    """Read the header at the start of a connection.

    :param data: everything that was received so far.
    :returns: None where it is incomplete; then every byte of ``data`` belongs to it.
    :raises BadProxyHeaderError: there is none.
    """
    if data.startswith(_SIGNATURE[: len(data)]):
        return _binary(data)
    if data.startswith(_LINE_START[: len(data)]):
        return _line(data)
    raise BadProxyHeaderError("The connection does not begin with a PROXY header")


def _line(data: bytes) -> ProxyHeader | None:
    """Version 1: ``PROXY TCP4 192.0.2.1 198.51.100.1 56324 443``."""
    end = data.find(b"\r\n", 0, _LONGEST_LINE)
    if end < 0:
        if len(data) >= _LONGEST_LINE or b"\n" in data:
            raise BadProxyHeaderError("The PROXY line is too long, or does not end in CRLF")
        return None
    words = data[:end].decode("latin-1").split(" ")
    if words[1] == "UNKNOWN":
        # What follows it must be ignored.
        return ProxyHeader(None, end + 2)
    if len(words) != 6 or words[1] not in _KINDS:
        raise BadProxyHeaderError("The PROXY line is malformed")
    _, kind, source, destination, *ports = words
    try:
        address = _KINDS[kind](source)
        _KINDS[kind](destination)
    except ValueError:
        raise BadProxyHeaderError("The PROXY line has an address that is none") from None
    if not all(_PORT.fullmatch(port) and int(port) <= 65535 for port in ports) or "%" in source:
        raise BadProxyHeaderError("The PROXY line has a port or an address that is none")
    return ProxyHeader(_plain(address), end + 2)


def _binary(data: bytes) -> ProxyHeader | None:
    """Version 2: signature, version and command, family and transport, length, addresses, TLVs."""
    if len(data) < _FIXED:
        return None
    command, family = data[12], data[13]
    length = _FIXED + int.from_bytes(data[14:16], "big")
    if command not in (_LOCAL, _PROXY):
        raise BadProxyHeaderError("The PROXY header has an unknown version or command")
    if length > LONGEST_HEADER:
        raise BadProxyHeaderError("The PROXY header is too long")
    if command == _PROXY and family not in _ADDRESSES:
        raise BadProxyHeaderError("The PROXY header is for something else than a stream")
    if command == _PROXY and length - _FIXED < _ADDRESSES[family]:
        raise BadProxyHeaderError("The PROXY header is too short for its addresses")
    if len(data) < length:
        return None
    if command == _LOCAL:
        # The rest is to be skipped, family included.
        return ProxyHeader(None, length)
    _check_fields(data[_FIXED + _ADDRESSES[family] : length])
    if family == _TCP4:
        return ProxyHeader(_plain(ipaddress.IPv4Address(data[16:20])), length)
    if family == _TCP6:
        return ProxyHeader(_plain(ipaddress.IPv6Address(data[16:32])), length)
    return ProxyHeader(None, length)


def _check_fields(fields: bytes) -> None:
    """TLVs (section 2.2): a type, two bytes of length, so many bytes."""
    position = 0
    while position < len(fields):
        position += 3 + int.from_bytes(fields[position + 1 : position + 3], "big")
    if position != len(fields):
        raise BadProxyHeaderError("The PROXY header's fields do not fill it")


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)

"""Reads one line that says where to listen: ``--listen`` and oauth2-proxy's address options.

    HOST:PORT  http://HOST:PORT          a TCP address; without HOST every address, as in Go
    unix:///run/lampgate.sock            a local socket
    fd:3                                 a socket that systemd has opened; 3 is the first

Parameters follow, each behind a comma: ``mode=0660`` (local sockets, as in oauth2-proxy), and for every kind
``proxy-protocol-from=NETWORK`` (may be repeated; ``unix`` for local sockets), ``tls-cert-file=PATH``,
``tls-key-file=PATH``, ``tls-min-version=1.3``, ``http2=off``. Pure; no file is looked at.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Any

from lampgate.config.settings import InheritedSocket, ListenAddress, Listener, TlsSettings, UnixSocket

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_MODE = re.compile(r"0?[0-7]{3}", re.ASCII)
_DESCRIPTOR = re.compile(r"[0-9]{1,4}", re.ASCII)
_MIN_VERSIONS = {"1.2": "1.2", "1.3": "1.3", "TLS1.2": "1.2", "TLS1.3": "1.3"}


class NotationError(ValueError):
    """The text is not an address to listen on; the message says why, and what to write instead."""

    def __init__(self, sentence: str, remedy: str = "Write HOST:PORT, e.g. 127.0.0.1:4180") -> None:
        super().__init__(sentence)
        self.remedy = remedy


def parse_listener(text: str) -> Listener:
    """The listener that ``text`` describes.

    :raises NotationError: it describes none.
    """
    address, *parameters = text.strip().split(",")
    address = address.strip()
    values = _values(parameters)
    common: dict[str, Any] = {
        "tls": _tls(values),
        "proxy_protocol_from": _peers(values.pop("proxy-protocol-from", [])),
    }
    listener: Listener
    if address.startswith("unix:"):
        listener = UnixSocket(path=_path(address), **_mode(values), **common)
    elif address.startswith("fd:"):
        listener = InheritedSocket(descriptor=_descriptor(address), **common)
    else:
        listener = ListenAddress(**_tcp(address), **common)
    if values:
        raise NotationError(
            "The address has a parameter that is unknown, or is for another kind of listener",
            "Known are http2, mode (local sockets), proxy-protocol-from, tls-cert-file, tls-key-file and "
            "tls-min-version",
        )
    if isinstance(listener, UnixSocket) and any(peer != "unix" for peer in listener.proxy_protocol_from):
        raise NotationError(
            "Peers of a local socket have no address that proxy-protocol-from could list",
            "Write proxy-protocol-from=unix",
        )
    return listener


def _values(parameters: list[str]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for parameter in parameters:
        name, separator, value = parameter.strip().partition("=")
        if not separator or not value:
            raise NotationError("A parameter of the address has no value", "Write name=value")
        values.setdefault(name, []).append(value)
    return values


def _one(values: dict[str, list[str]], name: str) -> str | None:
    given = values.pop(name, None)
    if given is not None and len(given) > 1:
        raise NotationError(f"The parameter {name} is given twice", "Keep one of them")
    return given[0] if given else None


def _tcp(address: str) -> dict[str, Any]:
    if address.lower().startswith("http://"):
        address = address[len("http://") :]
    host, separator, port = address.rpartition(":")
    if not separator or not _PORT.fullmatch(port) or int(port) > 65535 or not _is_host(host):
        raise NotationError("This is not an address to listen on")
    return {"host": host.strip("[]") or "0.0.0.0", "port": int(port)}  # noqa: S104 - Go takes no host for every address


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        return not host or _HOST.fullmatch(host) is not None
    try:
        ipaddress.IPv6Address(host[1:-1] if host.endswith("]") else "")
    except ValueError:
        return False
    return True


def _path(address: str) -> Path:
    path = address.removeprefix("unix:").removeprefix("//")
    if not path.startswith("/") or "\0" in path or path.endswith("/"):
        raise NotationError("This is not the path of a local socket", "Write e.g. unix:///run/lampgate/gateway.sock")
    return Path(path)


def _mode(values: dict[str, list[str]]) -> dict[str, Any]:
    mode = _one(values, "mode")
    if mode is None:
        return {}
    if not _MODE.fullmatch(mode):
        raise NotationError("The mode of a local socket is an octal number", "Write e.g. mode=0660")
    return {"mode": int(mode, 8)}


def _descriptor(address: str) -> int:
    number = address.removeprefix("fd:")
    if not _DESCRIPTOR.fullmatch(number) or int(number) < 3:
        raise NotationError("This is not a socket that systemd could pass; the first one is fd:3", "Write fd:3")
    return int(number)


def _tls(values: dict[str, list[str]]) -> TlsSettings | None:
    certificate, key = _one(values, "tls-cert-file"), _one(values, "tls-key-file")
    version = _one(values, "tls-min-version")
    http2 = _one(values, "http2")
    if certificate is None and key is None and version is None and http2 is None:
        return None
    if certificate is None or key is None:
        raise NotationError("TLS needs a certificate and its key", "Add tls-cert-file=PATH and tls-key-file=PATH")
    if version is not None and version not in _MIN_VERSIONS:
        raise NotationError("tls-min-version is 1.2 or 1.3", "Write tls-min-version=1.2, or leave it out")
    if http2 not in (None, "on", "off"):
        raise NotationError("http2 is on or off", "Write http2=off, or leave it out")
    return TlsSettings.model_validate(
        {
            "certificate_file": certificate,
            "key_file": key,
            "min_version": _MIN_VERSIONS[version] if version is not None else "1.2",
            "http2": http2 != "off",
        }
    )


def _peers(texts: list[str]) -> tuple[Any, ...]:
    peers: list[Any] = []
    for text in texts:
        try:
            peer = "unix" if text == "unix" else ipaddress.ip_network(text)
        except ValueError:
            raise NotationError(
                "proxy-protocol-from takes an IP address or network, without host bits, or unix",
                "Write e.g. proxy-protocol-from=10.244.0.0/16",
            ) from None
        if not isinstance(peer, str) and peer.prefixlen == 0:
            raise NotationError(
                "proxy-protocol-from names every address there is, so anybody could claim any address",
                "Write the network of the load balancer, e.g. proxy-protocol-from=10.244.0.0/16",
            )
        peers.append(peer)
    return tuple(peers)

"""One line that says where to listen."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from lampgate.config.listener_notation import NotationError, parse_listener
from lampgate.config.settings import InheritedSocket, ListenAddress, Listener, TlsSettings, UnixSocket
from tests.config.configurations import ANY_HOST

_TLS = "tls-cert-file=/tls/tls.crt,tls-key-file=/tls/tls.key"


@pytest.mark.parametrize(
    ("text", "listener"),
    [
        ("127.0.0.1:4180", ListenAddress()),
        (" 127.0.0.1:4180 ", ListenAddress()),
        ("http://127.0.0.1:4180", ListenAddress()),
        (":8080", ListenAddress(host=ANY_HOST, port=8080)),
        ("[::1]:80", ListenAddress(host="::1", port=80)),
        ("unix:///run/lampgate.sock", UnixSocket(path=Path("/run/lampgate.sock"))),
        ("unix:/run/lampgate.sock,mode=0777", UnixSocket(path=Path("/run/lampgate.sock"), mode=0o777)),
        ("unix:///run/x,mode=600", UnixSocket(path=Path("/run/x"), mode=0o600)),
        ("fd:3", InheritedSocket(descriptor=3)),
        (
            ":1,proxy-protocol-from=10.0.0.0/8,proxy-protocol-from=::1",
            ListenAddress(host=ANY_HOST, port=1, proxy_protocol_from=(ip_network("10.0.0.0/8"), ip_network("::1"))),
        ),
        ("unix:///run/x,proxy-protocol-from=unix", UnixSocket(path=Path("/run/x"), proxy_protocol_from=("unix",))),
        (
            f"fd:4,{_TLS},tls-min-version=1.3",
            InheritedSocket(
                descriptor=4,
                tls=TlsSettings(
                    certificate_file=Path("/tls/tls.crt"), key_file=Path("/tls/tls.key"), min_version="1.3"
                ),
            ),
        ),
    ],
)
def test_what_is_understood(text: str, listener: Listener) -> None:
    assert parse_listener(text) == listener


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not an address"),
        ("localhost", "not an address"),
        ("localhost:http", "not an address"),
        ("localhost:65536", "not an address"),
        ("local host:1", "not an address"),
        ("https://localhost:1", "not an address"),
        ("::1:80", "not an address"),
        ("unix:", "local socket"),
        ("unix://relative", "local socket"),
        ("unix:///run/", "local socket"),
        ("unix:///run/x,mode=0899", "octal"),
        ("unix:///run/x,mode=07777", "octal"),
        ("unix:///run/x,mode=0600,mode=0660", "twice"),
        ("unix:///run/x,mode", "no value"),
        ("unix:///run/x,", "no value"),
        ("localhost:1,mode=0600", "another kind"),
        ("unix:///run/x,proxy-protocol-from=10.0.0.0/8", "no address"),
        ("localhost:1,proxy-protocol-from=10.0.0.1/8", "network"),
        ("localhost:1,proxy-protocol-from=0.0.0.0/0", "anybody"),
        ("localhost:1,tls-cert-file=/x", "its key"),
        ("localhost:1,tls-min-version=1.2", "its key"),
        (f"localhost:1,{_TLS},tls-min-version=1.1", "1.2 or 1.3"),
        (f"localhost:1,{_TLS},http2=maybe", "on or off"),
        ("localhost:1,http2=off", "its key"),
        ("localhost:1,speed=9", "unknown"),
        ("fd:2", "systemd"),
        ("fd:x", "systemd"),
        ("fd:-3", "systemd"),
    ],
)
def test_what_is_not(text: str, sentence: str) -> None:
    with pytest.raises(NotationError, match=sentence) as raised:
        parse_listener(text)
    assert raised.value.remedy

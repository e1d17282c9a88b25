"""Kinds of listeners: what is opened, what is refused, what is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from lampgate.config.settings import InheritedSocket, ListenAddress, Listener, TlsSettings, UnixSocket
from lampgate.gateway.listeners import CannotListenError, OpenListener, open_listeners
from tests.gateway.stage import PATIENCE, Client, Stage


def opened(*settings: Listener, environ: dict[str, str] | None = None) -> list[OpenListener]:
    return open_listeners(settings, {} if environ is None else environ)


def refusal(*settings: Listener, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(CannotListenError) as raised:
        opened(*settings, environ=environ)
    assert raised.value.remedy
    return str(raised.value)


def test_port_0_takes_a_free_port_and_says_which() -> None:
    (listener,) = opened(ListenAddress(port=0))
    port = listener.socket.getsockname()[1]
    assert str(listener) == f"127.0.0.1:{port}"
    listener.close()


def test_what_was_opened_before_a_refusal_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = ListenAddress(port=taken.getsockname()[1])
        assert f"Cannot listen on {address}" in refusal(UnixSocket(path=path), address)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
def test_a_local_socket_has_its_mode_from_the_first_moment(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "socket"
    (listener,) = opened(UnixSocket(path=path, mode=mode))
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert [file.name for file in tmp_path.iterdir()] == ["socket"]
    assert str(listener) == f"unix://{path}"
    listener.close()
    assert not path.exists()


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    (listener,) = opened(UnixSocket(path=path))
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(path))
    listener.close()


def test_a_socket_somebody_answers_on_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        assert "Another process answers there" in refusal(UnixSocket(path=path))
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(path))


def test_a_socket_whose_queue_is_full_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as waiting:
        other.bind(str(path))
        other.listen(0)
        waiting.connect(str(path))
        assert "Cannot listen" in refusal(UnixSocket(path=path))
    assert path.exists()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("dear diary")
    assert "no socket" in refusal(UnixSocket(path=path))
    assert path.read_text() == "dear diary"


@pytest.mark.parametrize("name", ["nowhere/socket", "x" * 120], ids=["no-folder", "too-long"])
def test_a_path_that_cannot_be(tmp_path: Path, name: str) -> None:
    assert "Cannot listen on unix://" in refusal(UnixSocket(path=tmp_path / name))
    assert list(tmp_path.iterdir()) == []


def test_the_socket_of_the_next_process_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    (old,) = opened(UnixSocket(path=path))
    old.socket.close()
    (new,) = opened(UnixSocket(path=path))
    old.close()
    assert path.exists()
    new.close()
    assert not path.exists()


@pytest.fixture
def passed() -> Iterator[int]:
    """A listening socket as systemd would pass it: its descriptor."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        descriptor = os.dup(listener.fileno())
        yield descriptor
    with contextlib.suppress(OSError):
        os.close(descriptor)


def from_systemd(descriptor: int, **changes: str) -> dict[str, str]:
    return {"LISTEN_FDS": str(descriptor - 2), "LISTEN_PID": str(os.getpid()), "LISTEN_FDNAMES": "x", **changes}


def test_a_socket_that_systemd_passed(passed: int) -> None:
    environ = from_systemd(passed)
    (listener,) = opened(InheritedSocket(descriptor=passed), environ=environ)
    assert listener.socket.family == socket.AF_INET
    assert str(listener).startswith("127.0.0.1:")
    assert environ == {}, "no child believes it too"
    listener.close()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"LISTEN_PID": "1"}, "another process"),
        ({"LISTEN_FDS": "0"}, "0 sockets were passed"),
        ({"LISTEN_FDS": "many"}, "LISTEN_FDS"),
        ({"LISTEN_PID": ""}, "LISTEN_PID"),
    ],
)
def test_a_socket_that_was_not_passed(passed: int, changes: dict[str, str], said: str) -> None:
    assert said in refusal(InheritedSocket(descriptor=passed), environ=from_systemd(passed, **changes))


def test_a_descriptor_that_is_no_listening_socket() -> None:
    with socket.socket() as connecting:
        number = connecting.fileno()
        assert "no stream socket" in refusal(InheritedSocket(descriptor=number), environ=from_systemd(number))
        assert connecting.fileno() == number
    with Path("/dev/null").open() as file:
        number = file.fileno()
        assert "Cannot listen" in refusal(InheritedSocket(descriptor=number), environ=from_systemd(number))
    assert "Cannot listen" in refusal(InheritedSocket(descriptor=9999), environ=from_systemd(9999))


def test_a_listener_with_tls_says_so() -> None:
    tls = TlsSettings(certificate_file=Path("c"), key_file=Path("k"))
    (listener,) = opened(ListenAddress(port=0, tls=tls))
    assert str(listener).startswith("https://127.0.0.1:")
    listener.close()


async def test_requests_over_a_local_socket(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    listeners = opened(UnixSocket(path=path))
    async with Stage() as stage:
        await stage.server.start(listeners)
        reader, writer = await asyncio.wait_for(asyncio.open_unix_connection(str(path)), PATIENCE)
        client = Client(reader, writer)
        client.sends(
            f"GET / HTTP/1.1\r\nHost: dash.example\r\nCookie: {stage.cookie(secure=True)}\r\n\r\n".encode("latin-1")
        )
        origin = await stage.origin()
        lines = await origin.receives_head()
        assert b"X-Forwarded-Proto: https" in lines, "only loopback addresses may use plain http"
        origin.answers_ok()
        assert (await client.gets_answer())[0] == 200
        writer.close()
    for listener in listeners:
        listener.close()
    assert not path.exists()

"""Opens the sockets the gateway listens on: TCP addresses, local sockets, and sockets that systemd has opened.

Nothing is accepted here. Local sockets follow unix(7): a socket file outlives its process, so one that nobody answers
on is replaced; systemd's protocol is sd_listen_fds(3).
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lampgate.config.settings import InheritedSocket, ListenAddress, Listener, UnixSocket
from lampgate.errors import LampgateError

#: Connections the kernel queues for us; a dashboard's page opens dozens of WebSockets at once.
BACKLOG = 2048
#: Of sockaddr_un (unix(7)), without the closing zero byte.
_LONGEST_PATH = 107
#: How long a local socket that is there already may take to answer, in seconds.
_ANSWER_TIMEOUT = 1.0
#: The first descriptor systemd passes (SD_LISTEN_FDS_START).
_FIRST_INHERITED = 3


class CannotListenError(LampgateError):
    """A listen address is taken, not ours, or not to be had without privileges."""

    code = "listen.refused"


@dataclass(slots=True)
class OpenListener:
    """A socket that is bound, with the settings it was opened for.

    :ivar file: device and inode of a local socket's file while it is ours to remove.
    """

    socket: socket.socket
    settings: Listener
    file: tuple[int, int] | None = field(default=None, repr=False)

    @property
    def is_local(self) -> bool:
        """Whether its peers have no address."""
        return self.socket.family == socket.AF_UNIX

    @property
    def needs_greeting(self) -> bool:
        """Whether its connections begin with something else than HTTP."""
        return self.settings.tls is not None or bool(self.settings.proxy_protocol_from)

    def __str__(self) -> str:
        """The address as it came out, e.g. ``https://127.0.0.1:4443``; a plain one without scheme."""
        address = str(self.settings)
        if not self.is_local:
            host, port = self.socket.getsockname()[:2]
            address = str(ListenAddress(host=host, port=port))
        elif isinstance(self.settings, InheritedSocket):
            address = f"unix://{self.socket.getsockname()}"
        return f"https://{address}" if self.settings.tls is not None else address

    def close(self) -> None:
        """Close the socket and remove its file, unless somebody else's has taken that one's place."""
        self.socket.close()
        if self.file is not None and isinstance(self.settings, UnixSocket):
            with contextlib.suppress(OSError):
                if _identity(self.settings.path) == self.file:
                    self.settings.path.unlink()
            self.file = None


def open_listeners(
    listeners: Sequence[Listener], environ: MutableMapping[str, str] | None = None
) -> list[OpenListener]:
    """Bind every address. Port 0 takes a free one.

    :param environ: where systemd says what it has passed; it is taken out, so that no child believes it too.
    :raises CannotListenError: naming the address.
    """
    environ = os.environ if environ is None else environ
    opened: list[OpenListener] = []
    try:
        for settings in listeners:
            try:
                opened.append(_open(settings, environ))
            except OSError as error:
                raise _refused(settings, error.strerror or str(error)) from None
    except CannotListenError:
        for listener in opened:
            listener.close()
        raise
    for variable in ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"):
        environ.pop(variable, None)
    return opened


def _open(settings: Listener, environ: Mapping[str, str]) -> OpenListener:
    match settings:
        case ListenAddress():
            return OpenListener(_tcp(settings), settings)
        case UnixSocket():
            return _local(settings)
        case InheritedSocket():
            return OpenListener(_inherited(settings, environ), settings)


def _tcp(settings: ListenAddress) -> socket.socket:
    family, kind, protocol, _, bound = socket.getaddrinfo(
        settings.host or None, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(bound)
    except OSError:
        listener.close()
        raise
    return listener


def _local(settings: UnixSocket) -> OpenListener:
    """Bind under another name and move the socket into place: nobody finds it before it listens, or with other
    permissions than it should have, and a stale one is replaced in one step."""
    path = settings.path
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise _refused(settings, "The path is too long for a local socket", "Choose a shorter path")
    _check_nobody_listens(settings)
    ahead = path.with_name(f".{os.getpid()}.new")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            ahead.unlink()
        listener.bind(str(ahead))
        try:
            ahead.chmod(settings.mode)
            listener.listen(BACKLOG)
            file = _identity(ahead)
            ahead.rename(path)
        except OSError:
            ahead.unlink()
            raise
    except OSError as error:
        listener.close()
        raise _refused(settings, error.strerror or str(error)) from None
    return OpenListener(listener, settings, file)


def _check_nobody_listens(settings: UnixSocket) -> None:
    try:
        kind = settings.path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise _refused(
            settings,
            "There is a file of that name, and it is no socket",
            remedy="Choose another path, or remove the file if nobody needs it",
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(_ANSWER_TIMEOUT)
        try:
            caller.connect(str(settings.path))
        except (ConnectionRefusedError, FileNotFoundError):
            return
        except TimeoutError:
            # Its queue is full: somebody is there.
            pass
    raise _refused(settings, "Another process answers there")


def _inherited(settings: InheritedSocket, environ: Mapping[str, str]) -> socket.socket:
    number = settings.descriptor
    remedy = "Start lampgate from a systemd service that has a socket unit, or listen on an address"
    try:
        passed = int(environ.get("LISTEN_FDS", ""))
        meant_for_us = int(environ.get("LISTEN_PID", "")) == os.getpid()
    except ValueError:
        raise _refused(settings, "LISTEN_FDS and LISTEN_PID do not say that a socket was passed", remedy) from None
    if not meant_for_us:
        raise _refused(settings, "The sockets were passed to another process (LISTEN_PID)", remedy)
    if number >= _FIRST_INHERITED + passed:
        raise _refused(settings, f"{passed} sockets were passed, from fd:{_FIRST_INHERITED} on", remedy)
    # The family is found out from the descriptor itself.
    listener = socket.socket(fileno=number)
    if listener.type != socket.SOCK_STREAM or not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        listener.detach()
        raise _refused(settings, "It is no stream socket that listens", remedy="Use ListenStream in the socket unit")
    os.set_inheritable(number, False)
    return listener


def _identity(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_dev, status.st_ino


def _refused(
    settings: Listener, cause: str, remedy: str = "Stop what uses the address, or choose another one"
) -> CannotListenError:
    return CannotListenError(f"Cannot listen on {settings}", cause=cause, remedy=remedy)

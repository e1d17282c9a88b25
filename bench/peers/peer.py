"""What a peer has to tell: where its program is, how it is configured, and whether it signs people in."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.provider import Entra


@dataclass(frozen=True, slots=True)
class Place:
    """Where a peer runs.

    :ivar folder: its own, for configuration, output and sockets.
    :ivar files: the origin's port for everything but ``/ws`` and ``/stream``.
    :ivar sockets: the origin's port for those two.
    """

    folder: Path
    port: int
    files: int
    sockets: int
    entra: Entra

    @property
    def url(self) -> str:
        """The address that browsers open."""
        return f"http://localhost:{self.port}"

    def write(self, name: str, text: str) -> str:
        """Write a configuration file; returns its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)


@dataclass(frozen=True, slots=True)
class Command:
    """How a peer is started."""

    words: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)


class Peer(Protocol):
    """One row of the tables.

    :ivar name: as the tables call it.
    :ivar callback: the path of its redirect URI; empty: it signs nobody in.
    """

    name: str
    callback: str

    def program(self) -> str | None:
        """Where its program is; None: not on this machine."""
        ...

    def version(self) -> str:
        """Which release it is."""
        ...

    def command(self, place: Place) -> Command:
        """Write its configuration, and say how it is started."""
        ...


def first_line(*command: str) -> str:
    """What a program says about itself first."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return (done.stdout.strip() or done.stderr.strip()).partition("\n")[0]

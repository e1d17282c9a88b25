"""HAProxy as a proxy that asks nobody who they are."""

from __future__ import annotations

import re

from bench.peers.peer import Command, Place, first_line
from bench.processes import program

_CONFIGURATION = """
global
  nbthread 1
  maxconn 9000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  http-reuse always
frontend in
  bind 127.0.0.1:{port} backlog 4096
  use_backend sockets if {{ path /ws /stream }}
  default_backend files
backend files
  server origin 127.0.0.1:{files}
backend sockets
  server origin 127.0.0.1:{sockets}
"""


class HAProxy:
    """See `Peer`."""

    name = "HAProxy, without sign-in"
    callback = ""

    def program(self) -> str | None:
        """See `Peer.program`."""
        return program("haproxy")

    def version(self) -> str:
        """See `Peer.version`."""
        found = re.search(r"version (\d+(?:\.\d+)+)", first_line(self.program() or "", "-v"))
        return found[1] if found else "?"

    def command(self, place: Place) -> Command:
        """See `Peer.command`."""
        text = _CONFIGURATION.format(port=place.port, files=place.files, sockets=place.sockets)
        return Command([self.program() or "", "-db", "-f", place.write("haproxy.cfg", text)])

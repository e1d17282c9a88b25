"""Caddy as a proxy that asks nobody who they are."""

from __future__ import annotations

from bench.peers.peer import Command, Place, first_line
from bench.processes import program

_CONFIGURATION = """
{{
  admin off
  auto_https off
}}
http://localhost:{port} {{
  bind 127.0.0.1
  @sockets path /ws /stream
  reverse_proxy @sockets 127.0.0.1:{sockets}
  reverse_proxy 127.0.0.1:{files}
}}
"""


class Caddy:
    """See `Peer`."""

    name = "Caddy, without sign-in"
    callback = ""

    def program(self) -> str | None:
        """See `Peer.program`."""
        return program("caddy")

    def version(self) -> str:
        """See `Peer.version`."""
        return first_line(self.program() or "", "version").partition(" ")[0].lstrip("v")

    def command(self, place: Place) -> Command:
        """See `Peer.command`."""
        text = _CONFIGURATION.format(port=place.port, files=place.files, sockets=place.sockets)
        words = [self.program() or "", "run", "--adapter", "caddyfile", "--config", place.write("Caddyfile", text)]
        home = str(place.folder)
        return Command(words, {"HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home, "GOMAXPROCS": "1"})

"""lampgate as people run it: everything on, the access log included."""

from __future__ import annotations

import base64
import os
import sys

from bench.peers.peer import Command, Place
from bench.provider import CLIENT_SECRET, SCOPES
from lampgate import __version__

#: Also seals sessions that the benchmark of cold ones makes itself.
COOKIE_SECRET = os.urandom(32)


class Lampgate:
    """See `Peer`."""

    name = "lampgate"
    callback = "/oauth2/callback"

    def program(self) -> str | None:
        """See `Peer.program`."""
        return sys.executable

    def version(self) -> str:
        """See `Peer.version`."""
        return __version__

    def command(self, place: Place) -> Command:
        """See `Peer.command`."""
        secret = place.write("cookie-secret", base64.urlsafe_b64encode(COOKIE_SECRET).decode())
        configuration = place.write(
            "lampgate.yaml",
            f"""
lampgate: 1
public_url: {place.url}
provider:
  kind: entra
  issuer_url: {place.entra.issuer}
  client_id: {place.entra.client_id}
  client_authentication: {{kind: secret, secret: {CLIENT_SECRET}}}
  scopes: [{", ".join(SCOPES.split())}]
session:
  cookie: {{secret_file: {secret}}}
allow: {{email_domains: ["*"]}}
upstreams:
  - {{id: files, url: "http://127.0.0.1:{place.files}", path: /}}
  - {{id: ws, url: "http://127.0.0.1:{place.sockets}", path: /ws}}
  - {{id: stream, url: "http://127.0.0.1:{place.sockets}", path: /stream}}
inject:
  - name: Authorization
    values: [{{claim: access_token, prefix: "Bearer "}}]
limits: {{connections_per_client: 20000, connections: 20000, websockets: 20000, websockets_per_session: 20000}}
""",
        )
        return Command(
            [sys.executable, "-m", "lampgate", "serve", configuration, "--listen", f"127.0.0.1:{place.port}"]
        )

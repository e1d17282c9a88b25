"""oauth2-proxy with sessions in the cookie and the access token injected, as the scenario has it."""

from __future__ import annotations

import re

from bench.peers.peer import Command, Place, first_line
from bench.processes import program
from bench.provider import CLIENT_SECRET, SCOPES

_CONFIGURATION = """
server: {{bindAddress: "127.0.0.1:{port}"}}
upstreamConfig:
  upstreams:
    - {{id: files, path: /, uri: "http://127.0.0.1:{files}"}}
    - {{id: ws, path: /ws, uri: "http://127.0.0.1:{sockets}"}}
    - {{id: stream, path: /stream, uri: "http://127.0.0.1:{sockets}"}}
injectRequestHeaders:
  - name: Authorization
    values:
      - claimSource: {{claim: access_token, prefix: "Bearer "}}
providers:
  - id: entra
    provider: oidc
    clientID: {client_id}
    clientSecret: {client_secret}
    scope: {scopes}
    code_challenge_method: S256
    # An access token for AKS is no good at Graph's userinfo endpoint.
    skipClaimsFromProfileURL: true
    oidcConfig:
      issuerURL: {issuer}
      emailClaim: email
      audienceClaims: [aud]
      insecureAllowUnverifiedEmail: true
      insecureSkipNonce: false
"""


class OAuth2Proxy:
    """See `Peer`."""

    name = "oauth2-proxy"
    callback = "/oauth2/callback"

    def program(self) -> str | None:
        """See `Peer.program`."""
        return program("oauth2-proxy")

    def version(self) -> str:
        """See `Peer.version`."""
        found = re.search(r"v?(\d+\.\d+\.\d+)", first_line(self.program() or "", "--version"))
        return found[1] if found else "7.x"

    def command(self, place: Place) -> Command:
        """See `Peer.command`."""
        alpha = _CONFIGURATION.format(
            port=place.port,
            files=place.files,
            sockets=place.sockets,
            client_id=place.entra.client_id,
            client_secret=CLIENT_SECRET,
            scopes=SCOPES,
            issuer=place.entra.issuer,
        )
        words = [
            self.program() or "",
            "--alpha-config", place.write("alpha.yaml", alpha),
            "--cookie-secret", "0123456789abcdef0123456789abcdef",
            "--cookie-secure=false",
            "--email-domain=*",
            "--skip-provider-button",
            "--redirect-url", f"{place.url}{self.callback}",
        ]  # fmt: skip
        return Command(words, {"GOMAXPROCS": "1"})

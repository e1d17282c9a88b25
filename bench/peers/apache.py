"""Apache with mod_auth_openidc, whose sessions are in shared memory by default."""

from __future__ import annotations

import re
from pathlib import Path

from bench.peers.peer import Command, Place, first_line
from bench.processes import program
from bench.provider import CLIENT_SECRET, SCOPES

_FOLDERS = ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules")
_MODULES = ("mpm_event", "authz_core", "authn_core", "authz_user", "headers", "proxy", "proxy_http", "auth_openidc")

_CONFIGURATION = """
ServerRoot "{folder}"
ServerName localhost:{port}
Listen 127.0.0.1:{port}
ListenBacklog 4096
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
LogLevel error
{modules}
ServerLimit 1
StartServers 1
ThreadsPerChild 64
MaxRequestWorkers 64
KeepAlive On
MaxKeepAliveRequests 0
LimitRequestFieldSize 65536

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCRedirectURI {url}/oidc
OIDCCryptoPassphrase a-passphrase-of-the-benchmark-run
OIDCScope "{scopes}"
OIDCPKCEMethod S256
OIDCProviderTokenEndpointAuth client_secret_post
OIDCUserInfoRefreshInterval 0

ProxyPass /ws http://127.0.0.1:{sockets}/ws upgrade=websocket
ProxyPass /stream http://127.0.0.1:{sockets}/stream
ProxyPass / http://127.0.0.1:{files}/
<Location />
  AuthType openid-connect
  Require valid-user
  RequestHeader set Authorization "Bearer %{{OIDC_access_token}}e"
</Location>
"""


def _module_folder() -> Path | None:
    return next((Path(each) for each in _FOLDERS if (Path(each) / "mod_auth_openidc.so").exists()), None)


class Apache:
    """See `Peer`."""

    name = "Apache with mod_auth_openidc"
    callback = "/oidc"

    def program(self) -> str | None:
        """See `Peer.program`."""
        return program("apache2", "httpd") if _module_folder() is not None else None

    def version(self) -> str:
        """See `Peer.version`."""
        found = re.search(r"/(\d+\.\d+\.\d+)", first_line(self.program() or "", "-v"))
        return found[1] if found else "?"

    def command(self, place: Place) -> Command:
        """See `Peer.command`."""
        folder = _module_folder()
        assert folder is not None
        modules = "\n".join(
            f"LoadModule {name}_module {folder}/mod_{name}.so"
            for name in _MODULES
            if (folder / f"mod_{name}.so").exists()
        )
        text = _CONFIGURATION.format(
            folder=place.folder,
            port=place.port,
            url=place.url,
            files=place.files,
            sockets=place.sockets,
            modules=modules,
            issuer=place.entra.issuer,
            client_id=place.entra.client_id,
            client_secret=CLIENT_SECRET,
            scopes=SCOPES,
        )
        return Command([self.program() or "", "-f", place.write("apache.conf", text), "-DFOREGROUND"])

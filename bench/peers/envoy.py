"""Envoy as a plain proxy, and with its OAuth2 filter, which puts the access token into ``Authorization``."""

from __future__ import annotations

import base64
import json
import os
import re
import sysconfig
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.peers.peer import Command, Place, first_line
from bench.processes import program
from bench.provider import CLIENT_SECRET, SCOPES, Entra

_TYPES = "type.googleapis.com/envoy.extensions"


def _cluster(name: str, port: int) -> dict[str, Any]:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {
        "name": name,
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }


def _configuration(place: Place, filters: list[dict[str, Any]]) -> dict[str, Any]:
    manager = {
        "@type": f"{_TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "stream_idle_timeout": "3600s",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [
                        *(
                            {"match": {"path": path}, "route": {"cluster": "sockets", "timeout": "0s"}}
                            for path in ("/ws", "/stream")
                        ),
                        {"match": {"prefix": "/"}, "route": {"cluster": "files"}},
                    ],
                }
            ]
        },
        "http_filters": [
            *filters,
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_TYPES}.filters.http.router.v3.Router"},
            },
        ],
    }
    listener = {
        "name": "in",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": place.port}},
        "tcp_backlog_size": 4096,
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
    authority = urlsplit(place.entra.issuer)
    return {
        "static_resources": {
            "listeners": [listener],
            "clusters": [
                _cluster("files", place.files),
                _cluster("sockets", place.sockets),
                _cluster("entra", authority.port or 80),
            ],
        }
    }


def _oauth2(place: Place, entra: Entra) -> dict[str, Any]:
    secrets = {"token": CLIENT_SECRET, "hmac": base64.b64encode(os.urandom(32)).decode()}
    sources = {}
    for name, value in secrets.items():
        resource = {
            "@type": f"{_TYPES}.transport_sockets.tls.v3.Secret",
            "name": name,
            "generic_secret": {"secret": {"inline_string": value}},
        }
        path = place.write(f"{name}.json", json.dumps({"resources": [resource]}))
        sources[name] = {"name": name, "sds_config": {"path_config_source": {"path": path}}}
    return {
        "name": "envoy.filters.http.oauth2",
        "typed_config": {
            "@type": f"{_TYPES}.filters.http.oauth2.v3.OAuth2",
            "config": {
                "token_endpoint": {"cluster": "entra", "uri": entra.token_endpoint, "timeout": "5s"},
                "authorization_endpoint": entra.authorization_endpoint,
                "redirect_uri": f"{place.url}/callback",
                "redirect_path_matcher": {"path": {"exact": "/callback"}},
                "signout_path": {"path": {"exact": "/signout"}},
                "forward_bearer_token": True,
                "use_refresh_token": True,
                "auth_scopes": SCOPES.split(),
                "credentials": {
                    "client_id": entra.client_id,
                    "token_secret": sources["token"],
                    "hmac_secret": sources["hmac"],
                },
            },
        },
    }


class Envoy:
    """See `Peer`."""

    name = "Envoy, without sign-in"
    callback = ""

    def program(self) -> str | None:
        """See `Peer.program`."""
        return program("envoy", beside=[Path(sysconfig.get_path("scripts"))])

    def version(self) -> str:
        """See `Peer.version`."""
        found = re.search(r"/(\d+\.\d+\.\d+)[-/]", first_line(self.program() or "", "--version"))
        return found[1] if found else "?"

    def command(self, place: Place) -> Command:
        """See `Peer.command`."""
        return self._start(place, [])

    def _start(self, place: Place, filters: list[dict[str, Any]]) -> Command:
        configuration = place.write("envoy.json", json.dumps(_configuration(place, filters)))
        words = [self.program() or "", "-c", configuration, "--concurrency", "1", "--log-level", "error"]
        return Command([*words, "--disable-hot-restart", "--service-node", "bench", "--service-cluster", "bench"])


class EnvoyOAuth2(Envoy):
    """See `Peer`."""

    name = "Envoy with OAuth2 filter"
    callback = "/callback"

    def command(self, place: Place) -> Command:
        """See `Peer.command`."""
        return self._start(place, [_oauth2(place, place.entra)])

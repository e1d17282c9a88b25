"""What is compared: one module for each, with the configuration it runs with."""

from __future__ import annotations

from bench.peers.apache import Apache
from bench.peers.caddy import Caddy
from bench.peers.envoy import Envoy, EnvoyOAuth2
from bench.peers.haproxy import HAProxy
from bench.peers.lampgate import Lampgate
from bench.peers.nginx import Nginx
from bench.peers.oauth2_proxy import OAuth2Proxy
from bench.peers.peer import Peer

#: In the order of the tables.
PEERS: tuple[Peer, ...] = (
    Lampgate(), Nginx(), HAProxy(), Envoy(), Caddy(), EnvoyOAuth2(), Apache(), OAuth2Proxy(),
)  # fmt: skip

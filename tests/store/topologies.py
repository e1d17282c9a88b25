"""Arrangements of several servers: a primary with a replica and a sentinel, a cluster of three, TLS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from lampgate.config.settings import RedisStoreSettings, SentinelSettings, StoreTlsSettings
from tests.store.replicas import settings
from tests.store.servers import Server, free_port, stop_all, until

MASTER = "sessions"
_SLOTS = 16_384


@dataclass
class Guarded:
    """A primary, its replica and a sentinel that fails over."""

    primary: Server
    replica: Server
    sentinel: Server

    @property
    def settings(self) -> RedisStoreSettings:
        return settings(
            self.sentinel,
            topology="sentinel",
            sentinel=SentinelSettings(master_name=MASTER),
            connect_timeout=0.5,
            operation_timeout=0.5,
        )


@contextmanager
def guarded(folder: Path) -> Iterator[Guarded]:
    primary = Server(folder / "primary")
    replica = Server(
        folder / "replica", "--replicaof", "127.0.0.1", str(primary.port), "--repl-diskless-sync-delay", "0"
    )
    configuration = folder / "sentinel.conf"
    configuration.write_text(
        f"sentinel monitor {MASTER} 127.0.0.1 {primary.port} 1\n"
        f"sentinel down-after-milliseconds {MASTER} 300\n"
        f"sentinel failover-timeout {MASTER} 2000\n"
    )
    sentinel = Server(folder / "sentinel", mode=(str(configuration), "--sentinel"))
    try:
        primary.ready()
        replica.ready()
        until(lambda: b"master_link_status:up" in _replication(replica), "the replica is in step")
        sentinel.ready()
        until(lambda: sentinel.command("SENTINEL", "REPLICAS", MASTER), "the sentinel knows the replica")
        yield Guarded(primary, replica, sentinel)
    finally:
        stop_all((sentinel, replica, primary))


def _replication(server: Server) -> bytes:
    with server.client() as client:
        return repr(client.info("replication")).replace("'", "").replace(": ", ":").encode()


@dataclass
class Cluster:
    """Three primaries without replicas."""

    servers: list[Server]

    @property
    def settings(self) -> RedisStoreSettings:
        return settings(
            self.servers[0],
            topology="cluster",
            addresses=tuple(server.address for server in self.servers),
            connect_timeout=0.5,
            operation_timeout=0.5,
        )


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    servers = [
        Server(folder / str(number), "--cluster-enabled", "yes", "--cluster-node-timeout", "1000")
        for number in range(3)
    ]
    try:
        for server in servers:
            server.ready()
        share = _SLOTS // 3 + 1
        for number, server in enumerate(servers):
            server.command("CLUSTER", "ADDSLOTS", *range(number * share, min((number + 1) * share, _SLOTS)))
            server.command("CLUSTER", "MEET", "127.0.0.1", servers[0].port)
        for server in servers:
            until(lambda server=server: _is_complete(server), "the cluster is complete")
        yield Cluster(servers)
    finally:
        stop_all(servers)


def _is_complete(server: Server) -> bool:
    info = server.command("CLUSTER", "INFO")
    assert isinstance(info, bytes)
    return b"cluster_state:ok" in info and b"cluster_known_nodes:3" in info


@dataclass
class Certificates:
    """A certificate authority, the server's certificate and a client's, as files."""

    folder: Path

    def __post_init__(self) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca))
        for name, issued in (
            ("server", authority.issue_cert("127.0.0.1")),
            ("client", authority.issue_cert("lampgate.example.com")),
            ("elsewhere", authority.issue_cert("elsewhere.example.com")),
        ):
            issued.private_key_pem.write_to_path(str(self.folder / f"{name}.key"))
            issued.cert_chain_pems[0].write_to_path(str(self.folder / f"{name}.pem"))

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def tls(self, *, client: bool = True, trusted: bool = True, verify: bool = True) -> StoreTlsSettings:
        return StoreTlsSettings(
            ca_file=self.ca if trusted else None,
            client_certificate=self.folder / "client.pem" if client else None,
            client_key=self.folder / "client.key" if client else None,
            verify=verify,
        )


@contextmanager
def with_tls(certificates: Certificates, name: str = "server", *, clients: bool = True) -> Iterator[Server]:
    """A server that speaks TLS only.

    :param clients: whether clients need a certificate.
    """
    folder = certificates.folder
    server = Server(
        folder / f"with-tls-{name}",
        *("--tls-port", str(port := free_port()), "--port", "0"),
        *("--tls-cert-file", str(folder / f"{name}.pem"), "--tls-key-file", str(folder / f"{name}.key")),
        *("--tls-ca-cert-file", str(certificates.ca), "--tls-auth-clients", "yes" if clients else "no"),
        port=port,
        tls={
            "ssl": True,
            "ssl_cert_reqs": ssl.CERT_NONE,
            "ssl_check_hostname": False,
            "ssl_certfile": str(folder / "client.pem"),
            "ssl_keyfile": str(folder / "client.key"),
        },
    )
    try:
        yield server.ready()
    finally:
        server.stop()

"""What the applications print: one plausible line at a time, by the application's name."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

_PATHS: Final = ("/", "/products", "/products/17", "/cart", "/search?q=lamp", "/healthz", "/checkout")
_STATUSES: Final = (200, 200, 200, 200, 200, 304, 404, 500)


def line(app: str, container: str, rng: random.Random) -> str:
    """The next line of a container."""
    return _LINES.get(container, _LINES.get(app, _heartbeat))(rng)


def _web(rng: random.Random) -> str:
    return (
        f'10.244.0.{rng.randint(2, 250)} "GET {rng.choice(_PATHS)} HTTP/1.1" {rng.choice(_STATUSES)} '
        f"{rng.randint(120, 48_000)} {rng.randint(1, 240)}ms"
    )


def _service(rng: random.Random) -> str:
    return (
        f'level=info msg="request served" route={rng.choice(_PATHS)} status={rng.choice(_STATUSES)} '
        f"duration={rng.randint(1, 90)}ms trace={rng.getrandbits(64):016x}"
    )


def _database(rng: random.Random) -> str:
    return rng.choice(
        (
            "LOG:  checkpoint starting: time",
            f"LOG:  checkpoint complete: wrote {rng.randint(10, 900)} buffers ({rng.random() * 5:.1f}%)",
            f"LOG:  duration: {rng.random() * 900:.3f} ms  execute orders_of_customer",
        )
    )


def _dns(rng: random.Random) -> str:
    name = rng.choice(("catalog.shop", "cart.shop", "orders-db.shop", "prometheus.monitoring"))
    client = f"10.244.0.{rng.randint(2, 250)}:{rng.randint(30000, 60000)}"
    return f'[INFO] {client} "A IN {name}.svc.cluster.local. udp" NOERROR'


def _prometheus(rng: random.Random) -> str:
    return f'level=info component=tsdb msg="Head GC completed" caller=head.go duration={rng.random() * 20:.3f}ms'


def _cache(rng: random.Random) -> str:
    return f"1:M * {rng.randint(1, 400)} changes in 60 seconds. Saving..."


def _heartbeat(rng: random.Random) -> str:
    return f'level=info msg="sync done" objects={rng.randint(3, 400)} duration={rng.randint(2, 700)}ms'


_LINES: Final[dict[str, Callable[[random.Random], str]]] = {
    "web": _web,
    "catalog": _service,
    "cart": _service,
    "checkout": _service,
    "orders-db": _database,
    "coredns": _dns,
    "prometheus": _prometheus,
    "cache": _cache,
}

"""Which upstream a path belongs to: the longest match wins."""

from __future__ import annotations

from collections.abc import Iterable

from lampgate.config.settings import UpstreamSettings


class Routes:
    """The upstreams by path. A path that ends in ``/`` matches everything below it, another one only itself."""

    def __init__(self, upstreams: Iterable[UpstreamSettings]) -> None:
        self._upstreams = tuple(sorted(upstreams, key=lambda upstream: len(upstream.path), reverse=True))

    def find(self, path: str) -> UpstreamSettings | None:
        """The upstream for a canonical path; None where nothing matches."""
        for upstream in self._upstreams:
            route = upstream.path
            if path == route or (route.endswith("/") and path.startswith(route)):
                return upstream
        return None

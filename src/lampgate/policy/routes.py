"""Which upstream a path belongs to. The order is oauth2-proxy's: expressions first, then the longest match wins."""

from __future__ import annotations

from collections.abc import Iterable

from lampgate.config.settings import UpstreamSettings
from lampgate.policy.rewriting import Rewriting


class Routes:
    """The upstreams by path. A path that ends in ``/`` matches everything below it, another one only itself.

    An upstream with a rewrite target has a regular expression in the place of a path; the longest is tried first.

    :ivar rewritings: of the upstreams that have one, by their id.
    """

    def __init__(self, upstreams: Iterable[UpstreamSettings]) -> None:
        by_length = sorted(upstreams, key=lambda upstream: len(upstream.path), reverse=True)
        self.rewritings = {upstream.id: Rewriting(upstream) for upstream in by_length if upstream.rewrite_target}
        self._patterns = tuple(
            (self.rewritings[upstream.id], upstream) for upstream in by_length if upstream.rewrite_target
        )
        paths = [upstream for upstream in by_length if not upstream.rewrite_target]
        self._exact = {upstream.path: upstream for upstream in paths}
        self._prefixes = tuple((upstream.path, upstream) for upstream in paths if upstream.path.endswith("/"))

    def find(self, path: str) -> UpstreamSettings | None:
        """The upstream for a canonical path; None where nothing matches."""
        if self._patterns and path != "*":
            for rewriting, upstream in self._patterns:
                if rewriting.matches(path):
                    return upstream
        exact = self._exact.get(path)
        if exact is not None:
            return exact
        for prefix, upstream in self._prefixes:
            if path.startswith(prefix):
                return upstream
        return None

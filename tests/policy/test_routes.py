from __future__ import annotations

import pytest

from lampgate.config.settings import UpstreamSettings
from lampgate.policy.routes import Routes

ROUTES = Routes(
    UpstreamSettings(id=path, path=path, url="http://up")
    for path in ("/api/", "/api/special/", "/exact", "/api/special/exact")
)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/", "/api/"), ("/api/x", "/api/"), ("/api", None), ("/apix", None), ("/api/special/x", "/api/special/"),
        ("/api/special", "/api/"), ("/api/special/exact", "/api/special/exact"),
        ("/api/special/exact/", "/api/special/"),
        ("/exact", "/exact"), ("/exact/", None), ("/", None), ("*", None),
    ],
)  # fmt: skip
def test_the_longest_match_wins(path: str, route: str | None) -> None:
    upstream = ROUTES.find(path)
    assert (upstream.path if upstream else None) == route

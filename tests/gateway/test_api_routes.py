"""What the operator calls an API is never led to a sign-in, whatever the browser says it wants."""

from __future__ import annotations

import pytest

from lampgate.config.settings import PortalSettings
from tests.gateway.stage import Stage
from tests.gateway.test_gate import NAVIGATION

PORTAL = PortalSettings(api_routes=("^/api/", r"\?format=json$"))


@pytest.mark.parametrize(
    ("path", "is_api"),
    [
        ("/api/x", True),
        ("/%61pi/x", True),
        ("/x?format=json", True),
        ("/x", False),
        ("/x/api/", False),
        ("/x?y=/api/", False),
        ("/api", False),
    ],
)
async def test_who_is_told_and_who_is_led(path: str, *, is_api: bool) -> None:
    async with Stage(portal=PORTAL) as stage:
        client = await stage.client()
        client.sends(stage.request(f"GET {path} HTTP/1.1", *NAVIGATION, signed_in=False))
        status, headers, _body = await client.gets_answer()
        assert stage.origin_untouched
        assert bool(stage.portal_requests) is not is_api
        if is_api:
            assert status == 401
            assert headers["content-type"] == "application/json"


async def test_with_a_session_nothing_is_different() -> None:
    async with Stage(portal=PORTAL) as stage:
        client = await stage.client()
        client.sends(stage.request("GET /api/x HTTP/1.1", *NAVIGATION))
        origin = await stage.origin()
        await origin.receives_head()
        origin.answers_ok()
        assert (await client.gets_answer())[0] == 200

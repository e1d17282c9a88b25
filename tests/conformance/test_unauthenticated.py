"""Requests without a session: who is led to the provider, and who is told (oauth2-proxy's §2.5)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.conformance.stage import NAVIGATES, outcome

START, PAGE, TOLD = "served /oauth2/start", "served /oauth2/sign_in", "401"
API = "--api-route=^/api/"


@pytest.mark.parametrize(
    ("flags", "line", "headers", "expected"),
    [
        ([], "GET /x", NAVIGATES, START),
        (["--skip-provider-button=false"], "GET /x", NAVIGATES, PAGE),
        (["--proxy-prefix=/gate"], "GET /x", NAVIGATES, "served /gate/start"),
        ([], "GET /x", ["Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], START),
        # oauth2-proxy knows only Accept: application/json; and sends everything else to the provider, scripts too.
        ([], "GET /x", ["Accept: application/json"], TOLD),
        ([], "GET /x", ["Accept: application/json;q=0.9"], TOLD),
        ([], "GET /x", ["Accept: application/json, text/plain, */*"], TOLD),
        ([], "GET /x", ["Accept: */*"], TOLD),
        ([], "GET /x", [], TOLD),
        ([], "GET /x", ["Sec-Fetch-Mode: cors", "Accept: text/html"], TOLD),
        ([], "GET /x", ["X-Requested-With: XMLHttpRequest", "Accept: text/html"], TOLD),
        ([], "POST /x", NAVIGATES, TOLD),
        ([], "GET /x", ["Connection: Upgrade", "Upgrade: websocket", "Accept: text/html"], TOLD),
        # Paths that the operator calls an API.
        ([API], "GET /api/x", NAVIGATES, TOLD),
        ([API], "GET /api", NAVIGATES, START),
        ([API], "GET /x/api/", NAVIGATES, START),
        (["--api-route=/grpc"], "GET /a/grpc/b", NAVIGATES, TOLD),
        (["--api-route=format=json"], "GET /a?format=json", NAVIGATES, TOLD),
        ([API, "--api-route=^/grpc"], "GET /grpc", NAVIGATES, TOLD),
    ],
)
def test_led_or_told(flags: list[str], line: str, headers: Sequence[str], expected: str) -> None:
    assert outcome(flags, line, *headers) == expected

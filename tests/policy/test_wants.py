from __future__ import annotations

import pytest

from lampgate.policy.problem import Wants
from lampgate.policy.wants import wants
from lampgate.wire.request_parser import RequestParser


@pytest.mark.parametrize(
    ("headers", "path", "wanted"),
    [
        (["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"], "/", Wants.PAGE),
        (["Sec-Fetch-Mode: navigate"], "/clusters/main/x", Wants.PAGE),
        (["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"], "/", Wants.JSON),
        (["Sec-Fetch-Mode: cors", "Accept: text/html"], "/", Wants.JSON),
        (["Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"], "/a.png", Wants.JSON),
        (["Accept: text/html,application/xhtml+xml,*/*;q=0.8"], "/", Wants.PAGE),
        (["Accept: */*"], "/", Wants.JSON),
        ([], "/", Wants.JSON),
        (["Accept: text/html", "X-Requested-With: XMLHttpRequest"], "/", Wants.JSON),
        (["Accept: application/json"], "/clusters/main/api/v1/pods", Wants.STATUS),
        (["Connection: Upgrade", "Upgrade: websocket", "Accept: text/html"], "/clusters/main/api", Wants.STATUS),
    ],
)
def test_wants(headers: list[str], path: str, wanted: Wants) -> None:
    block = "\r\n".join(["GET / HTTP/1.1", "Host: a", *headers, "", ""]).encode()
    assert wants(RequestParser().parse(block), path) is wanted

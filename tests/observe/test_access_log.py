from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from lampgate.observe.access_log import AccessLog, quoted
from lampgate.observe.oauth2_proxy_log import OAuth2ProxyLog


class Schedule:
    """Keeps what was scheduled, to be run when the test says."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def __call__(self, _delay: float, call: Callable[[], None]) -> None:
        self.calls.append(call)


def record(log: AccessLog, path: str = "/", status: int = 200) -> None:
    log.record(status=status, method="GET", path=path, user=quoted('o"brien\\'), client="::1", sent=3, seconds=0.0123)


def test_lines_are_written_together_and_are_json() -> None:
    written: list[bytes] = []
    schedule = Schedule()
    log = AccessLog(written.append, schedule)
    for number in range(3):
        record(log, f'/{number}"\u2028ü')
    assert not written
    (flush,) = schedule.calls
    flush()
    (block,) = written
    lines = [json.loads(line) for line in block.splitlines()]
    assert [line["path"] for line in lines] == [f'/{number}"\u2028ü' for number in range(3)]
    assert lines[0] | {"time": ""} == {
        "time": "", "status": 200, "method": "GET", "path": '/0"\u2028ü', "user": 'o"brien\\', "client": "::1",
        "bytes": 3, "ms": 12.3,
    }  # fmt: skip


def test_many_lines_do_not_wait() -> None:
    written: list[bytes] = []
    log = AccessLog(written.append, Schedule())
    for _ in range(500):
        record(log)
    assert b"".join(written).count(b"\n") == 500


def test_silence() -> None:
    written: list[bytes] = []
    log = AccessLog(written.append, Schedule(), silent_paths=frozenset(("/ping",)))
    record(log, "/ping")
    log.flush()
    assert not written
    disabled = AccessLog(written.append, Schedule(), enabled=False)
    record(disabled)
    disabled.flush()
    assert not written


class Request:
    version = "1.1"
    host = b"dash.example"

    def __init__(self, **headers: bytes) -> None:
        self._headers = {name.replace("_", "-").encode(): value for name, value in headers.items()}

    def first(self, folded: bytes) -> bytes:
        return self._headers.get(folded, b"")


def test_the_layout_of_oauth2_proxy() -> None:
    written: list[bytes] = []
    log = OAuth2ProxyLog(written.append, Schedule(), silent_paths=frozenset(("/ping",)))
    request = Request(user_agent=b'Moz "x"', x_request_id=b"7f3a")
    fields: dict[str, Any] = {"status": 200, "method": "GET", "client": "10.0.0.7", "sent": 1870, "seconds": 0.0132}
    log.record(path="/a b", user=quoted("rita@company.com"), request=request, **fields)
    log.record(path="/", user="", request=Request(x_request_id=b"a\nb - x"), **fields)
    log.record(path="/ping", user="", request=request, **fields)
    log.record(path="", user="", request=None, **fields | {"method": "", "client": ""})
    log.flush()
    lines = b"".join(written).decode().splitlines()
    times = re.compile(r"\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\]")
    assert [times.sub("[at]", line) for line in lines] == [
        '10.0.0.7 - 7f3a - rita@company.com [at] dash.example GET - "/a b" HTTP/1.1 "Moz \\"x\\"" 200 1870 0.013',
        '10.0.0.7 - "a\\nb - x" - - [at] dash.example GET - "/" HTTP/1.1 "" 200 1870 0.013',
        '- - - - - [at] - - - "" - "" 200 1870 0.013',
    ]

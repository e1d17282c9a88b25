from __future__ import annotations

import json
from collections.abc import Callable

from lampgate.observe.access_log import AccessLog, quoted


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

from __future__ import annotations

import pytest

from lampgate.config.oauth2_proxy.durations import is_bare_number, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("15m", 900.0),
        ("168h0m0s", 604800.0),
        ("1h30m", 5400.0),
        ("1.5h", 5400.0),
        (".5s", 0.5),
        ("1.s", 1.0),
        ("300ms", 0.3),
        ("2us", 2e-6),
        ("2µs", 2e-6),
        ("2μs", 2e-6),
        ("1ns", 1e-9),
        ("-1m", -60.0),
        ("+1m", 60.0),
        ("1m1m", 120.0),
        ("1.1h", 3960.0),
    ],
)
def test_durations_as_go_reads_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "15", "1.5", "m", "1 h", "1h ", "1d", "1h30", "h1", "--1h", "0x1h", "1e3s", "٣m", ".", ".s", "9" * 63 + "h"],
)
def test_what_go_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("300", True), ("1.5", True), ("-3", True), ("3s", False), ("", False)]
)
def test_bare_numbers(text: str, expected: bool) -> None:
    assert is_bare_number(text) is expected

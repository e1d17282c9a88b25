"""Durations as Go writes them: ``1h30m``, ``300ms``, ``168h0m0s`` (Go, package time, ParseDuration)."""

from __future__ import annotations

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_DURATION = re.compile(rf"[-+]?(?:0|(?:{_PART.pattern})+)", re.ASCII)
_MAX_LENGTH = 64
#: Go counts nanoseconds in 64 bits: about 292 years.
MAX_SECONDS = (2**63 - 1) / 1e9


def parse_duration(text: str) -> float:
    """Seconds.

    :raises ValueError: not a duration. The message does not hold the text.
    """
    if len(text) > _MAX_LENGTH or not _DURATION.fullmatch(text):
        raise ValueError("not a duration")
    seconds = sum((float(match[1]) * _UNITS[match[2]] for match in _PART.finditer(text)), 0.0)
    if seconds > MAX_SECONDS:
        raise ValueError("a duration beyond 292 years")
    # Sums of fractions, such as 1.1h, would otherwise end in noise below a nanosecond.
    seconds = round(seconds, 9)
    return -seconds if text.startswith("-") else seconds


def is_bare_number(text: str) -> bool:
    """Whether the text is a number without a unit, which looks like seconds and is not."""
    return re.fullmatch(r"[-+]?[0-9]{1,30}(?:\.[0-9]{1,30})?", text, re.ASCII) is not None

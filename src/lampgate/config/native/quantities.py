"""Durations (``15m``, ``1h30m``, or seconds) and sizes (``64KiB``, or bytes): read and written. Pure."""

from __future__ import annotations

import re

from lampgate.config.oauth2_proxy.durations import parse_duration

_SIZE = re.compile(r"([0-9]{1,15})\s?(B|KiB|MiB|GiB|kB|MB|GB)?", re.ASCII)
#: IEC 80000-13 for the binary ones.
_FACTORS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}

#: What the JSON Schema says of a text with a duration or a size.
DURATION_PATTERN = r"^[+-]?(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$"
SIZE_PATTERN = r"^[0-9]{1,15} ?(B|KiB|MiB|GiB|kB|MB|GB)?$"

DURATION_REMEDY = "Write a number with a unit, e.g. 30s, 15m or 12h, or plain seconds"
SIZE_REMEDY = "Write a number with a unit, e.g. 64KiB or 10MiB, or plain bytes"


def read_duration(value: object) -> float:
    """Seconds.

    :raises ValueError: neither a number nor a duration; the message does not hold the value.
    """
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a duration")
    return float(value)


def read_size(value: object) -> int:
    """Bytes.

    :raises ValueError: neither a whole number nor a size; the message does not hold the value.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("not a size")
    return int(match[1]) * _FACTORS[match[2] or "B"]


def duration_text(seconds: float) -> str | float:
    """A duration as a person would write it; what has no short form stays a number of seconds."""
    if seconds <= 0 or seconds != int(seconds):
        return seconds if seconds != int(seconds) else int(seconds)
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return "".join(f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m"), (left, "s")) if number)


def size_text(size: int) -> str | int:
    """A size as a person would write it."""
    for unit in ("GiB", "MiB", "KiB"):
        if size and size % _FACTORS[unit] == 0:
            return f"{size // _FACTORS[unit]}{unit}"
    return size

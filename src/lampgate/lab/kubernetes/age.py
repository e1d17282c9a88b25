"""Ages as kubectl prints them: ``45s``, ``5m30s``, ``3d4h`` (k8s.io/apimachinery/pkg/util/duration)."""

from __future__ import annotations

from datetime import datetime

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 31536000


def human(seconds: float) -> str:
    """A duration, the coarser the longer."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    whole = max(whole, 0)
    if whole < 2 * _MINUTE:
        return f"{whole}s"
    if whole < 10 * _MINUTE:
        return _pair(whole, _MINUTE, "m", 1, "s")
    if whole < 3 * _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < 8 * _HOUR:
        return _pair(whole, _HOUR, "h", _MINUTE, "m")
    if whole < 2 * _DAY:
        return f"{whole // _HOUR}h"
    if whole < 8 * _DAY:
        return _pair(whole, _DAY, "d", _HOUR, "h")
    if whole < 2 * _YEAR:
        return f"{whole // _DAY}d"
    if whole < 8 * _YEAR:
        return _pair(whole, _YEAR, "y", _DAY, "d")
    return f"{whole // _YEAR}y"


def since(timestamp: str | None, now: float) -> str:
    """How long ago an RFC 3339 moment was; ``<unknown>`` without one."""
    if not timestamp:
        return "<unknown>"
    return human(now - datetime.fromisoformat(timestamp).timestamp())


def _pair(seconds: int, unit: int, name: str, small: int, small_name: str) -> str:
    whole, rest = divmod(seconds, unit)
    return f"{whole}{name}{rest // small}{small_name}" if rest // small else f"{whole}{name}"

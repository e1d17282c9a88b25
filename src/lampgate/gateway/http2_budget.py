"""How much of what costs the gateway more than the client a connection may do (CVE-2023-44487 and its relatives)."""

from __future__ import annotations


class Budget:
    """A bucket that refills: something may happen often for a moment, and at a rate for long. Pure.

    :param most: how often at once.
    :param per_second: how often for long.
    """

    __slots__ = ("_at", "_left", "_most", "_per_second")

    def __init__(self, most: float, per_second: float) -> None:
        self._most = most
        self._per_second = per_second
        self._left = most
        self._at = 0.0

    def spend(self, now: float) -> bool:
        """It has happened.

        :param now: seconds; must not go back.
        :returns: whether that was still within the budget.
        """
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        self._left -= 1
        return self._left >= 0

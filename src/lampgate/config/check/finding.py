"""What a check is about (`Rule`) and what it found (`Finding`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from lampgate.config.settings import Place

if TYPE_CHECKING:
    from lampgate.config.check.subject import Subject


class Severity(IntEnum):
    """How bad it is."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be wrong.

    :ivar code: stable.
    :ivar title: what is the case, in one sentence without a full stop.
    :ivar why: what comes of it.
    :ivar fix: what to do.
    """

    code: str
    severity: Severity
    title: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken at a place.

    :ivar sentence: what is the case here, where that says more than the rule's title.
    :ivar fix: what to do here, where that says more than the rule's.
    """

    rule: Rule
    place: Place | None = None
    sentence: str = ""
    fix: str = ""

    @property
    def text(self) -> str:
        """What is the case."""
        return self.sentence or self.rule.title

    @property
    def remedy(self) -> str:
        """What to do."""
        return self.fix or self.rule.fix


Check = Callable[["Subject"], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that belong together, and the functions that look for them."""

    title: str
    rules: tuple[Rule, ...]
    checks: tuple[Check, ...]

"""Which value of an option counts: command line before environment before file before default.

Also reports what was given and does not count, what lampgate does not do, and what may not stand beside the alpha
configuration. Nothing is dropped without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from lampgate.config.errors import UnsupportedSettingError
from lampgate.config.findings import Findings
from lampgate.config.oauth2_proxy.inventory import BY_FLAG
from lampgate.config.oauth2_proxy.options import Given, Source
from lampgate.config.oauth2_proxy.standing import report
from lampgate.config.oauth2_proxy.written import Written

_STRENGTH: Mapping[Source, int] = {"argument": 0, "environment": 1, "file": 2}

_T = TypeVar("_T", bool, float, str, tuple[str, ...])


class Options:
    """The options that count."""

    def __init__(self, given: Mapping[str, Given]) -> None:
        self._given = given

    def written(self, flag: str, kind: type[_T]) -> Written[_T] | None:
        """The value that was written; None where there is only the default.

        :param kind: the Python type of the option's values.
        """
        given = self._given.get(flag)
        if given is None:
            self.default(flag, kind)
            return None
        return Written(_of(kind, given.value, flag), given.place)

    def value(self, flag: str, kind: type[_T]) -> _T:
        """The value that was written, or the default."""
        written = self.written(flag, kind)
        return written.value if written is not None else self.default(flag, kind)

    def default(self, flag: str, kind: type[_T]) -> _T:
        """oauth2-proxy's default."""
        return _of(kind, BY_FLAG[flag].default, flag)


def _of(kind: type[_T], value: object, flag: str) -> _T:
    if not isinstance(value, kind):
        raise TypeError(f"--{flag} is not of {kind}")
    return value


def resolve(given: Iterable[Given], *, beside_alpha: bool, findings: Findings) -> Options:
    """Choose between what the sources give, and report on every option that is given.

    :param beside_alpha: whether there is an alpha configuration, which takes the place of many options.
    """
    resolved: dict[str, Given] = {}
    for candidate in sorted(given, key=lambda each: _STRENGTH[each.source]):
        option = candidate.option
        if beside_alpha and not option.beside_alpha:
            _report_beside_alpha(candidate, findings)
            continue
        winner = resolved.setdefault(option.flag, candidate)
        if winner is not candidate and winner.value != candidate.value:
            findings.note(
                "config.overridden",
                f"{option.flag} does not count here: it is also given at {winner.place}, which goes first",
                candidate.place,
            )
    for candidate in resolved.values():
        option = candidate.option
        report(option.standing, option.flag, candidate.value, option.default, candidate.place, findings)
    return Options(resolved)


def _report_beside_alpha(given: Given, findings: Findings) -> None:
    option = given.option
    if given.source == "environment":
        findings.note(
            "config.environment-ignored",
            f"{given.place.key} is ignored beside the alpha configuration, as in oauth2-proxy; "
            f"write it into the alpha configuration, e.g. as a variable",
            given.place,
        )
        return
    name = f"--{option.flag}" if given.source == "argument" else option.key
    findings.error(
        UnsupportedSettingError,
        f"{name} cannot stand beside the alpha configuration, in oauth2-proxy neither",
        place=given.place,
        remedy="Remove it, and write its counterpart into the alpha configuration",
    )

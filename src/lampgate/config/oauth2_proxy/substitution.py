"""Environment variables in oauth2-proxy's alpha configuration (a8m/envsubst 1.4, as oauth2-proxy uses it).

``$NAME``, ``${NAME}``, and ``${NAME:-text}``, ``:=``, ``-``, ``=``, ``+``, ``:+``; ``$$`` is a dollar. A dollar
before anything else stays, and so do ``$1``, ``$2`` …, which are groups of a regular expression. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_OPERATOR = re.compile(r":?[-=+]")
_MAX_NESTING = 8
#: A variable's name that can be shown. Anything else may be the rest of a secret with a dollar in it.
_SHOWN_NAME = re.compile(r"[A-Z][A-Z0-9_]{2,63}", re.ASCII)


class SubstitutionError(Exception):
    """The text cannot be substituted in.

    :ivar line: the line, from 0.
    """

    def __init__(self, sentence: str, line: int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.line = line


@dataclass(frozen=True, slots=True)
class Substituted:
    """The result.

    :ivar lines: for each line of ``text`` the line of the source it came from, from 0.
    :ivar unset: the variables that were used without a default and are not set, with their line.
    """

    text: str = field(repr=False)
    lines: Sequence[int]
    unset: tuple[tuple[str, int], ...] = ()


def shown_variable(name: str) -> str:
    """A variable's name for people to read."""
    return f"${name}" if _SHOWN_NAME.fullmatch(name) else "A variable used here"


def substitute(text: str, environment: Mapping[str, str]) -> Substituted:
    """Put the values in.

    :raises SubstitutionError: a ``${`` without its brace on the same line, or without a name.
    """
    scan = _Scan(text, environment)
    scan.run()
    return Substituted("".join(scan.parts), tuple(scan.lines), tuple(scan.unset))


class _Scan:
    def __init__(self, text: str, environment: Mapping[str, str], *, line: int = 0, depth: int = 0) -> None:
        self._text = text
        self._environment = environment
        self._line = line
        self._depth = depth
        self.parts: list[str] = []
        self.lines = [line]
        self.unset: list[tuple[str, int]] = []

    def run(self) -> None:
        position = 0
        while (dollar := self._text.find("$", position)) >= 0:
            self._source(self._text[position:dollar])
            position = self._dollar(dollar)
        self._source(self._text[position:])

    def _source(self, text: str) -> None:
        self.parts.append(text)
        for _ in range(text.count("\n")):
            self._line += 1
            self.lines.append(self._line)

    def _value(self, text: str) -> None:
        self.parts.append(text)
        self.lines.extend([self._line] * text.count("\n"))

    def _dollar(self, at: int) -> int:
        """Work off the dollar at ``at``. Returns where to go on."""
        following = self._text[at + 1 : at + 2]
        if following == "$":
            self._value("$")
            return at + 2
        if following == "{":
            return self._braces(at)
        name = _NAME.match(self._text, at + 1)
        if name is None or name[0] == "_":
            self._value("$")
            return at + 1
        self._variable(name[0])
        return name.end()

    def _braces(self, at: int) -> int:
        end = self._closing_brace(at + 2)
        name = _NAME.match(self._text, at + 2, end)
        if (name is not None and name[0] == "_" and name.end() == end) or self._text[at + 2 : end].isdecimal():
            self._value(self._text[at : end + 1])
            return end + 1
        if name is None:
            raise SubstitutionError("“${” is not followed by the name of a variable", self._line)
        if name.end() == end:
            self._variable(name[0])
            return end + 1
        operator = _OPERATOR.match(self._text, name.end(), end)
        if operator is None:
            raise SubstitutionError("“${…}” holds more than the name of a variable", self._line)
        value = self._environment.get(name[0])
        is_given = bool(value) if operator[0].startswith(":") else value is not None
        if operator[0].endswith("+"):
            self._value(self._inner(self._text[operator.end() : end]) if is_given else "")
        else:
            self._value(value or "" if is_given else self._inner(self._text[operator.end() : end]))
        return end + 1

    def _closing_brace(self, start: int) -> int:
        depth, position = 1, start
        while position < len(self._text) and self._text[position] != "\n":
            if self._text.startswith("${", position):
                depth += 1
                position += 1
            elif self._text[position] == "}":
                depth -= 1
                if depth == 0:
                    return position
            position += 1
        raise SubstitutionError("“${” is not closed by “}” on the same line", self._line)

    def _inner(self, text: str) -> str:
        if self._depth >= _MAX_NESTING:
            raise SubstitutionError("“${…}” is nested too deeply", self._line)
        scan = _Scan(text, self._environment, line=self._line, depth=self._depth + 1)
        scan.run()
        self.unset.extend(scan.unset)
        return "".join(scan.parts)

    def _variable(self, name: str) -> None:
        value = self._environment.get(name)
        if value is None:
            self.unset.append((name, self._line))
        self._value(value or "")

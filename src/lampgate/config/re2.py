"""Regular expressions in Go's syntax (RE2, https://golang.org/s/re2syntax), for Python's ``re``. Pure.

What means the same in both is taken over, what is written differently is written anew, and what only one of the two
has (look-around, back-references, ``\\p{Greek}``) is refused by name. Both take the leftmost match and the first
alternative that fits. One difference stays: ``(?i)`` compares ASCII letters only.

RE2 takes time proportional to the length of the text; ``re`` tries again and again. Expressions for which that could
become long are refused by `lampgate.config.backtracking`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from lampgate.config.backtracking import LONGEST_TEXT, MOST_STEPS, Kind, Token, worst_steps

_SIMPLE_ESCAPES = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
#: Inside a class. Python's ``\s`` has the vertical tab as well.
_SETS = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": r"\t\n\f\r ",
    "D": r"\x00-/:-\U0010ffff",
    "W": r"\x00-/:-@\[-\^`{-\U0010ffff",
    "S": r"\x00-\x08\x0b\x0e-\x1f!-\U0010ffff",
}
_POSIX_SETS = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_ANCHORS = {"A": r"\A", "z": r"\Z", "b": r"\b", "B": r"\B"}
_COUNT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}", re.ASCII)
_HIGHEST_COUNT = 1000
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})")
_NAMED = re.compile(r"\(\?P?<([A-Za-z_][A-Za-z0-9_]*)>", re.ASCII)
_FLAGS = re.compile(r"\(\?([is]*)(?:-([is]+))?([:)])")
_POSIX = re.compile(r"\[:(\^?)([a-z]+):\]")
_REFERENCE = re.compile(r"\$(?:(\$)|([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})", re.ASCII)


class PatternError(ValueError):
    """An expression or a replacement that is not taken. The message goes on after its name."""


def compile_re2(pattern: str) -> re.Pattern[str]:
    """The expression for Python.

    :raises PatternError: it is not an expression, is not one in both languages, or could take very long.
    """
    tokens = _Reader(pattern).read()
    source = "".join(token.text for token in tokens)
    try:
        compiled = re.compile(source, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        raise PatternError("is not a valid regular expression") from None
    steps = worst_steps(tokens)
    if steps is None:
        raise PatternError(
            "repeats a group that holds a repetition or an alternative, which can take forever to match; "
            "repeat single characters or classes only"
        )
    if steps > MOST_STEPS:
        raise PatternError(
            f"could take too long with a path of {LONGEST_TEXT} characters; begin it with ^, and let what follows a "
            "repetition be a character that the repetition does not take, as in [^/]+/"
        )
    return compiled


def parse_replacement(template: str, pattern: re.Pattern[str]) -> tuple[str | int, ...]:
    """The parts of a replacement: literal texts, and numbers of groups.

    As Go's ``regexp.Expand``: ``$1``, ``${1}``, ``$name``, ``${name}``, ``$$``; a name is as long as it can be.

    :raises PatternError: a group that the expression does not have, for which Go would put nothing.
    """
    parts: list[str | int] = []
    position = 0
    for match in _REFERENCE.finditer(template):
        parts.append(template[position : match.start()])
        position = match.end()
        name = match[2] or match[3]
        if name is None:
            parts.append("$")
            continue
        number = int(name) if name.isdigit() else pattern.groupindex.get(name, -1)
        if not 0 <= number <= pattern.groups:
            hint = (
                f"; write ${{{name[0]}}}{name[1:]} if ${name[0]} is meant" if name[0].isdigit() and name[1:] else ""
            )
            raise PatternError(f"uses {match[0]}, a group that the path does not have{hint}")
        parts.append(number)
    parts.append(template[position:])
    return tuple(part for part in parts if part != "")


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0
        self._tokens: list[Token] = []
        self._folds = False

    def read(self) -> Sequence[Token]:
        opened = self._leading_flags()
        while self._position < len(self._pattern):
            self._one()
        if self._folds and not self._pattern.isascii():
            raise PatternError("has (?i) beside letters outside ASCII, which Go and Python compare differently")
        self._tokens.extend([Token(Kind.CLOSE, ")")] * opened)
        return self._tokens

    def _leading_flags(self) -> int:
        """Flags for the whole expression become a group around it."""
        opened = 0
        while (match := _FLAGS.match(self._pattern, self._position)) and match[3] == ")" and match[1]:
            if match[2]:
                break
            self._flags(match)
            opened += 1
        return opened

    def _one(self) -> None:
        character = self._pattern[self._position]
        match character:
            case "^":
                self._add(Kind.START, r"\A")
            case "$":
                self._add(Kind.ANCHOR, r"\Z")
            case ".":
                self._add(Kind.CHARACTER, ".")
            case "|":
                self._add(Kind.ALTERNATIVE, "|")
            case ")":
                self._add(Kind.CLOSE, ")")
            case "(":
                self._group()
            case "[":
                self._class()
            case "\\":
                self._escape()
            case "*" | "+" | "?":
                self._repeat(character, int(character == "+"), None if character != "?" else 1, 1)
            case "{" if count := _COUNT.match(self._pattern, self._position):
                self._counted(count)
            case _:
                self._literal(character, 1)

    def _add(self, kind: Kind, text: str, length: int = 1) -> None:
        self._tokens.append(Token(kind, text))
        self._position += length

    def _literal(self, character: str, length: int) -> None:
        self._tokens.append(Token(Kind.CHARACTER, re.escape(character), literal=character))
        self._position += length

    def _group(self) -> None:
        rest = self._pattern[self._position :]
        if not rest.startswith("(?"):
            self._add(Kind.OPEN, "(")
        elif named := _NAMED.match(rest):
            self._add(Kind.OPEN, f"(?P<{named[1]}>", len(named[0]))
        elif (flags := _FLAGS.match(self._pattern, self._position)) and flags[3] == ":":
            self._flags(flags)
        elif flags:
            raise PatternError("changes flags in its middle; put them first, or write (?i:…)")
        elif rest.startswith(("(?=", "(?!", "(?<=", "(?<!")):
            raise PatternError("looks around with (?=, (?!, (?<= or (?<!, which Go's expressions do not have")
        elif re.match(r"\(\?-?[A-Za-z-]+[:)]", rest):
            raise PatternError("has a flag other than i and s, which is not supported")
        else:
            raise PatternError("has a group (?… that Go's expressions do not have")

    def _flags(self, match: re.Match[str]) -> None:
        self._folds = self._folds or "i" in match[1]
        off = f"-{match[2]}" if match[2] else ""
        flags = "".join(sorted(set(match[1])))
        self._add(Kind.OPEN, f"(?{flags}{off}:", len(match[0]))

    def _escape(self) -> None:
        kind = self._pattern[self._position + 1 : self._position + 2]
        if kind in _ANCHORS and kind:
            self._add(Kind.START if kind == "A" else Kind.ANCHOR, _ANCHORS[kind], 2)
        elif kind == "Q":
            end = self._pattern.find("\\E", self._position)
            end = len(self._pattern) if end < 0 else end
            for character in self._pattern[self._position + 2 : end]:
                self._literal(character, 0)
            self._position = end + 2
        elif kind and kind in _SETS:
            self._add(Kind.CHARACTER, f"[{_SETS[kind]}]", 2)
        else:
            character, length = self._escaped()
            self._literal(character, length)

    def _escaped(self) -> tuple[str, int]:
        """The one character that an escape stands for, and the escape's length."""
        rest = self._pattern[self._position + 1 :]
        if not rest:
            raise PatternError("ends in the middle of an escape")
        if rest[0] in _SIMPLE_ESCAPES:
            return _SIMPLE_ESCAPES[rest[0]], 2
        if (code := _HEX.match(rest)) and int(code[1] or code[2], 16) <= 0x10FFFF:
            return chr(int(code[1] or code[2], 16)), 1 + len(code[0])
        if rest[0] in string.punctuation:
            return rest[0], 2
        if rest[0].isdigit():
            raise PatternError(rf"refers back with \{rest[0]}, which Go's expressions do not have")
        if rest[0] in "pP":
            raise PatternError(rf"has a Unicode class (\{rest[0]}), which is not supported; list the characters")
        shown = rf"\{rest[0]}" if rest[0].isascii() and rest[0].isprintable() else "a backslash"
        raise PatternError(f"has {shown}, which is not an escape in Go and in Python both")

    def _class(self) -> None:
        self._position += 1
        parts = ["["]
        if self._pattern.startswith("^", self._position):
            parts.append("^")
            self._position += 1
        first = True
        while first or not self._pattern.startswith("]", self._position):
            if self._position >= len(self._pattern):
                raise PatternError("has a [ without its ]")
            parts.append(self._class_part())
            first = False
        self._position += 1
        self._tokens.append(Token(Kind.CHARACTER, "".join([*parts, "]"])))

    def _class_part(self) -> str:
        """A set, a character or a range within a class."""
        if posix := _POSIX.match(self._pattern, self._position):
            if posix[1] or posix[2] not in _POSIX_SETS:
                raise PatternError("has a class of the form [:name:] that is not supported")
            self._position += len(posix[0])
            return _POSIX_SETS[posix[2]]
        following = self._pattern[self._position + 1 : self._position + 2]
        if self._pattern[self._position] == "\\" and following and following in _SETS:
            self._position += 2
            return _SETS[following]
        low = self._class_character()
        if self._pattern.startswith("-", self._position) and self._pattern[self._position + 1 :][:1] not in ("]", ""):
            self._position += 1
            high = self._class_character()
            if high < low:
                raise PatternError("has a range whose end comes before its beginning")
            return f"{_in_class(low)}-{_in_class(high)}"
        return _in_class(low)

    def _class_character(self) -> str:
        if self._pattern[self._position] == "\\":
            character, length = self._escaped()
        else:
            character, length = self._pattern[self._position], 1
        self._position += length
        return character

    def _counted(self, match: re.Match[str]) -> None:
        least = int(match[1])
        most = least if not match[2] else int(match[3]) if match[3] else None
        if max(least, most or 0) > _HIGHEST_COUNT or (most is not None and most < least):
            raise PatternError(f"repeats with a count that is not valid; {_HIGHEST_COUNT} is the highest")
        self._repeat(match[0], least, most, len(match[0]))

    def _repeat(self, text: str, least: int, most: int | None, length: int) -> None:
        if self._tokens and self._tokens[-1].kind is Kind.REPEAT:
            raise PatternError("repeats a repetition (as in a**), which Go refuses")
        if self._pattern.startswith("?", self._position + length):
            text, length = f"{text}?", length + 1
        self._tokens.append(Token(Kind.REPEAT, text, least=least, most=most))
        self._position += length


def _in_class(character: str) -> str:
    return character if character.isalnum() else f"\\{character}" if character.isascii() else re.escape(character)

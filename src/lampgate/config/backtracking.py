"""How long Python's ``re`` may take with an expression at worst, told from its tokens. Pure.

``re`` tries one possibility after the other, so the steps multiply with every repetition that could end in several
places. Expressions are only taken where this estimate stays small for the longest text they are used on.

Guarded: repeated groups whose content can vary, several repetitions that compete for the same characters, searching
from every position, optional parts and alternatives one behind the other. Not guarded: the constant factor, so a
path made for it can still take some tenths of a second with the worst expression that passes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

#: Characters of the longest text an expression is tried on.
LONGEST_TEXT = 2048
#: About as many steps as ``re`` takes in a few tenths of a second.
MOST_STEPS = 2**24


class Kind(Enum):
    """What a token of an expression is."""

    CHARACTER = "one character, or one of a class"
    START = "the beginning of the text"
    ANCHOR = "another position"
    OPEN = "the beginning of a group"
    CLOSE = "the end of a group"
    ALTERNATIVE = "|"
    REPEAT = "how often the part before it"


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    :ivar text: for Python.
    :ivar literal: of a `Kind.CHARACTER` that is always the same one.
    :ivar least: of a `Kind.REPEAT`.
    :ivar most: of a `Kind.REPEAT`; None: without end.
    """

    kind: Kind
    text: str
    literal: str = ""
    least: int = 1
    most: int | None = 1


def worst_steps(tokens: Sequence[Token]) -> int | None:
    """An upper estimate for a text of `LONGEST_TEXT` characters. None: a repeated group varies in itself.

    :param tokens: of an expression that ``re`` accepts.
    """
    groups = _groups(tokens)
    steps = 1
    endless = competing = 0
    for index, token in enumerate(tokens):
        if token.kind is Kind.ALTERNATIVE:
            steps *= 2
        if token.kind is not Kind.REPEAT or token.least == token.most:
            # A fixed count of something fixed leaves nothing to try, but a fixed count of what varies does.
            if token.kind is Kind.REPEAT and _varies(tokens, groups, index):
                return None
            continue
        if token.most != 1 and _varies(tokens, groups, index):
            return None
        endless += token.most is None
        if _is_stopped(tokens, groups, index):
            continue
        if token.most is None:
            competing += 1
        else:
            steps *= token.most - token.least + 1
    powers = max(competing, 1) if endless else 0
    if endless and not any(token.kind is Kind.START for token in tokens[: _first_of_content(tokens) + 1]):
        powers += 1
    return int(steps * LONGEST_TEXT**powers)


def _groups(tokens: Sequence[Token]) -> dict[int, int]:
    """The index of each group's end by that of its beginning, and the other way round."""
    opened: list[int] = []
    groups: dict[int, int] = {}
    for index, token in enumerate(tokens):
        if token.kind is Kind.OPEN:
            opened.append(index)
        elif token.kind is Kind.CLOSE:
            start = opened.pop()
            groups[start], groups[index] = index, start
    return groups


def _first_of_content(tokens: Sequence[Token]) -> int:
    return next((index for index, token in enumerate(tokens) if token.kind is not Kind.OPEN), 0)


def _varies(tokens: Sequence[Token], groups: dict[int, int], repeat: int) -> bool:
    """Whether what is repeated is a group that can match in several ways."""
    if tokens[repeat - 1].kind is not Kind.CLOSE:
        return False
    return any(
        token.kind is Kind.ALTERNATIVE or (token.kind is Kind.REPEAT and token.least != token.most)
        for token in tokens[groups[repeat - 1] : repeat]
    )


def _is_stopped(tokens: Sequence[Token], groups: dict[int, int], repeat: int) -> bool:
    """Whether the character that has to follow is none that the repetition takes, so that it ends in one place."""
    repeated = tokens[repeat - 1]
    if repeated.kind is not Kind.CHARACTER:
        return False
    for index in range(repeat + 1, len(tokens)):
        token = tokens[index]
        if token.kind is Kind.CLOSE:
            continue
        if token.kind is Kind.REPEAT and token.most == 1 and tokens[index - 1].kind is Kind.CLOSE:
            continue
        if token.kind is Kind.OPEN and not _is_optional(tokens, groups[index]):
            continue
        return (
            bool(token.literal)
            and not _is_optional(tokens, index)
            and re.fullmatch(repeated.text, token.literal, re.ASCII | re.IGNORECASE | re.DOTALL) is None
        )
    return False


def _is_optional(tokens: Sequence[Token], end: int) -> bool:
    following = tokens[end + 1] if end + 1 < len(tokens) else None
    return following is not None and following.kind is Kind.REPEAT and following.least == 0

"""Turns what was written for an option into a value of the option's type, by the rules of where it was written.

On the command line and in the environment everything is text (pflag, viper). The TOML file has types of its own, and
oauth2-proxy converts between them weakly: a text for a boolean, a comma-separated text for a list, a number of
nanoseconds for a duration. No message shows a value.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

from lampgate.config.errors import InvalidValueError
from lampgate.config.findings import Findings
from lampgate.config.nodes import List, Mapping, Node, Scalar
from lampgate.config.oauth2_proxy.durations import is_bare_number, parse_duration
from lampgate.config.oauth2_proxy.options import Kind, Option, Value
from lampgate.config.settings import Place

#: Go, package strconv, ParseBool.
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_NANOSECONDS = 1_000_000_000

_Reading = Callable[[], Value]
_Splitting = Callable[[str], tuple[str, ...]]

_DURATION_REMEDY = "Write a number with a unit, e.g. 30s, 15m or 12h"


class _InvalidError(Exception):
    """The value is not of the option's type. ``remedy`` says what to write."""

    def __init__(self, remedy: str) -> None:
        super().__init__(remedy)
        self.remedy = remedy


def read_argument(option: Option, text: str, place: Place, findings: Findings) -> Value | None:
    """The value of one ``--flag=text``. None, with the error found, where it is not usable."""
    return _read(option, place, findings, lambda: _from_text(option, text, _csv_record))


def read_variable(option: Option, text: str, place: Place, findings: Findings) -> Value | None:
    """The value of an environment variable. None, with the error found, where it is not usable."""
    return _read(option, place, findings, lambda: _from_text(option, text, _split))


def read_node(option: Option, node: Node, findings: Findings) -> Value | None:
    """The value of a key of the TOML file. None, with the error found, where it is not usable."""
    return _read(option, node.place, findings, lambda: _from_node(option, node))


def _read(option: Option, place: Place, findings: Findings, read: _Reading) -> Value | None:
    try:
        return read()
    except _InvalidError as problem:
        findings.error(
            InvalidValueError, f"{option.flag} takes {option.kind.value}", place=place, remedy=problem.remedy
        )
        findings.not_missing(place)
        return None


def _from_text(option: Option, text: str, split: _Splitting) -> Value:
    match option.kind:
        case Kind.BOOLEAN:
            if text not in _BOOLEANS:
                raise _InvalidError("Write true or false")
            return _BOOLEANS[text]
        case Kind.STRING:
            return text
        case Kind.LIST:
            return split(text)
        case Kind.DURATION:
            return _duration(text)
        case Kind.INTEGER:
            if not _INTEGER.fullmatch(text):
                raise _InvalidError("Write a whole number")
            return int(text)


def _from_node(option: Option, node: Node) -> Value:
    if isinstance(node, Mapping):
        raise _InvalidError("Write a plain value; oauth2-proxy's file has no tables")
    if isinstance(node, List):
        if option.kind is not Kind.LIST:
            raise _InvalidError("Write a single value, without brackets")
        texts = tuple(item.text for item in node.items if isinstance(item, Scalar))
        if len(texts) != len(node.items):
            raise _InvalidError('Write a list of texts, e.g. ["a", "b"]')
        return texts
    if option.kind is Kind.DURATION and not isinstance(node.value, str):
        return _nanoseconds(node.value)
    return _from_text(option, node.text, _split)


def _duration(text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError:
        remedy = "Add the unit: s, m or h" if is_bare_number(text) else _DURATION_REMEDY
        raise _InvalidError(remedy) from None
    if seconds < 0:
        raise _InvalidError("Write it without the minus sign")
    return seconds


def _nanoseconds(value: object) -> float:
    # oauth2-proxy takes a bare number for nanoseconds; whoever writes 300 means seconds.
    if isinstance(value, bool) or not isinstance(value, int) or value < 0 or 0 < value < _NANOSECONDS:
        raise _InvalidError('A bare number counts nanoseconds in oauth2-proxy; write a text with a unit, e.g. "15m"')
    return value / _NANOSECONDS


def _csv_record(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    try:
        return tuple(next(csv.reader(io.StringIO(text, newline=""), strict=True), ()))
    except csv.Error:
        raise _InvalidError("Separate the texts by commas, and mind the quotes") from None


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()

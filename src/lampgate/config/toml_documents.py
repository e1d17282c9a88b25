"""Reads TOML into `nodes` (TOML 1.0). The parser's messages quote the document, secrets included: none is passed on.

The standard parser knows no positions, so the lines of the top-level keys are found beside it. oauth2-proxy's file
has no others: a table is kept by its name only, to be refused.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from typing import Any

from lampgate.config.errors import InvalidValueError, PlaceholderLeftError, UnreadableConfigError
from lampgate.config.findings import Findings
from lampgate.config.nodes import Entry, List, Mapping, Node, Origin, Scalar, child_key, item_key, shown
from lampgate.config.settings import Place

_KEY = re.compile(r"""[ \t]*\[{0,2}[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|([A-Za-z0-9_-]+))[ \t]*[.=\]]""")
_ERROR_LINE = re.compile(r"\(at line (\d+), column \d+\)$")
_UNQUOTED_PLACEHOLDER = re.compile(r"[ \t]*([A-Za-z0-9_-]+)[ \t]*=[ \t]*<[^<>\n]*>[ \t]*(?:#.*)?")


def read_toml(text: str, origin: Origin, findings: Findings) -> Mapping | None:
    """The document. None, with the error found, where it cannot be read."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        _report(text, str(error), origin, findings)
        return None
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n")):
        if match := _KEY.match(line):
            lines.setdefault(match[1] or match[2] or match[3] or "", number)
    entries = []
    for key, value in table.items():
        place = origin.place(lines.get(key, 0), child_key("", key))
        node = _node(value, place, findings)
        if node is not None:
            entries.append(Entry(key, node, place))
    return Mapping(tuple(entries), origin.place(0, ""))


def _node(value: Any, place: Place, findings: Findings) -> Node | None:
    match value:
        case dict():
            return Mapping((), place)
        case list():
            items = [
                _node(item, replace(place, key=item_key(place.key, index)), findings)
                for index, item in enumerate(value)
            ]
            return List(tuple(item for item in items if item is not None), place)
        case bool():
            return Scalar(value, "true" if value else "false", place)
        case str() | float():
            return Scalar(value, str(value), place)
        case int() if abs(value) < 1 << 63:
            return Scalar(value, str(value), place)
        case _:
            findings.error(
                InvalidValueError,
                "No setting takes a date, or a number as large as this",
                place=place,
                remedy="Put the value in double quotes, or correct it",
            )
            return None


def _report(text: str, message: str, origin: Origin, findings: Findings) -> None:
    match = _ERROR_LINE.search(message)
    lines = text.split("\n")
    number = min(int(match[1]) - 1, len(lines) - 1) if match else len(lines) - 1
    if placeholder := _UNQUOTED_PLACEHOLDER.fullmatch(lines[number].rstrip("\r")):
        key = placeholder[1]
        findings.error(
            PlaceholderLeftError,
            f"{shown(key)} is still a placeholder in angle brackets",
            remedy="Put the value there, in double quotes",
            place=origin.place(number, child_key("", key)),
        )
        return
    findings.error(
        UnreadableConfigError,
        "This is not valid TOML, the format of oauth2-proxy's configuration file",
        remedy='Check the quotes and brackets around this line; texts need quotes: name = "value"',
        place=origin.place(number, ""),
    )

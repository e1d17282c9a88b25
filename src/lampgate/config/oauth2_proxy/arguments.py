"""Reads oauth2-proxy's command line (pflag): a list of arguments, as in a container's ``args``.

``--name=value``, or ``--name value`` for anything but booleans. Of a scalar given twice the last one counts; lists
add up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from lampgate.config.errors import InvalidValueError
from lampgate.config.findings import Findings
from lampgate.config.nodes import shown_flag
from lampgate.config.oauth2_proxy.inventory import BY_FLAG
from lampgate.config.oauth2_proxy.option_values import read_argument
from lampgate.config.oauth2_proxy.options import Given, Kind, Option
from lampgate.config.oauth2_proxy.standing import report_unknown
from lampgate.config.settings import Place


@dataclass(frozen=True, slots=True)
class Argument:
    """One word of a command line."""

    text: str = field(repr=False)
    place: Place


def read_arguments(arguments: Sequence[Argument], findings: Findings) -> list[Given]:
    """The options a command line gives."""
    given: dict[str, Given] = {}
    words = deque(arguments)
    while words:
        word = words.popleft()
        if not word.text.startswith("--") or word.text == "--":
            _report_stray(word, findings)
            continue
        name, separator, text = word.text[2:].partition("=")
        option = BY_FLAG.get(name)
        takes_next = not separator and (option is None or option.kind is not Kind.BOOLEAN)
        if takes_next and words and (option is not None or not words[0].text.startswith("-")):
            text, separator = words.popleft().text, "="
        if option is None:
            report_unknown(f"oauth2-proxy has no flag --{shown_flag(name)}", name, BY_FLAG, word.place, findings)
        elif separator or option.kind is Kind.BOOLEAN:
            _add(given, option, text if separator else "true", word.place, findings)
        else:
            _report_without_value(option, word.place, findings)
    return list(given.values())


def _add(given: dict[str, Given], option: Option, text: str, place: Place, findings: Findings) -> None:
    value = read_argument(option, text, place, findings)
    if value is None:
        return
    before = given.get(option.flag)
    if before is not None and isinstance(before.value, tuple) and isinstance(value, tuple):
        value = before.value + value
    given[option.flag] = Given(option, value, place, "argument")


def _report_without_value(option: Option, place: Place, findings: Findings) -> None:
    findings.error(
        InvalidValueError,
        f"--{option.flag} has no value",
        place=place,
        remedy=f"Write --{option.flag}=…, with {option.kind.value}",
    )


def _report_stray(word: Argument, findings: Findings) -> None:
    if word.text.startswith("-") and BY_FLAG.get(word.text[1:].partition("=")[0]) is not None:
        sentence, remedy = "The flag has one dash", "Write two dashes"
    else:
        sentence = "This is not a flag, and oauth2-proxy takes no other arguments"
        remedy = "Start it with two dashes; write the value of a true/false flag as --name=false"
    findings.error(InvalidValueError, sentence, place=word.place, remedy=remedy)

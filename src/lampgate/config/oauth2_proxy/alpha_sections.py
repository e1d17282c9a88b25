"""Reads mappings of the alpha configuration by the rules of oauth2-proxy.

Keys match whatever their case, unknown ones are errors, and types are not converted. What lampgate does not do is
reported on the way. No message shows a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lampgate.config.errors import InvalidValueError
from lampgate.config.findings import Findings
from lampgate.config.nodes import Entry, List, Mapping, Node, Scalar, is_null, shown
from lampgate.config.oauth2_proxy.alpha_keys import Key
from lampgate.config.oauth2_proxy.durations import MAX_SECONDS, parse_duration
from lampgate.config.oauth2_proxy.standing import Works, report, report_unknown
from lampgate.config.oauth2_proxy.written import Written
from lampgate.config.settings import Place

_NANOSECONDS = 1_000_000_000


class AlphaSection:
    """One mapping, whose keys have been checked against the declaration."""

    def __init__(self, node: Mapping, keys: Sequence[Key], findings: Findings) -> None:
        self.place = node.place
        self._findings = findings
        self._entries: dict[str, Entry] = {}
        declared = {key.name.lower(): key for key in keys}
        for entry in node:
            key = declared.get(entry.key.lower())
            if key is None:
                report_unknown(
                    f"oauth2-proxy's alpha configuration has no key {shown(entry.key)} here",
                    entry.key,
                    (known.name for known in keys),
                    entry.place,
                    findings,
                )
            elif key.name in self._entries:
                findings.error(
                    InvalidValueError,
                    f"{key.name} is given twice, in different spellings",
                    place=entry.place,
                    remedy=f"Keep one of them; the first is on line {self._entries[key.name].place.line}",
                )
            elif not is_null(entry.value):
                self._entries[key.name] = entry
                _report_standing(key, entry, findings)

    def text(self, name: str) -> Written[str] | None:
        """A text; None where it is not given, or empty."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        text = as_text(entry.value)
        if text is None:
            self._wrong(entry, name, "a text", 'Put the value in quotes: "…"')
            return None
        return Written(text, entry.place) if text else None

    def flag(self, name: str) -> Written[bool] | None:
        """True or false; None where it is not given."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        if not isinstance(entry.value, Scalar) or not isinstance(entry.value.value, bool):
            self._wrong(entry, name, "true or false", "Write true or false, without quotes")
            return None
        return Written(entry.value.value, entry.place)

    def integer(self, name: str) -> Written[int] | None:
        """A whole number; None where it is not given."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        value = entry.value.value if isinstance(entry.value, Scalar) else None
        if not isinstance(value, int) or isinstance(value, bool):
            self._wrong(entry, name, "a whole number", "Write digits only, without quotes")
            return None
        return Written(value, entry.place)

    def texts(self, name: str) -> Written[tuple[str, ...]] | None:
        """A list of texts; None where it is not given, or empty."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        items = [as_text(item) for item in entry.value.items] if isinstance(entry.value, List) else [None]
        texts = tuple(item for item in items if item is not None)
        if len(texts) != len(items):
            self._wrong(entry, name, "a list of texts", "Write one text a line, each after a dash")
            return None
        return Written(texts, entry.place) if texts else None

    def seconds(self, name: str) -> Written[float] | None:
        """A duration: a text as Go writes it, a fraction of seconds, or a whole number of nanoseconds."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        value = entry.value.value if isinstance(entry.value, Scalar) else None
        seconds = None
        if isinstance(value, str):
            try:
                seconds = parse_duration(value)
            except ValueError:
                seconds = None
        elif isinstance(value, float):
            seconds = value
        elif isinstance(value, int) and not isinstance(value, bool) and value >= _NANOSECONDS:
            seconds = value / _NANOSECONDS
        if seconds is None or not 0 < seconds <= MAX_SECONDS:
            self._wrong(
                entry,
                name,
                "a duration above zero",
                "Write a number with a unit, e.g. 30s or 5m; a bare number counts nanoseconds in oauth2-proxy",
            )
            return None
        return Written(seconds, entry.place)

    def section(self, name: str, keys: Sequence[Key]) -> AlphaSection | None:
        """A mapping; None where it is not given."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        if not isinstance(entry.value, Mapping):
            self._wrong(entry, name, "keys with values", "Indent its keys below it")
            return None
        return AlphaSection(Mapping(entry.value.entries, entry.place), keys, self._findings)

    def sections(self, name: str, keys: Sequence[Key]) -> Iterator[AlphaSection]:
        """The mappings of a list."""
        entry = self._entries.get(name)
        if entry is None:
            return
        if not isinstance(entry.value, List):
            self._wrong(entry, name, "a list", "Put a dash in front of each of its items")
            return
        for item in entry.value.items:
            if isinstance(item, Mapping):
                yield AlphaSection(item, keys, self._findings)
            else:
                self._findings.error(
                    InvalidValueError,
                    f"An item of {name} is not a group of keys with values",
                    place=item.place,
                    remedy="Write its keys after the dash, each as key: value",
                )

    def place_of(self, name: str) -> Place:
        """Where the key is, or where the section is that lacks it."""
        entry = self._entries.get(name)
        return entry.place if entry is not None else self.place

    def has(self, name: str) -> bool:
        """Whether the key is given."""
        return name in self._entries

    def _wrong(self, entry: Entry, name: str, kind: str, remedy: str) -> None:
        self._findings.error(InvalidValueError, f"{name} takes {kind}", place=entry.place, remedy=remedy)
        self._findings.not_missing(entry.place)


def as_text(node: Node) -> str | None:
    """The text of a scalar that is one. Numbers and booleans are none, unless a variable put them there."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None


def _report_standing(key: Key, entry: Entry, findings: Findings) -> None:
    if isinstance(key.standing, Works):
        return
    value: object
    match entry.value:
        case Scalar(value=scalar):
            value = scalar
        case List(items=items):
            value = tuple(item.value if isinstance(item, Scalar) else item for item in items)
        case Mapping(entries=entries):
            value = entries
    if value not in ("", ()):
        report(key.standing, key.name, value, key.default, entry.place, findings)

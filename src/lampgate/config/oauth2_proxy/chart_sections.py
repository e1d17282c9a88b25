"""Reads mappings of Helm chart values: keys match exactly, unknown ones are errors, templates are refused."""

from __future__ import annotations

from collections.abc import Collection

from lampgate.config.errors import InvalidValueError, UnsupportedSettingError
from lampgate.config.findings import Findings
from lampgate.config.nodes import List, Mapping, Node, Scalar, is_null, shown
from lampgate.config.oauth2_proxy.sources import Text
from lampgate.config.oauth2_proxy.standing import report_unknown
from lampgate.config.oauth2_proxy.written import Written
from lampgate.config.settings import Place


class ChartSection:
    """One mapping of the values; an absent one has no keys."""

    def __init__(
        self, node: Mapping, keys: Collection[str] = (), findings: Findings | None = None, *, check: bool = True
    ) -> None:
        self.place = node.place
        self._findings = findings or Findings()
        self._entries = {entry.key: entry for entry in node if not is_null(entry.value)}
        for entry in node if check and keys else ():
            if entry.key not in keys:
                sentence = f"oauth2-proxy's Helm chart has no value {shown(entry.key)} here"
                report_unknown(sentence, entry.key, keys, entry.place, self._findings)

    def section(self, name: str, keys: Collection[str] = ()) -> ChartSection:
        """The mapping below a key.

        :param keys: the keys it may have; empty: any.
        """
        return ChartSection(self.mapping(name) or Mapping((), self.place_of(name)), keys, self._findings)

    def node(self, name: str) -> Node | None:
        """Whatever is below a key."""
        entry = self._entries.get(name)
        return entry.value if entry is not None else None

    def mapping(self, name: str) -> Mapping | None:
        """The mapping below a key."""
        node = self.node(name)
        if node is None or isinstance(node, Mapping):
            return node
        self._wrong(name, "keys with values", "Indent its keys below it")
        return None

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        node = self.node(name)
        if node is None:
            return default
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self._wrong(name, "true or false", "Write true or false, without quotes")
        return default

    def text(self, name: str) -> Written[str] | None:
        """A single value, as text."""
        node = self.node(name)
        if node is None:
            return None
        if not isinstance(node, Scalar):
            self._wrong(name, "a text", 'Put the value in quotes: "…"')
            return None
        text = self.plain_text(node, self.place_of(name))
        return Written(text, self.place_of(name)) if text is not None else None

    def texts(self, name: str) -> Written[tuple[str, ...]] | None:
        """A list of texts."""
        node = self.node(name)
        if node is None:
            return None
        items = [item.text for item in node.items if isinstance(item, Scalar)] if isinstance(node, List) else []
        if not isinstance(node, List) or len(items) != len(node.items):
            self._wrong(name, "a list of texts", "Write one text a line, each after a dash")
            return None
        return Written(tuple(items), self.place_of(name))

    def document(self, name: str) -> Text | None:
        """A document that is written as one text, usually after a ``|``."""
        written = self.text(name)
        node = self.node(name)
        if written is None or not isinstance(node, Scalar):
            return None
        return Text(written.value, node.origin(f"{written.place.key}: "), written.place)

    def has_content(self, name: str) -> bool:
        """Whether a key is given and not empty."""
        match self.node(name):
            case None:
                return False
            case Scalar(text=text):
                return bool(text)
            case List(items=items):
                return bool(items)
            case Mapping(entries=entries):
                return bool(entries)

    def place_of(self, name: str) -> Place:
        """Where a key is, or where the mapping is that lacks it."""
        entry = self._entries.get(name)
        return entry.place if entry is not None else self.place

    def plain_text(self, node: Scalar, place: Place) -> str | None:
        """The text of a value as the chart would write it. None, with the error found, for a template."""
        if isinstance(node.value, bool):
            return "true" if node.value else "false"
        if "{{" in node.text:
            self._findings.error(
                UnsupportedSettingError,
                "This holds a Helm template, which only Helm can fill in",
                place=place,
                remedy="Write the value itself, without {{ and }}",
            )
            return None
        return node.text

    def _wrong(self, name: str, kind: str, remedy: str) -> None:
        self._findings.error(InvalidValueError, f"{name} takes {kind}", place=self.place_of(name), remedy=remedy)

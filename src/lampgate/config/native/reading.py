"""Reads the document's nodes into plain values for the settings model, by the model's shapes.

What a place cannot take is reported here, in the file's terms: unknown keys with the one that was probably meant,
wrong types, durations, sizes and references to secrets. Limits and what has to fit together are the model's to judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from lampgate.config.errors import InvalidValueError, MissingSettingError, PlaceholderLeftError, PublicSecretError
from lampgate.config.findings import Findings
from lampgate.config.native.placing import Path
from lampgate.config.native.quantities import DURATION_REMEDY, SIZE_REMEDY, read_duration, read_size
from lampgate.config.native.references import Outside, is_reference, resolve
from lampgate.config.native.shapes import Kind, Leaf, Section, Sequence, Shape, Table, Variants
from lampgate.config.native.short_texts import SHORT_TEXTS
from lampgate.config.nodes import List, Node, Scalar, is_null, shown
from lampgate.config.nodes import Mapping as MappingNode
from lampgate.config.oauth2_proxy.cookie_secret import is_public, key_bytes
from lampgate.config.oauth2_proxy.placeholders import is_placeholder
from lampgate.config.oauth2_proxy.standing import nearest, report_unknown
from lampgate.config.settings import Place

_GENERATE = "Make one with: openssl rand -base64 32 | tr -- '+/' '-_'"
_REMEDIES = {
    Kind.TEXT: "Write a text; put it in quotes if it looks like a number",
    Kind.BOOLEAN: "Write true or false, without quotes",
    Kind.INTEGER: "Write a whole number, without quotes",
    Kind.DURATION: DURATION_REMEDY,
    Kind.SIZE: SIZE_REMEDY,
    Kind.SECRET: "Write env:NAME or file:/path",
    Kind.KEY: "Write env:NAME or file:/path",
    Kind.PATH: "Write a path as a text",
    Kind.NETWORK: "Write e.g. 10.0.0.7 or 10.244.0.0/16",
}


class _Broken:
    """Stands for a value that was reported."""


BROKEN: Final = _Broken()


@dataclass(slots=True)
class Reading:
    """Plain values, and where each was written.

    :ivar places: by path in the settings.
    :ivar broken: paths of what was reported already, so that it is not reported again as missing.
    :ivar references: the secrets that are references, by path, as they were written.
    :ivar plain_secrets: the places of secrets that stand in the file themselves.
    """

    findings: Findings
    outside: Outside
    places: dict[Path, Place] = field(default_factory=dict)
    broken: set[Path] = field(default_factory=set)
    references: dict[Path, str] = field(default_factory=dict, repr=False)
    plain_secrets: dict[Path, Place] = field(default_factory=dict)

    def read(self, shape: Shape, node: Node, path: Path, place: Place) -> object:
        """The value of one node; `BROKEN` where there is none."""
        self.places[path] = place
        value = self._read(shape, node, path, place)
        if value is BROKEN:
            self.broken.add(path)
        return value

    def keys(
        self, node: MappingNode, shapes: Mapping[str, Shape], path: Path, *, others: Iterable[str] = ()
    ) -> dict[str, object]:
        """The values of a section's keys. Those in ``others`` are left to the caller; unknown ones are reported."""
        values: dict[str, object] = {}
        known = [*shapes, *others]
        for entry in node:
            shape = shapes.get(entry.key)
            if shape is not None:
                value = self.read(shape, entry.value, (*path, entry.key), entry.place)
                if value is not BROKEN:
                    values[entry.key] = value
            elif entry.key not in known:
                self._unknown(entry.key, known, path, entry.place)
        return values

    def _read(self, shape: Shape, node: Node, path: Path, place: Place) -> object:
        if is_null(node):
            if shape.nullable:
                return None
            sentence = f"{_name(path)} has no value"
            return self._wrong(MissingSettingError, sentence, place, "Write one, or remove the key")
        match shape:
            case Leaf():
                return self._leaf(shape, node, path, place)
            case Section():
                return self._section(shape, node, path, place)
            case Variants():
                return self._variant(shape, node, path, place)
            case Sequence(item):
                return self._list(item, node, path, place)
            case Table(item):
                if not isinstance(node, MappingNode):
                    return self._wrong(*_takes_keys(path, place))
                return {
                    entry.key: self.read(item, entry.value, (*path, entry.key), entry.place) for entry in node.entries
                }

    def _list(self, item: Shape, node: Node, path: Path, place: Place) -> object:
        nodes: Iterable[Node]
        if isinstance(node, List):
            nodes = node.items
        elif isinstance(node, Scalar) and has_short_text(item):
            nodes = (node,)
        else:
            sentence = f"{_name(path)} takes a list"
            return self._wrong(InvalidValueError, sentence, place, "Write [ ] around it, or a - before each entry")
        values = [self.read(item, each, (*path, index), each.place) for index, each in enumerate(nodes)]
        # What is broken keeps its place, so that the model counts the entries as the file does.
        return [None if value is BROKEN else value for value in values]

    def _section(self, shape: Section, node: Node, path: Path, place: Place) -> object:
        if isinstance(node, MappingNode):
            return self.keys(node, shape.fields, path)
        short = SHORT_TEXTS.get(shape.model)
        if short is None or not isinstance(node, Scalar) or not isinstance(node.value, str):
            return self._wrong(*_takes_keys(path, place))
        try:
            return short.read(node.value)
        except ValueError:
            return self._wrong(InvalidValueError, f"{_name(path)} takes {short.what}", place, short.remedy)

    def _variant(self, shape: Variants, node: Node, path: Path, place: Place) -> object:
        tags = ", ".join(shape.sections)
        if not isinstance(node, MappingNode):
            for name, section in shape.sections.items():
                if section.model in SHORT_TEXTS:
                    values = self._section(section, node, path, place)
                    return {shape.discriminator: name, **values} if isinstance(values, dict) else values
            return self._wrong(*_takes_keys(path, place))
        entry = node.get(shape.discriminator)
        if entry is None:
            # Where only one of them has all the keys, nothing else can be meant.
            keys = {each.key for each in node}
            fitting = [tag for tag, section in shape.sections.items() if keys and keys <= set(section.fields)]
            if len(fitting) == 1:
                return {shape.discriminator: fitting[0], **self.keys(node, shape.sections[fitting[0]].fields, path)}
            return self._wrong(
                MissingSettingError, f"{_name(path)} has no {shape.discriminator}", place, f"Add one of: {tags}"
            )
        tag = entry.value.value if isinstance(entry.value, Scalar) else None
        if not isinstance(tag, str) or tag not in shape.sections:
            near = nearest(tag, shape.sections) if isinstance(tag, str) else None
            remedy = f"Did you mean “{near}”?" if near else f"Write one of: {tags}"
            sentence = f"{_name(path)} has no such {shape.discriminator}"
            return self._wrong(InvalidValueError, sentence, entry.place, remedy)
        return self.keys(node, shape.sections[tag].fields, path)

    def _leaf(self, shape: Leaf, node: Node, path: Path, place: Place) -> object:
        if not isinstance(node, Scalar):
            sentence = f"{_name(path)} takes {shape.kind.value}"
            return self._wrong(InvalidValueError, sentence, place, _REMEDIES[shape.kind])
        try:
            value = _value(shape.kind, node)
        except ValueError:
            sentence = f"{_name(path)} takes {shape.kind.value}"
            return self._wrong(InvalidValueError, sentence, place, _REMEDIES[shape.kind])
        if shape.kind in (Kind.SECRET, Kind.KEY):
            return self._secret(shape.kind, str(value), path, place)
        if shape.choices and value not in shape.choices:
            names = [str(choice) for choice in shape.choices]
            near = nearest(str(value), names)
            remedy = f"Did you mean “{near}”?" if near else f"Write one of: {', '.join(names)}"
            return self._wrong(InvalidValueError, f"{_name(path)} has no such choice", place, remedy)
        return value

    def _secret(self, kind: Kind, text: str, path: Path, place: Place) -> object:
        if is_reference(text):
            self.references[path] = text
        elif text:
            self.plain_secrets[path] = place
        secret = resolve(text, self.outside, place, self.findings)
        if secret is None:
            return BROKEN
        if kind is Kind.SECRET:
            return self._wrong(*_still_a_placeholder(place)) if is_placeholder(secret) else secret
        # A file may hold earlier secrets too, one a line; the first one counts here.
        lines = secret.splitlines() if text.startswith("file:") else []
        return self._key(lines[0].strip() if len(lines) > 1 else secret, place)

    def _key(self, text: str, place: Place) -> object:
        if is_public(text):
            sentence = "The secret is one that everybody knows or would guess, so anybody could make up sessions"
            return self._wrong(PublicSecretError, sentence, place, f"Use one of your own. {_GENERATE}")
        if is_placeholder(text):
            return self._wrong(*_still_a_placeholder(place))
        key = key_bytes(text)
        if key is None:
            sentence = "The secret has to be 16, 24 or 32 bytes, plain or as base64url"
            return self._wrong(InvalidValueError, sentence, place, _GENERATE)
        return key

    def _unknown(self, key: str, known: Iterable[str], path: Path, place: Place) -> None:
        where = _name(path) if path else "lampgate.yaml"
        report_unknown(f"{where} has no key {shown(key)}", key, known, place, self.findings)
        near = nearest(key, known)
        if near is not None:
            self.broken.add((*path, near))

    def _wrong(
        self, kind: type[InvalidValueError | MissingSettingError], sentence: str, place: Place, remedy: str
    ) -> _Broken:
        self.findings.error(kind, sentence, place=place, remedy=remedy)
        return BROKEN


def has_short_text(shape: Shape) -> bool:
    """Whether a section may be written as one text."""
    match shape:
        case Section(model):
            return model in SHORT_TEXTS
        case Variants(_, sections):
            return any(section.model in SHORT_TEXTS for section in sections.values())
        case _:
            return False


def _value(kind: Kind, node: Scalar) -> object:
    """:raises ValueError: the value is of another kind."""
    match kind:
        case Kind.DURATION:
            return read_duration(node.value)
        case Kind.SIZE:
            return read_size(node.value)
        case Kind.BOOLEAN:
            is_right = isinstance(node.value, bool)
        case Kind.INTEGER:
            is_right = isinstance(node.value, int) and not isinstance(node.value, bool)
        case _:
            is_right = isinstance(node.value, str)
    if not is_right:
        raise ValueError("another kind of value")
    return node.value


def _still_a_placeholder(place: Place) -> tuple[type[PlaceholderLeftError], str, Place, str]:
    remedy = "Write env:NAME for a variable, or file:/path for a file that a Secret is mounted to"
    return PlaceholderLeftError, "The secret is still a placeholder", place, remedy


def _takes_keys(path: Path, place: Place) -> tuple[type[InvalidValueError], str, Place, str]:
    return InvalidValueError, f"{_name(path)} takes keys with values", place, "Write its keys below it, indented"


def _name(path: Path) -> str:
    """The last key of a path, in words for a sentence."""
    if not path:
        return "lampgate.yaml"
    if isinstance(path[-1], int):
        return f"An entry of {_name(path[:-1])}"
    return shown(path[-1])

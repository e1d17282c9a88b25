"""Reads YAML into `nodes`, safely: no tags that make objects, bounded size, depth and aliases (YAML 1.2.2).

It works on the parser's events, not with ruamel.yaml's constructors, for the position of every value, and to do as
go-yaml does: a key given twice is an error, ``yes`` and ``on`` are texts. The parser's messages quote the document,
secrets included, so none of them is passed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from lampgate.config.errors import InvalidValueError, UnreadableConfigError
from lampgate.config.findings import Findings
from lampgate.config.nodes import Entry, List, Mapping, Node, Origin, Scalar, child_key, is_null, item_key, shown

MAX_DEPTH = 50
#: Nodes of a document with every alias written out.
MAX_NODES = 50_000
_MAX_INTEGER_DIGITS = 19

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
#: YAML 1.2.2 section 10.3.2, core schema.
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_BASED_INTEGER = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)

_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_PLAIN_TAGS = frozenset({f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float")})
_COLLECTION_TAGS = frozenset({"!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})

_INDENTATION = "Check the indentation and the colons around this line; YAML wants spaces, not tabs"


def read_yaml(text: str, origin: Origin, findings: Findings) -> list[Node] | None:
    """The documents of a YAML stream without empty ones. None, with the error found, where it cannot be read."""
    documents = []
    builder = _Builder(origin, findings)
    try:
        for event in _events(text):
            builder.take(event)
            if isinstance(event, DocumentEndEvent):
                document = builder.finish()
                if document is not None and not is_null(document):
                    documents.append(document)
    except _UnreadableError as problem:
        place = origin.place(problem.line, "", problem.column)
        findings.error(UnreadableConfigError, problem.sentence, place=place, remedy=problem.remedy)
        return None
    return documents


def resolve_plain(text: str) -> str | int | float | bool | None:
    """The value of a scalar that was written without quotes."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if len(text) <= _MAX_INTEGER_DIGITS:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _BASED_INTEGER.fullmatch(text):
            return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


class _UnreadableError(Exception):
    """What stops the reading, with the text's line and column, which count from 0; column -1: not known."""

    def __init__(
        self, sentence: str, line: int, remedy: str = "Write the values out plainly", *, column: int = -1
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.line = line
        self.column = column
        self.remedy = remedy


def _events(text: str) -> Iterator[Event]:
    events = YAML(typ="safe", pure=True).parse(text)
    while True:
        try:
            event = next(events, None)
        except Exception as error:  # the parser's own failures on hostile input are of many types
            mark = (error.problem_mark or error.context_mark) if isinstance(error, MarkedYAMLError) else None
            raise _UnreadableError(
                "This is not valid YAML",
                mark.line if mark is not None else 0,
                _INDENTATION,
                column=mark.column if mark is not None else -1,
            ) from None
        if event is None:
            return
        yield event


@dataclass(slots=True)
class _Frame:
    """A collection that is being read."""

    path: str
    line: int
    column: int
    anchor: str | None
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    merged: list[Mapping] = field(default_factory=list)
    key: str | None = None
    key_line: int = 0
    key_column: int = 0
    nodes: int = 1


class _Builder:
    """Puts events together to nodes; holds the collections that are open."""

    def __init__(self, origin: Origin, findings: Findings) -> None:
        self._origin = origin
        self._findings = findings
        self._reset()

    def _reset(self) -> None:
        self._open: list[_Frame] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._root: Node | None = None

    def finish(self) -> Node | None:
        """The document that just ended."""
        root = self._root
        self._reset()
        return root

    def take(self, event: Event) -> None:
        """Work one event in."""
        match event:
            case MappingStartEvent() | SequenceStartEvent():
                self._start(event)
            case MappingEndEvent() | SequenceEndEvent():
                self._end()
            case ScalarEvent():
                self._scalar(event)
            case AliasEvent():
                self._alias(event)

    def _start(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        line = event.start_mark.line
        if len(self._open) >= MAX_DEPTH:
            raise _UnreadableError("The document is nested too deeply", line)
        self._refuse_key(line)
        if event.tag is not None and str(event.tag) not in _COLLECTION_TAGS:
            self._refuse_tag(line)
        is_mapping = isinstance(event, MappingStartEvent)
        self._open.append(_Frame(self._path(), line, event.start_mark.column, event.anchor, is_mapping))

    def _end(self) -> None:
        frame = self._open.pop()
        place = self._origin.place(frame.line, frame.path, frame.column)
        node: Node
        if frame.is_mapping:
            entries = dict(frame.entries)
            for merged in frame.merged:
                for entry in merged:
                    entries.setdefault(entry.key, entry)
            node = Mapping(tuple(entries.values()), place)
        else:
            node = List(tuple(frame.items), place)
        self._add(node, frame.nodes, frame.anchor, frame.line)

    def _scalar(self, event: ScalarEvent) -> None:
        line, text = event.start_mark.line, str(event.value)
        frame = self._open[-1] if self._open else None
        if frame is not None and frame.is_mapping and frame.key is None:
            frame.key, frame.key_line, frame.key_column = text, line, event.start_mark.column
            return
        tag = None if event.tag is None else str(event.tag)
        is_plain = event.style is None and tag is None
        if tag is not None and tag not in _TEXT_TAGS and tag not in _PLAIN_TAGS:
            self._refuse_tag(line)
        value = resolve_plain(text) if is_plain or tag in _PLAIN_TAGS else text
        # The lines of a literal block are the file's own; those of other styles are folded or escaped.
        first, last = line + 1, event.end_mark.line + 1
        lines = [self._origin.line(number) for number in range(first, last)] if event.style == "|" else ()
        place = self._origin.place(line, self._path(), event.start_mark.column)
        self._add(Scalar(value, text, place, lines, plain=is_plain), 1, event.anchor, line)

    def _alias(self, event: AliasEvent) -> None:
        line = event.start_mark.line
        self._refuse_key(line)
        if event.anchor not in self._anchors:
            raise _UnreadableError("An alias refers to an anchor that does not exist (yet)", line)
        node, nodes = self._anchors[event.anchor]
        self._add(node, nodes, None, line)

    def _add(self, node: Node, nodes: int, anchor: str | None, line: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (node, nodes)
        if not self._open:
            self._root = node
            return
        frame = self._open[-1]
        frame.nodes += nodes
        if frame.nodes > MAX_NODES:
            raise _UnreadableError("The document is too large, with its aliases written out", line)
        if not frame.is_mapping:
            frame.items.append(node)
            return
        key, frame.key = frame.key, None
        if key is None:
            raise _UnreadableError("A key of a mapping is not a text", line)
        place = self._origin.place(frame.key_line, child_key(frame.path, key), frame.key_column)
        if key == "<<" and self._merge(frame, node):
            return
        if key in frame.entries:
            self._findings.error(
                InvalidValueError,
                f"“{shown(key)}” is given twice",
                place=place,
                remedy=f"Keep one of them; the first is on line {frame.entries[key].place.line}",
            )
            return
        frame.entries[key] = Entry(key, node, place)

    def _merge(self, frame: _Frame, node: Node) -> bool:
        merged = node.items if isinstance(node, List) else (node,)
        mappings = [item for item in merged if isinstance(item, Mapping)]
        if len(mappings) != len(merged):
            return False
        frame.merged.extend(mappings)
        return True

    def _path(self) -> str:
        if not self._open:
            return ""
        frame = self._open[-1]
        return child_key(frame.path, frame.key or "") if frame.is_mapping else item_key(frame.path, len(frame.items))

    def _refuse_key(self, line: int) -> None:
        if self._open and self._open[-1].is_mapping and self._open[-1].key is None:
            raise _UnreadableError("A key of a mapping is not a text", line)

    def _refuse_tag(self, line: int) -> None:
        raise _UnreadableError("A YAML tag asks for a type that has no place in a configuration", line)

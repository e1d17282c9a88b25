"""A configuration document as a tree of values that know where they were written. Common to YAML and TOML.

A place always names the outermost file: the lines of a document inside a block scalar of another one are counted in
that file. No ``repr`` shows a value, which may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from lampgate.config.settings import Place

#: A key that can be shown: a name, not something that slipped into a key's position.
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$./-]{0,59}", re.ASCII)
#: A name that is a secret setting's with more behind it than such names have: a separator was lost. One name is long.
_GLUED_SECRET = re.compile(r"(.*?(?:secret|password|token))(?![-_]login[-_]fallback$).{7,}", re.ASCII | re.IGNORECASE)
#: Flags are lower-case words of up to 16 letters and digits, with hyphens between them.
_FLAG_WORDS = re.compile(r"(?:[a-z][a-z0-9]{0,15}(?:[-_]|(?![A-Za-z0-9+/=])))*", re.ASCII)
_SIMPLE_NAME = re.compile(r"[A-Za-z0-9_$/-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text was written.

    :ivar file: the name of the outermost file.
    :ivar lines: the line in that file of each line of the text; the last one holds for all that follow.
    :ivar prefix: put before every key's path, e.g. ``config.configFile: ``.
    :ivar has_columns: whether the text's columns are the file's, so that places name them.
    """

    file: str
    lines: Sequence[int]
    prefix: str = ""
    has_columns: bool = False

    def line(self, index: int) -> int:
        """The file's line of the text's line ``index``, which counts from 0."""
        return self.lines[max(0, min(index, len(self.lines) - 1))] if self.lines else 0

    def place(self, index: int, key: str, column: int = -1) -> Place:
        """The place of a key on the text's line ``index``.

        :param column: counts from 0 as well; -1 where it is not known.
        """
        path = self.prefix + key if key else self.prefix.removesuffix(": ")
        return Place(self.file, self.line(index), path, column + 1 if self.has_columns else 0)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value.

    :ivar value: as the document's rules read it.
    :ivar text: as it was written, without quotes.
    :ivar lines: the file's lines of ``text``, for a document inside it.
    :ivar plain: written without quotes, so that its text decides about its type.
    """

    value: str | int | float | bool | None = field(repr=False)
    text: str = field(repr=False)
    place: Place
    lines: Sequence[int] = field(default=(), repr=False)
    plain: bool = False

    def origin(self, prefix: str = "") -> Origin:
        """The origin of a document inside this value."""
        return Origin(self.place.file, self.lines or (self.place.line,), prefix)


@dataclass(frozen=True, slots=True)
class List:
    """An ordered list of values."""

    items: tuple[Node, ...] = field(repr=False)
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping with its value. ``place`` is the key's."""

    key: str = field(repr=False)
    value: Node = field(repr=False)
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """Values by key, in the order they were written. No key comes twice."""

    entries: tuple[Entry, ...] = field(repr=False)
    place: Place

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def get(self, key: str) -> Entry | None:
        """The entry of exactly this key."""
        return next((entry for entry in self.entries if entry.key == key), None)


Node = Scalar | List | Mapping


def is_null(node: Node) -> bool:
    """Whether the value is YAML's null, which counts as not given."""
    return isinstance(node, Scalar) and node.value is None


def shown(key: str) -> str:
    """A key for people to read. What does not look like a name is not shown: it may be a value gone astray."""
    if not _NAME.fullmatch(key):
        return "(a key that is no name)"
    glued = _GLUED_SECRET.fullmatch(key)
    return f"{glued[1]}…" if glued else key


def shown_flag(name: str) -> str:
    """A command line's flag for people to read: only what looks like words of one, for a value may be glued to it.

    :param name: without its dashes.
    """
    words = _FLAG_WORDS.match(name)
    seen = words[0] if words is not None else ""
    return seen if seen == name else f"{seen}…"


def child_key(path: str, key: str) -> str:
    """The path of a key within the mapping at ``path``."""
    name = shown(key)
    if not _SIMPLE_NAME.fullmatch(name):
        return f'{path}["{name}"]' if not name.startswith("(") else f"{path}.{name}" if path else name
    return f"{path}.{name}" if path else name


def sibling_key(path: str, key: str) -> str:
    """The path of another key of the mapping in which the key at ``path`` is."""
    start = max(path.rfind("."), path.rfind(": ") + 1)
    return f"{path[: start + 1]}{key}" if start > 0 else key


def item_key(path: str, index: int) -> str:
    """The path of an item within the list at ``path``."""
    return f"{path}[{index}]"


def merge(base: Mapping, over: Mapping) -> Mapping:
    """Lay one mapping over another, as Helm does with several values files.

    Mappings are merged key by key; anything else is replaced, also by null, which counts as not given.
    """
    entries = {entry.key: entry for entry in base}
    for entry in over:
        below = entries.get(entry.key)
        if below is not None and isinstance(below.value, Mapping) and isinstance(entry.value, Mapping):
            entries[entry.key] = replace(entry, value=merge(below.value, entry.value))
        else:
            entries[entry.key] = entry
    return Mapping(tuple(entries.values()), over.place)

"""Where a setting was written, or where it would have to be. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from lampgate.config.nodes import child_key, item_key
from lampgate.config.settings import Place

#: The way to a setting: field names and positions in lists.
Path = tuple[str | int, ...]


def place_of(path: Path, places: Mapping[Path, Place], root: Place) -> Place:
    """Where the path was written; for what was not, its key at the nearest section that was.

    :param root: the document's place.
    """
    parent, missing = path, []
    while parent and parent not in places:
        missing.append(parent[-1])
        parent = parent[:-1]
    base = places.get(parent, root)
    key = base.key
    for part in reversed(missing):
        key = item_key(key, part) if isinstance(part, int) else child_key(key, part)
    return Place(base.file, base.line, key, base.column)

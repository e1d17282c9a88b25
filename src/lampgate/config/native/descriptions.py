"""What the settings model's comments say of each field, for the JSON Schema.

The comments that begin with ``#:`` are the one place where a field is explained; they are read from the source, so
that they cost nothing where no schema is asked for.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel


def describe_model(model: type[BaseModel]) -> str:
    """The model's docstring, as one text."""
    return _plain(inspect.getdoc(model) or "")


def describe_field(model: type[BaseModel], name: str) -> str:
    """The comment of a field, also of one that a base class declares; empty where there is none."""
    for owner in model.__mro__:
        if name in vars(owner).get("__annotations__", {}):
            return _comments(owner.__module__).get((owner.__name__, name), "")
    return ""


@cache
def _comments(module: str) -> Mapping[tuple[str, str], str]:
    """The comments right above the fields of a module's classes, by class and field."""
    source = inspect.getsource(sys.modules[module])
    lines = source.splitlines()
    found: dict[tuple[str, str], str] = {}
    for statement in ast.parse(source).body:
        if not isinstance(statement, ast.ClassDef):
            continue
        for part in statement.body:
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                found[statement.name, part.target.id] = _above(lines, part.lineno)
    return found


def _above(lines: list[str], number: int) -> str:
    """The block of ``#:`` lines that ends above line ``number``, which counts from 1."""
    block: list[str] = []
    for line in reversed(lines[: number - 1]):
        text = line.strip()
        if not text.startswith("#:"):
            break
        block.append(text.removeprefix("#:").strip())
    return _plain(" ".join(reversed(block)))


def _plain(text: str) -> str:
    """Without the marks of reStructuredText, on one line."""
    return re.sub(r"\s+", " ", text.replace("``", "`").replace("None", "null")).strip()

"""What the native file takes at each place, derived from the settings model's annotations. Pure.

Two conventions of the model count here: every ``float`` is a time in seconds, and an ``int`` whose name ends in
``_bytes`` is a size.
"""

from __future__ import annotations

import ipaddress
import types
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo


class Kind(Enum):
    """The kinds of single values, in words that follow “takes”."""

    TEXT = "a text"
    BOOLEAN = "true or false"
    INTEGER = "a whole number"
    DURATION = "a duration"
    SIZE = "a size"
    SECRET = "a secret"  # noqa: S105 - a kind of value
    KEY = "a secret of 16, 24 or 32 bytes"
    PATH = "a path"
    NETWORK = "an IP address or network"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A single value.

    :ivar choices: the only values there are; empty: any.
    """

    kind: Kind
    choices: tuple[str | int, ...] = ()
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Keys with values: a model's fields."""

    model: type[BaseModel]
    nullable: bool = False

    @property
    def fields(self) -> Mapping[str, Shape]:
        """What each key takes."""
        return _fields_of(self.model)


@dataclass(frozen=True, slots=True)
class Variants:
    """One of several sections; the key ``discriminator`` says which one."""

    discriminator: str
    sections: Mapping[str, Section]
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    item: Shape
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Keys that the operator names, with values of one shape."""

    item: Shape
    nullable: bool = False


Shape = Leaf | Section | Variants | Sequence | Table


@cache
def _fields_of(model: type[BaseModel]) -> Mapping[str, Shape]:
    return {name: shape_of_field(name, info) for name, info in model.model_fields.items()}


def shape_of_field(name: str, info: FieldInfo) -> Shape:
    """What a field of a model takes."""
    discriminator = info.discriminator if isinstance(info.discriminator, str) else None
    return _shape(info.annotation, name, discriminator)


def _shape(annotation: Any, name: str, discriminator: str | None = None) -> Shape:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        for extra in arguments[1:]:
            if isinstance(extra, FieldInfo) and isinstance(extra.discriminator, str):
                discriminator = extra.discriminator
        return _shape(arguments[0], name, discriminator)
    if origin in (Union, types.UnionType):
        return _union(arguments, name, discriminator)
    if origin in (tuple, list, frozenset, set):
        return Sequence(_shape(arguments[0], name))
    if origin in (dict, Mapping):
        return Table(_shape(arguments[1], name))
    if origin is Literal:
        return Leaf(Kind.INTEGER if all(isinstance(value, int) for value in arguments) else Kind.TEXT, arguments)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Section(annotation)
    return _leaf(annotation, name)


def _union(arguments: tuple[Any, ...], name: str, discriminator: str | None) -> Shape:
    members = [each for each in arguments if each is not type(None)]
    nullable = len(members) < len(arguments)
    if len(members) == 1:
        shape = _shape(members[0], name, discriminator)
        return _with_null(shape) if nullable else shape
    if discriminator is not None:
        sections = {}
        for member in members:
            section = _shape(member, name)
            if not isinstance(section, Section):
                raise TypeError(f"{name}: a variant that is no model")
            for tag in get_args(section.model.model_fields[discriminator].annotation):
                sections[str(tag)] = section
        return Variants(discriminator, sections, nullable)
    shapes = [_shape(member, name) for member in members]
    if all(isinstance(shape, Leaf) and shape.kind in (Kind.NETWORK, Kind.TEXT, Kind.PATH) for shape in shapes):
        return Leaf(Kind.NETWORK if any(shape == Leaf(Kind.NETWORK) for shape in shapes) else Kind.TEXT, (), nullable)
    raise TypeError(f"{name}: the native file cannot express this union")


def _with_null(shape: Shape) -> Shape:
    match shape:
        case Leaf(kind, choices):
            return Leaf(kind, choices, nullable=True)
        case Section(model):
            return Section(model, nullable=True)
        case Variants(discriminator, sections):
            return Variants(discriminator, sections, nullable=True)
        case Sequence(item):
            return Sequence(item, nullable=True)
        case Table(item):
            return Table(item, nullable=True)


def _leaf(annotation: Any, name: str) -> Leaf:
    if annotation is bool:
        return Leaf(Kind.BOOLEAN)
    if annotation is float:
        return Leaf(Kind.DURATION)
    if annotation is int:
        return Leaf(Kind.SIZE if name.endswith("_bytes") else Kind.INTEGER)
    if annotation is SecretStr:
        return Leaf(Kind.SECRET)
    if annotation is SecretBytes:
        return Leaf(Kind.KEY)
    if annotation is Path:
        return Leaf(Kind.PATH)
    if annotation in (ipaddress.IPv4Network, ipaddress.IPv6Network):
        return Leaf(Kind.NETWORK)
    if annotation is str:
        return Leaf(Kind.TEXT)
    raise TypeError(f"{name}: the native file cannot express {annotation}")

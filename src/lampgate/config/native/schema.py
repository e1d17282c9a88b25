"""The JSON Schema (2020-12) of ``lampgate.yaml``, for editors and pipelines. Drawn from the settings model.

It accepts everything that the loader accepts. What needs more than one key to judge is left to the loader.
``python -m lampgate.config.native.schema`` prints it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, get_args

import annotated_types
from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from lampgate.config.native.descriptions import describe_field, describe_model
from lampgate.config.native.quantities import DURATION_PATTERN, SIZE_PATTERN, duration_text, size_text
from lampgate.config.native.shapes import Kind, Leaf, Section, Sequence, Shape, Table, Variants
from lampgate.config.native.short_forms import SHORT_FORMS, TENANT_PATTERN, VERSION, VERSION_KEY
from lampgate.config.native.short_texts import SHORT_TEXTS
from lampgate.config.settings import Settings

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_SHORT_DESCRIPTIONS = {
    VERSION_KEY: "The form of this file. It comes first and makes the file recognisable.",
    "tenant": "The Directory (tenant) ID of Microsoft Entra ID, or its domain. Stands for provider (kind, issuer, "
    "scopes for the AKS API, workload identity), allow (everybody of the tenant) and inject (Authorization).",
    "client_id": "The Application (client) ID of the app registration. Stands for provider.client_id.",
    "client_secret": "Instead of workload identity: env:NAME, file:/path. Stands for provider.client_authentication.",
    "upstream": "The URL of the dashboard's Service. Stands for upstreams with this one.",
}
_SECRET: Schema = {"type": "string", "minLength": 1, "examples": ["env:NAME", "file:/path"]}
_LEAVES: dict[Kind, Schema] = {
    Kind.TEXT: {"type": "string"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.INTEGER: {"type": "integer"},
    Kind.SECRET: _SECRET,
    Kind.KEY: _SECRET,
    Kind.PATH: {"type": "string"},
    Kind.NETWORK: {"type": "string", "examples": ["10.0.0.7", "10.244.0.0/16"]},
}


def schema() -> Schema:
    """The schema."""
    definitions: dict[str, Schema] = {}
    short: Schema = {name: {**_leaf(shape), "description": _SHORT_DESCRIPTIONS[name]} for name, shape in _short()}
    short["tenant"]["pattern"] = TENANT_PATTERN
    version = {"const": VERSION, "description": _SHORT_DESCRIPTIONS[VERSION_KEY]}
    return {
        "$schema": DIALECT,
        "title": "lampgate.yaml",
        "description": "The configuration of lampgate, an identity-aware gateway for Kubernetes dashboards.",
        "type": "object",
        "properties": {VERSION_KEY: version, **short, **_properties(Settings, definitions)},
        "required": [VERSION_KEY],
        "additionalProperties": False,
        "anyOf": [{"required": ["tenant"]}, {"required": ["provider"]}],
        "oneOf": [{"required": ["upstream"]}, {"required": ["upstreams"]}],
        "$defs": dict(sorted(definitions.items())),
    }


def text() -> str:
    """The schema as a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _short() -> Iterator[tuple[str, Leaf]]:
    for name, shape in SHORT_FORMS.items():
        if isinstance(shape, Leaf):
            yield name, shape


def _properties(model: type[BaseModel], definitions: dict[str, Schema]) -> Schema:
    properties: Schema = {}
    for name, shape in Section(model).fields.items():
        info = model.model_fields[name]
        described: Schema = {"description": comment} if (comment := describe_field(model, name)) else {}
        properties[name] = {**_of(shape, info, definitions), **described, **_default(shape, info)}
    return properties


def _of(shape: Shape, info: FieldInfo | None, definitions: dict[str, Schema]) -> Schema:
    match shape:
        case Leaf():
            found = _leaf(shape, info)
        case Section(model):
            found = _section(model, definitions)
        case Variants(_, sections):
            found = {"anyOf": [_section(section.model, definitions) for section in sections.values()]}
        case Sequence(item):
            found = _list(item, info, definitions)
        case Table(item):
            found = {"type": "object", "additionalProperties": _of(item, None, definitions)}
    return {"anyOf": [found, {"type": "null"}]} if shape.nullable else found


def _list(item: Shape, info: FieldInfo | None, definitions: dict[str, Schema]) -> Schema:
    items = _of(item, None, definitions)
    found: Schema = {"type": "array", "items": items}
    lengths = [each.min_length for each in _metadata(info) if isinstance(each, annotated_types.MinLen)]
    found.update({"minItems": max(lengths)} if lengths else {})
    texts = [SHORT_TEXTS[model] for model in _models(item) if model in SHORT_TEXTS]
    return {"anyOf": [found, *({"type": "string", "pattern": text.pattern} for text in texts)]} if texts else found


def _models(shape: Shape) -> list[type[BaseModel]]:
    match shape:
        case Section(model):
            return [model]
        case Variants(_, sections):
            return [section.model for section in sections.values()]
        case _:
            return []


def _section(model: type[BaseModel], definitions: dict[str, Schema]) -> Schema:
    name = model.__name__
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = {
            "description": describe_model(model),
            "type": "object",
            "properties": _properties(model, definitions),
            "additionalProperties": False,
        }
        # A tenant makes known what the provider otherwise needs.
        required = [key for key, info in model.model_fields.items() if info.is_required()]
        if required and name != "ProviderSettings":
            definitions[name]["required"] = required
    reference = {"$ref": f"#/$defs/{name}"}
    short = SHORT_TEXTS.get(model)
    return {"anyOf": [reference, {"type": "string", "pattern": short.pattern}]} if short else reference


def _leaf(shape: Leaf, info: FieldInfo | None = None) -> Schema:
    if shape.choices:
        return {"enum": list(shape.choices)} if len(shape.choices) > 1 else {"const": shape.choices[0]}
    limits = _limits(info)
    match shape.kind:
        case Kind.DURATION:
            return {"anyOf": [{"type": "number", **limits}, {"type": "string", "pattern": DURATION_PATTERN}]}
        case Kind.SIZE:
            return {"anyOf": [{"type": "integer", **limits}, {"type": "string", "pattern": SIZE_PATTERN}]}
        case _:
            return {**_LEAVES[shape.kind], **limits}


def _limits(info: FieldInfo | None) -> Schema:
    limits: Schema = {}
    for each in _metadata(info):
        match each:
            case annotated_types.Ge(ge=limit):
                limits["minimum"] = limit
            case annotated_types.Gt(gt=limit):
                limits["exclusiveMinimum"] = limit
            case annotated_types.Le(le=limit):
                limits["maximum"] = limit
            case annotated_types.Lt(lt=limit):
                limits["exclusiveMaximum"] = limit
            case annotated_types.MinLen(min_length=length):
                limits["minLength"] = length
            case _ if isinstance(pattern := getattr(each, "pattern", None), str):
                limits["pattern"] = pattern
    return limits


def _metadata(info: FieldInfo | None) -> list[object]:
    """The constraints of a field, also those inside ``Annotated[…] | None``."""
    return [] if info is None else [*info.metadata, *_annotated(info.annotation)]


def _annotated(annotation: object) -> Iterator[object]:
    for part in get_args(annotation):
        for extra in getattr(part, "__metadata__", ()):
            yield from extra.metadata if isinstance(extra, FieldInfo) else (extra,)


def _default(shape: Shape, info: FieldInfo) -> Schema:
    default = info.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined or isinstance(default, BaseModel | SecretStr | SecretBytes) or default is None:
        return {}
    if isinstance(shape, Leaf) and shape.kind is Kind.DURATION:
        return {"default": duration_text(float(default))}
    if isinstance(shape, Leaf) and shape.kind is Kind.SIZE:
        return {"default": size_text(int(default))}
    if isinstance(default, str | int | bool):
        return {"default": default}
    if isinstance(default, tuple) and all(isinstance(each, str) for each in default):
        return {"default": list(default)}
    return {}


if __name__ == "__main__":
    sys.stdout.write(text())

"""The JSON Schema of ``lampgate.yaml``: up to date, sound in itself, and of one mind with the loader."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from lampgate.config.native.schema import DIALECT, schema, text
from lampgate.config.native.shapes import Section
from lampgate.config.settings import Settings
from tests.config_native.native_files import FULL, SMALLEST

ROOT = Path(__file__).parents[2]
_KNOWN = {
    "$schema", "$defs", "$ref", "title", "description", "type", "properties", "required", "additionalProperties",
    "anyOf", "oneOf", "items", "minItems", "minLength", "pattern", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "enum", "const", "default", "examples",
}  # fmt: skip


def accepts(document: str) -> bool:
    return Draft202012Validator(schema()).is_valid(YAML(typ="safe", pure=True).load(document))


def test_it_is_up_to_date() -> None:
    assert (ROOT / "docs/lampgate.schema.json").read_text(encoding="utf-8") == text(), "run: make docs"


def test_it_says_its_dialect_and_uses_keywords_of_it() -> None:
    assert schema()["$schema"] == DIALECT
    Draft202012Validator.check_schema(schema())

    def check(rule: Any, *, named: bool = False) -> None:
        if isinstance(rule, dict):
            assert named or set(rule) <= _KNOWN
            if isinstance(rule.get("$ref"), str):
                assert rule["$ref"].removeprefix("#/$defs/") in schema()["$defs"]
            if isinstance(rule.get("pattern"), str):
                re.compile(rule["pattern"])
            for key, each in rule.items():
                if key not in ("default", "examples", "enum", "const"):
                    check(each, named=not named and key in ("properties", "$defs"))
        if isinstance(rule, list):
            for each in rule:
                check(each)

    check(json.loads(text()))


def test_every_setting_is_in_it() -> None:
    assert set(Section(Settings).fields) <= set(schema()["properties"])


def test_comments_of_the_model_are_descriptions() -> None:
    limits = schema()["$defs"]["LimitSettings"]["properties"]
    assert limits["head_timeout"]["description"].startswith("From a request head's first byte")
    assert limits["head_bytes"]["default"] == "64KiB"


@pytest.mark.parametrize("document", [SMALLEST, FULL], ids=["smallest", "full"])
def test_it_accepts_what_loads(document: str) -> None:
    assert accepts(document)


@pytest.mark.parametrize(
    "line",
    [
        "publicUrl: https://a.b",
        "session: {lifetime: 0}",
        "session: {lifetime: 5x}",
        "session: {cookie: {same_site: no}}",
        "upstreams: [{id: a, url: 'http://a'}]",
        "limits: {head_bytes: 5 X}",
        "limits: {connections: many}",
        "metrics: {}",
        "listen: [nowhere]",
        "inject: [{name: 'a b', values: [{claim: email}]}]",
        "provider: {client_authentication: {kind: secret}}",
    ],
)
def test_it_refuses_what_does_not_load(line: str) -> None:
    assert accepts(SMALLEST)
    assert not accepts(f"{SMALLEST}{line}\n")

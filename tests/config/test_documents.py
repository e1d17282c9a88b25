"""YAML and TOML become nodes with places; whatever is wrong with them is said without showing any of it."""

from __future__ import annotations

import pytest

from lampgate.config.errors import ConfigError, InvalidConfigurationError, InvalidValueError, UnreadableConfigError
from lampgate.config.findings import Findings
from lampgate.config.nodes import List, Mapping, Node, Origin, Scalar, merge, shown, shown_flag
from lampgate.config.toml_documents import read_toml
from lampgate.config.yaml_documents import MAX_DEPTH, read_yaml, resolve_plain


def origin(text: str) -> Origin:
    return Origin("file", range(1, text.count("\n") + 2))


def yaml(text: str) -> Node:
    findings = Findings()
    documents = read_yaml(text, origin(text), findings)
    findings.raise_errors([])
    assert documents is not None
    (document,) = documents
    return document


def yaml_error(text: str) -> ConfigError:
    findings = Findings()
    read_yaml(text, origin(text), findings)
    with pytest.raises(InvalidConfigurationError) as raised:
        findings.raise_errors([])
    (error,) = raised.value.errors
    return error


def toml_error(text: str) -> ConfigError:
    findings = Findings()
    read_toml(text, origin(text), findings)
    with pytest.raises(InvalidConfigurationError) as raised:
        findings.raise_errors([])
    (error,) = raised.value.errors
    return error


def plain(node: Node) -> object:
    """The node as Python's own types."""
    match node:
        case Scalar(value=value):
            return value
        case List(items=items):
            return [plain(item) for item in items]
        case Mapping(entries=entries):
            return {entry.key: plain(entry.value) for entry in entries}


def at(node: Node, *path: str | int) -> Node:
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str):
            entry = node.get(step)
            assert entry is not None
            node = entry.value
        else:
            assert isinstance(node, List)
            assert isinstance(step, int)
            node = node.items[step]
    return node


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("on", "on"),
        ("~", None),
        ("", None),
        ("12", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("4180:4180", "4180:4180"),
        ("2026-01-01", "2026-01-01"),
        ("9" * 30, 1e30),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    resolved = resolve_plain(text)
    assert resolved == value
    assert type(resolved) is type(value)


def test_values_and_places() -> None:
    node = yaml('a: 1\nb:\n  - "2"\n  - c.d: [x, {e: null}]\n')
    assert plain(node) == {"a": 1, "b": ["2", {"c.d": ["x", {"e": None}]}]}
    assert str(at(node, "b", 0).place) == "file line 3, b[0]"
    assert str(at(node, "b", 1, "c.d", 1, "e").place) == 'file line 4, b[1]["c.d"][1].e'


def test_a_literal_block_keeps_the_lines_of_the_file() -> None:
    node = at(yaml("a:\n  b: |\n\n    one\n    two\n  c: x\n"), "a", "b")
    assert isinstance(node, Scalar)
    assert node.text == "\none\ntwo\n"
    assert [node.origin().line(index) for index in range(3)] == [3, 4, 5]


@pytest.mark.parametrize("text", ["a: >\n  one\n  two\n", 'a: "one\n  two"\n'])
def test_other_styles_have_one_line(text: str) -> None:
    node = at(yaml(text), "a")
    assert isinstance(node, Scalar)
    assert node.origin().line(1) == 1


def test_anchors_aliases_and_merge_keys() -> None:
    node = yaml("a: &x {k: 1, l: 2}\nb: *x\nc: {<<: *x, l: 3}\nd: {<<: [*x, {m: 4}]}\n")
    assert plain(node) == {
        "a": {"k": 1, "l": 2},
        "b": {"k": 1, "l": 2},
        "c": {"l": 3, "k": 1},
        "d": {"k": 1, "l": 2, "m": 4},
    }


def test_several_documents_and_empty_ones() -> None:
    findings = Findings()
    documents = read_yaml("---\na: 1\n---\n---\nb: 2\n", Origin("file", range(1, 6)), findings)
    assert documents is not None
    assert [plain(document) for document in documents] == [{"a": 1}, {"b": 2}]


def test_a_key_given_twice_is_an_error() -> None:
    error = yaml_error("a: 1\nb:\n  c: 1\n  c: 2\n")
    assert isinstance(error, InvalidValueError)
    assert error.place == "file line 4, b.c"
    assert "the first is on line 3" in error.remedy


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\n\tb: hunter2", 2),
        ("a: 'hunter2", 1),
        ("a: *hunter2", 1),
        ("a: !!python/object:hunter2 x", 1),
        ("a: !!binary aHVudGVyMg==", 1),
        ("? [hunter2]\n: 1", 1),
        ('a: 1\nb: "\\xhunter2"', 2),
        ('a: "\\UFFFFFFFF hunter2"', 1),
        ("a: hunter2: b", 1),
        ("%hunter2\n%YAML 9.9\na: 1", 2),
        ("a: \x00hunter2", 1),
        ("[" * (MAX_DEPTH + 1) + "hunter2", 1),
    ],
)
def test_what_is_not_yaml_is_told_without_showing_it(text: str, line: int) -> None:
    error = yaml_error(text)
    assert isinstance(error, UnreadableConfigError)
    assert error.place == f"file line {line}"
    assert "hunter2" not in str(error)
    assert error.remedy


def test_aliases_cannot_blow_a_document_up() -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
    )
    error = yaml_error(text)
    assert "too large" in error.sentence


def test_an_anchor_cannot_hold_itself() -> None:
    assert "anchor" in yaml_error("a: &x [*x]").sentence


def test_toml_places() -> None:
    findings = Findings()
    text = '# head\none = 1\n"two" = [\n "a",\n "b",\n]\n\n[three]\nx = 1\n'
    document = read_toml(text, origin(text), findings)
    assert document is not None
    assert [str(entry.place) for entry in document] == [
        "file line 2, one",
        "file line 3, two",
        "file line 8, three",
    ]
    assert plain(document) == {"one": 1, "two": ["a", "b"], "three": {}}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = hunter2\n", 2),
        ('a = "hunter2\n', 1),
        ("a = 1\nhunter2\n", 2),
        ("a = 1\na = 'hunter2'\n", 2),
        ("a = " + "[" * 5000, 1),
        ("a = " + "9" * 5000, 1),
        ('a = "x"\nb = \'hunter2', 2),
    ],
)
def test_what_is_not_toml_is_told_without_showing_it(text: str, line: int) -> None:
    error = toml_error(text)
    assert error.place.startswith(f"file line {line}")
    assert "hunter2" not in str(error)
    assert error.remedy


def test_dates_and_huge_numbers_are_not_dropped() -> None:
    assert isinstance(toml_error("a = 2026-01-01"), InvalidValueError)
    assert isinstance(toml_error("a = 99999999999999999999"), InvalidValueError)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("clientID", "clientID"),
        ("clientSecretFile", "clientSecretFile"),
        ("cookie-secrethunter2x", "cookie-secret…"),
        ("hunter 2", "(a key that is no name)"),
        ("", "(a key that is no name)"),
        ("x" * 61, "(a key that is no name)"),
        ("6dae42f8", "(a key that is no name)"),
    ],
)
def test_only_names_are_shown_as_keys(key: str, expected: str) -> None:
    assert shown(key) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cookie-secert", "cookie-secert"),
        ("cookie_secret", "cookie_secret"),
        ("cookie-scretpLanted-Value", "cookie-…"),
        ("cookie-scretabcdefghijklmnopq", "cookie-…"),
        ("", ""),
        ("Cookie-Secret", "…"),
    ],
)
def test_only_words_of_flags_are_shown(name: str, expected: str) -> None:
    assert shown_flag(name) == expected


def test_values_are_laid_over_each_other_as_helm_does() -> None:
    below, over = yaml("a: {x: 1, y: [1, 2]}\nb: 1\nc: 1\n"), yaml("a: {y: [3], z: 4}\nb: null\n")
    assert isinstance(below, Mapping)
    assert isinstance(over, Mapping)
    assert plain(merge(below, over)) == {"a": {"x": 1, "y": [3], "z": 4}, "b": None, "c": 1}


def test_no_repr_shows_a_value() -> None:
    assert "hunter2" not in repr(yaml("a: hunter2\nb: [hunter2]\nhunter2: 1"))

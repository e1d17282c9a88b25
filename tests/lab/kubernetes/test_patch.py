"""Patches as the three documents define them."""

from __future__ import annotations

from typing import Any

import pytest

from lampgate.lab.kubernetes.patch import json_patch, merge, strategic
from lampgate.lab.kubernetes.status import StatusError


# RFC 7396, appendix A.
@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge(target: Any, patch: Any, expected: Any) -> None:
    assert merge(target, patch) == expected


# RFC 6902, appendix A.
@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"foo": "bar", "baz": "qux"}),
        ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
        ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc"]}], {"foo": ["bar", ["abc"]]}),
        ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
        ({"baz": "qux"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo"}),
        ({"a": {"x": 1}, "b": {}}, [{"op": "move", "from": "/a/x", "path": "/b/y"}], {"a": {}, "b": {"y": 1}}),
        ({"a": {"x": 1}}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": {"x": 1}, "b": {"x": 1}}),
        ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
        ({"a/b": 1}, [{"op": "replace", "path": "/a~1b", "value": 2}], {"a/b": 2}),
    ],
)
def test_json_patch(target: Any, patch: Any, expected: Any) -> None:
    assert json_patch(target, patch) == expected


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ([{"op": "test", "path": "/a", "value": 2}], 422),
        ([{"op": "remove", "path": "/b"}], 422),
        ([{"op": "replace", "path": "/b", "value": 2}], 422),
        ([{"op": "add", "path": "/l/9", "value": 2}], 422),
        ([{"op": "add", "path": "/l/x", "value": 2}], 422),
        ([{"op": "turn", "path": "/a"}], 422),
        ([{"path": "/a"}], 422),
        ([{"op": "remove", "path": "a"}], 422),
        ({"op": "remove", "path": "/a"}, 400),
    ],
)
def test_json_patches_that_do_not_apply(patch: Any, code: int) -> None:
    target = {"a": 1, "l": []}
    with pytest.raises(StatusError) as refusal:
        json_patch(target, patch)
    assert refusal.value.code == code
    assert target == {"a": 1, "l": []}


CONTAINERS = {"containers": [{"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]}, {"name": "b"}]}


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"containers": [{"name": "b", "image": "2"}]}, [CONTAINERS["containers"][0], {"name": "b", "image": "2"}]),
        ({"containers": [{"name": "c"}]}, [*CONTAINERS["containers"], {"name": "c"}]),
        ({"containers": [{"name": "a", "$patch": "delete"}]}, [{"name": "b"}]),
        ({"containers": [{"$patch": "replace"}, {"name": "z"}]}, [{"name": "z"}]),
        ({"containers": [{"name": "a", "env": None}]}, [{"name": "a", "image": "a:1"}, {"name": "b"}]),
        ({"containers": [{"name": "a", "env": [{"name": "Y"}]}], "$setElementOrder/containers": [{"name": "a"}]},
         [{"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}, {"name": "Y"}]}, {"name": "b"}]),
    ],
)  # fmt: skip
def test_strategic_merge_knows_lists_of_named_things(patch: Any, expected: Any) -> None:
    assert strategic(CONTAINERS, patch)["containers"] == expected


def test_strategic_merge_of_plain_lists_replaces_them() -> None:
    assert strategic({"args": ["a"], "finalizers": ["x"]}, {"args": ["b"], "finalizers": ["x", "y"]}) == {
        "args": ["b"],
        "finalizers": ["x", "y"],
    }


def test_an_entry_without_its_key_is_refused() -> None:
    with pytest.raises(StatusError) as refusal:
        strategic(CONTAINERS, {"containers": [{"image": "x"}]})
    assert refusal.value.code == 400

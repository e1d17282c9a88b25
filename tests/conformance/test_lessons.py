from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conformance.lessons import LESSONS, Lesson, page

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.source or lesson.what[:40])
def test_the_tests_are_there(lesson: Lesson) -> None:
    assert lesson.tests
    for name in lesson.tests:
        file, _, function = name.partition("::")
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert function in names, name


def test_the_docs_say_the_same() -> None:
    assert (ROOT / "docs" / "oauth2-proxy-lessons.md").read_text("utf-8") == page()

"""The same requests to oauth2-proxy and to lampgate: every difference is explained, and every explanation needed."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.differential.differences import DIFFERENCES, page
from tests.differential.requests import REQUESTS, VARIANTS
from tests.differential.stage import Pair

DOCS = Path(__file__).parents[2] / "docs" / "oauth2-proxy-differences.md"
_used: Counter[str] = Counter()


@pytest.mark.parametrize("variant", VARIANTS)
async def test_differences_are_explained(tmp_path: Path, variant: str) -> None:
    if shutil.which("oauth2-proxy") is None:
        pytest.skip("no oauth2-proxy on the PATH")
    unexplained = []
    async with Pair(tmp_path, VARIANTS[variant]) as pair:
        for asked in REQUESTS:
            for field, (theirs, ours) in (await pair.compare(asked)).items():
                reasons = [each for each in DIFFERENCES if each.explains(variant, asked, field, theirs, ours)]
                _used.update(each.what for each in reasons)
                if not reasons:
                    unexplained.append(f"{asked}: {field}: {theirs} / {ours}")
    assert unexplained == []


def test_every_explanation_is_needed() -> None:
    if shutil.which("oauth2-proxy") is None:
        pytest.skip("no oauth2-proxy on the PATH")
    assert [each.what for each in DIFFERENCES if not _used[each.what]] == []


def test_the_docs_say_the_same() -> None:
    assert DOCS.read_text("utf-8") == page()

"""The same requests to oauth2-proxy and to lampgate: every difference is explained, and every explanation needed."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.differential.differences import DIFFERENCES, page
from tests.differential.requests import REQUESTS, RETURNS, VARIANTS, WITH_PASSWORDS
from tests.differential.stage import Ask, Pair

DOCS = Path(__file__).parents[2] / "docs" / "oauth2-proxy-differences.md"
_used: Counter[str] = Counter()


@pytest.mark.parametrize("variant", VARIANTS)
async def test_differences_are_explained(tmp_path: Path, variant: str) -> None:
    if shutil.which("oauth2-proxy") is None:
        pytest.skip("no oauth2-proxy on the PATH")
    unexplained = []
    async with Pair(tmp_path, VARIANTS[variant]) as pair:
        # Signing out comes last: lampgate's sessions are over then.
        for asked in (*(WITH_PASSWORDS if variant == "passwords" else ()), *REQUESTS):
            for field, (theirs, ours) in (await pair.compare(asked)).items():
                reasons = [each for each in DIFFERENCES if each.explains(variant, asked, field, theirs, ours)]
                _used.update(each.what for each in reasons)
                if not reasons:
                    unexplained.append(f"{asked}: {field}: {theirs} / {ours}")
    assert not unexplained, "\n".join(unexplained)


@pytest.mark.parametrize("listed", [False, True])
async def test_where_sign_ins_end(tmp_path: Path, *, listed: bool) -> None:
    """Whoever oauth2-proxy sends elsewhere, lampgate sends there too, or to the start; and never anywhere else."""
    if shutil.which("oauth2-proxy") is None:
        pytest.skip("no oauth2-proxy on the PATH")
    flags = ("--skip-provider-button=true", *(["--whitelist-domain=.listed.example"] if listed else []))
    async with Pair(tmp_path, flags) as pair:
        ends = {wanted: [await side.way_back(wanted) for side in pair.sides] for wanted in RETURNS}
    unexplained = {}
    for wanted, (theirs, ours) in ends.items():
        asked = Ask("GET", wanted, signed_in=False)
        reasons = [each for each in DIFFERENCES if each.explains("returns", asked, "way back", theirs, ours)]
        if theirs != ours:
            _used.update(each.what for each in reasons)
            if not reasons:
                unexplained[wanted] = (theirs, ours)
    assert unexplained == {}


def test_every_explanation_is_needed() -> None:
    if shutil.which("oauth2-proxy") is None:
        pytest.skip("no oauth2-proxy on the PATH")
    assert [each.what for each in DIFFERENCES if not _used[each.what]] == []


def test_the_docs_say_the_same() -> None:
    assert DOCS.read_text("utf-8") == page()

"""Documentation that is drawn from the code is up to date, and what it refers to exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lampgate.config.oauth2_proxy.reference import page

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_the_reference_of_options_is_up_to_date() -> None:
    assert (ROOT / "docs/oauth2-proxy-options.md").read_text(encoding="utf-8") == page(), "run: make docs"


@pytest.mark.parametrize("document", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for target in re.findall(r"\bmake ([a-z-]+)\b(?=[^a-z]*(?:#|`|\n|$))", document.read_text(encoding="utf-8")):
        assert target in targets, target


@pytest.mark.parametrize("path", re.findall(r"`([a-z_/]+\.py)`", (ROOT / "docs/architecture.md").read_text()))
def test_files_of_the_architecture_exist(path: str) -> None:
    assert any((ROOT / base / path).exists() for base in ("src/lampgate", "")), path

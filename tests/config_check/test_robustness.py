"""Whatever a configuration has become, checking and converting it end in findings or errors, and show no secret."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lampgate.cli.convert import convert
from lampgate.config.check.examination import examine
from lampgate.config.check.output import as_json, as_sarif, as_text
from lampgate.errors import LampgateError
from tests.config.test_robustness import PLANTED, SEEDS, edited, edits
from tests.config_native.native_files import FULL, SMALLEST

NATIVE = (
    f"{SMALLEST}client_secret: {PLANTED}\nsession:\n  cookie:\n    secret: {PLANTED}\n",
    FULL.replace("env:CLIENT_SECRET", PLANTED).replace("env:COOKIE_SECRET", PLANTED),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checked")


def said_about(path: Path) -> str:
    findings = examine([path], {})
    said = as_text(findings, lambda text, _: text) + as_json(findings) + as_sarif(findings)
    try:
        return said + convert([path], {})
    except LampgateError as error:
        return f"{said}{error}"


@given(st.sampled_from((*SEEDS, *NATIVE, *NATIVE)), st.lists(edits, max_size=3))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_edited_configurations(folder: Path, seed: str, changes: list[tuple[str, int, int]]) -> None:
    path = folder / "edited.conf"
    path.write_bytes(reduce(edited, changes, seed).encode())
    said = said_about(path)
    assert not [start for start in range(len(PLANTED) - 9) if PLANTED[start : start + 10] in said]


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_arbitrary_bytes(folder: Path, content: bytes) -> None:
    path = folder / "bytes.conf"
    path.write_bytes(b"lampgate: 1\n" + content)
    assert said_about(path)


@pytest.mark.parametrize("seed", NATIVE, ids=["preset", "full"])
def test_seeds_do_hold_the_secret(seed: str) -> None:
    assert PLANTED in seed

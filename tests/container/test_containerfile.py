"""The image, as far as it can be looked at without an engine: what it copies is there, and what it starts starts."""

from __future__ import annotations

import json
import re
import subprocess
import sysconfig
from fnmatch import fnmatch
from pathlib import Path

import pytest

from lampgate import __version__

ROOT = Path(__file__).parents[2]
FILE = (ROOT / "container" / "Containerfile").read_text("utf-8")
LINES = re.sub(r"\\\n", " ", "\n".join(line for line in FILE.splitlines() if not line.startswith("#"))).splitlines()


def of(instruction: str) -> list[str]:
    return [line.removeprefix(f"{instruction} ") for line in LINES if line.startswith(f"{instruction} ")]


def test_what_it_copies_is_there_and_not_ignored() -> None:
    kept = [line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")]
    sources = [word for line in of("COPY") if not line.startswith("--from") for word in line.split()[:-1]]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source.removeprefix("./"), pattern) for pattern in kept), source


def test_it_is_what_the_chart_expects() -> None:
    assert of("ENTRYPOINT") == ['["/bin/oauth2-proxy"]']
    assert of("USER") == ["2000:2000"]
    assert of("EXPOSE") == ["4180 44180"]
    assert any("/bin/oauth2-proxy" in line for line in of("RUN"))


def test_no_registry_is_named() -> None:
    assert all(re.fullmatch(r"python:3\.\d+-slim( AS build)?", line) for line in of("FROM"))


def test_the_entry_point_answers_under_its_name(tmp_path: Path) -> None:
    script = Path(sysconfig.get_path("scripts")) / "lampgate"
    if not script.exists():
        pytest.skip("lampgate is not installed here")
    (entry,) = json.loads(of("ENTRYPOINT")[0])
    link = tmp_path / Path(entry).name
    link.symlink_to(script)
    folder = tmp_path / "empty"
    folder.mkdir(mode=0o500)
    done = subprocess.run(
        [str(link), "--version"], env={}, cwd=folder, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"lampgate {__version__}, in the place of oauth2-proxy\n"), (
        done.stderr
    )

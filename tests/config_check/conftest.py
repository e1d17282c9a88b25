from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.configurations import Loader


@pytest.fixture
def loader(tmp_path: Path) -> Loader:
    return Loader(tmp_path)

"""The browser of the browser tests: whichever Chromium is installed, never one that a test tool downloads."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

_ON_MACS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)

#: For a browser that asks nobody for anything.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str:
    """Its path. Without one the test is skipped, or fails where ``LAMPGATE_REQUIRE_BROWSER`` is set."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    for path in _ON_MACS:
        if Path(path).exists():
            return path
    if os.environ.get("LAMPGATE_REQUIRE_BROWSER"):
        pytest.fail("no Chromium, and LAMPGATE_REQUIRE_BROWSER is set")
    pytest.skip("no Chromium: see the words of scripts/browser")

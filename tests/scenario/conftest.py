from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.scenario.lab import Lab, running_lab

_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    with running_lab() as running:
        yield running


@pytest.fixture(scope="session")
def id_token_lab() -> Iterator[Lab]:
    """The lab with the mistake that lampgate is there to avoid."""
    with running_lab("--inject", "id_token") as running:
        yield running


def chromium() -> str | None:
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    return next((path for path in _MAC if Path(path).exists()), None)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    executable = chromium()
    if executable is None:
        if os.environ.get("LAMPGATE_REQUIRE_BROWSER"):
            pytest.fail("no Chromium, and LAMPGATE_REQUIRE_BROWSER is set")
        pytest.skip("no Chromium: see the words of scripts/browser")
    arguments = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--no-first-run"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=[*arguments, "--disable-component-update", "--disable-sync"]
        )
        yield browser
        await browser.close()


@pytest.fixture
def kubectl() -> str:
    found = shutil.which("kubectl")
    if found is None:
        pytest.skip("no kubectl on the PATH")
    return found

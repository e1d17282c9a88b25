from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests import chromium
from tests.scenario.lab import Lab, running_lab


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    with running_lab() as running:
        yield running


@pytest.fixture(scope="session")
def id_token_lab() -> Iterator[Lab]:
    """The lab with the mistake that lampgate is there to avoid."""
    with running_lab("--inject", "id_token") as running:
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    executable = chromium.executable()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=chromium.ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
def kubectl() -> str:
    found = shutil.which("kubectl")
    if found is None:
        pytest.skip("no kubectl on the PATH")
    return found

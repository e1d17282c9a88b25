from __future__ import annotations

from collections.abc import Iterator

import pytest

from lampgate.lab.dashboard.app import create_app
from tests.lab.dashboard.fake_api import FakeApi
from tests.lab.dashboard.serving import serving


@pytest.fixture(scope="module")
def api_origin(module_api: FakeApi) -> Iterator[str]:
    with serving(module_api.app()) as origin:
        yield origin


@pytest.fixture(scope="module")
def module_api() -> FakeApi:
    return FakeApi()


@pytest.fixture(scope="module")
def dashboard(api_origin: str) -> Iterator[str]:
    with serving(create_app(api_origin, None)) as origin:
        yield origin


@pytest.fixture
def api(module_api: FakeApi) -> Iterator[FakeApi]:
    """The API, with the records and switches of this test only."""
    fresh = FakeApi()
    module_api.objects = fresh.objects
    module_api.log_lines = fresh.log_lines
    module_api.answer_instead = None
    module_api.flooded = 0
    module_api.seen.clear()
    module_api.closed_with.clear()
    yield module_api
    module_api.answer_instead = None

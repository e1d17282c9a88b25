from __future__ import annotations

import asyncio
from collections.abc import Callable

import uvloop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The data path runs on uvloop, and on the standard loop where that is missing: both are shown to work."""
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}

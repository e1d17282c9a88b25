"""Which event loop a worker runs on."""

from __future__ import annotations

import asyncio
import sys


def loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """uvloop's loop where there is one; None: the standard loop."""
    if sys.platform == "win32":
        return None
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop

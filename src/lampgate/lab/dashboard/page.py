"""Serves the single page: its files under ``/static/``, and ``index.html`` for every other path.

As in Headlamp an unknown path answers 200 with the page, even under the name of a script that is gone. The security
headers are the stand-in's own; Headlamp sends none.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

_STATIC = Path(__file__).parent / "static"

#: Written out, because the system's table of types differs from machine to machine.
_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}

#: ``'self'`` in ``connect-src`` covers the page's WebSockets too (Content Security Policy Level 3, section 6.7.2.8).
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Page:
    """The page's files, found once at start: a path outside this list cannot be asked for."""

    def __init__(self) -> None:
        self._files = {
            "/static/" + file.relative_to(_STATIC).as_posix(): file
            for file in _STATIC.rglob("*")
            if file.suffix in _MEDIA_TYPES
        }
        self._index = _STATIC / "index.html"

    async def answer(self, request: Request) -> Response:
        """The file of that name, or the page."""
        file = self._files.get(request.url.path, self._index)
        return FileResponse(file, media_type=_MEDIA_TYPES[file.suffix], headers=_HEADERS)

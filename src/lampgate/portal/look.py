"""What an operator may change about the pages: the words at the bottom, and the mark at the top."""

from __future__ import annotations

import logging
from base64 import b64encode
from dataclasses import dataclass

from lampgate.config.settings import PortalSettings

_log = logging.getLogger("lampgate.portal")

#: It is part of every page.
_LARGEST = 128 * 1024
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


@dataclass(frozen=True, slots=True)
class Look:
    """How pages look.

    :ivar footer: plain text.
    :ivar logo: a ``data:`` URL; None: lampgate's own mark; empty: none at all.
    """

    footer: str = "lampgate"
    logo: str | None = None


OWN_LOOK = Look()


def look_of(settings: PortalSettings) -> Look:
    """The look that is configured. A logo that cannot be used is as none, and the log says so."""
    footer = settings.footer if settings.footer is not None else OWN_LOOK.footer
    if settings.logo == "none":
        return Look(footer, "")
    if settings.logo_file is None:
        return Look(footer)
    try:
        content = settings.logo_file.read_bytes()
    except OSError as error:
        _log.warning("the logo %s cannot be read: %s", settings.logo_file, error.strerror)
        return Look(footer)
    kind = _kind(content)
    if kind is None or len(content) > _LARGEST:
        _log.warning("the logo %s is no PNG, JPEG, GIF, WebP or SVG of up to 128 KiB", settings.logo_file)
        return Look(footer)
    return Look(footer, f"data:{kind};base64,{b64encode(content).decode('ascii')}")


def _kind(content: bytes) -> str | None:
    """The type of an image, by its content."""
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    # As an image it runs no script, whatever it holds.
    return "image/svg+xml" if b"<svg" in content[:1024] else None

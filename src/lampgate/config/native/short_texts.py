"""Sections of the settings that may be written as one text, e.g. where to listen as ``0.0.0.0:4180``. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from lampgate.config.settings import ListenAddress

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]*)):(?P<port>[0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ShortText:
    """A text that stands for a section.

    :ivar what: in words that follow “takes”.
    :ivar pattern: for the JSON Schema.
    :ivar read: makes the section's values of it, or raises ValueError, whose message does not hold the text.
    """

    what: str
    remedy: str
    pattern: str
    read: Callable[[str], dict[str, object]]


def _address(text: str) -> dict[str, object]:
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise ValueError("not an address")
    if match["v6"]:
        ipaddress.IPv6Address(match["v6"])
    host = match["v6"] or match["host"] or "0.0.0.0"  # noqa: S104 - no host is every address, as everywhere
    return {"host": host, "port": int(match["port"])}


SHORT_TEXTS: Mapping[type[BaseModel], ShortText] = {
    ListenAddress: ShortText(
        "an address to listen on",
        "Write host and port, e.g. 0.0.0.0:4180",
        r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]*):[0-9]{1,5}$",
        _address,
    ),
}

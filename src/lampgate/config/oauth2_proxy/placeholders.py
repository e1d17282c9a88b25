"""Finds documentation placeholders that were never replaced. Pure."""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(
    r"""
      \.\.+[^./\s]*\.\.+ | \.{3,} | …            # ..your-tenant...  ...
    | <[^<>]+>                                    # <Cookie-Secret>
    | \{[^{}]*\}                                  # {tenant}
    | (?:\b|_)your[-_ ]?(?:tenant|client|app|application|domain|secret|org|company)[a-z_-]*
    | \b(?:change|replace|fill)[-_]?(?:me|it|in)\b
    | ^x{4,}$ | \bx{8}-x{4}-x{4}-x{4}-x{12}\b
    | \btenant[-_]?id\b | \bclient[-_]?id\b
    | \b0{8}-0{4}-0{4}-0{4}-0{12}\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: A placeholder that can be shown: nothing of it is anybody's own.
_HARMLESS = re.compile(
    r"[.…<>{}_\s-]*(?:(?:your|the|my|tenant|client|app|application|entra|azure|ad|directory|id|name|domain|guid|uuid|"
    r"here|change|replace|me|x+|0+)[.…<>{}_\s-]*)*",
    re.IGNORECASE,
)
_EXAMPLE_HOST = re.compile(r"(?:.*\.)?example\.(?:com|net|org)\.?", re.IGNORECASE)


def find_placeholder(text: str) -> str | None:
    """The placeholder in a value: as it stands where that can be shown, else empty. None where there is none."""
    match = _PLACEHOLDER.search(text)
    if match is None:
        return None
    return match[0] if len(match[0]) <= 40 and _HARMLESS.fullmatch(match[0]) else ""


def is_placeholder(text: str) -> bool:
    """Whether the value as a whole is a placeholder. For secrets, a part of which may look like anything."""
    return _PLACEHOLDER.fullmatch(text.strip()) is not None


def is_example_host(host: str) -> bool:
    """Whether a host name is one of those that documentation uses (RFC 2606 section 3)."""
    return _EXAMPLE_HOST.fullmatch(host) is not None

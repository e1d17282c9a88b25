"""Recognises a document's dialect by its content, never by its file's name. Pure.

A new dialect is added here, with the keys that give it away, and to `load`.
"""

from __future__ import annotations

import re
from enum import Enum

from lampgate.config.oauth2_proxy import alpha_keys, chart_keys


class Dialect(Enum):
    """The dialects."""

    KUBERNETES = "a Kubernetes object"
    CHART_VALUES = "values for oauth2-proxy's Helm chart"
    NATIVE = "lampgate.yaml"
    ALPHA = "oauth2-proxy's alpha configuration"
    LEGACY = "oauth2-proxy's configuration file"
    EMPTY = "an empty document"
    UNKNOWN = "none of these"


#: lampgate's own file begins with the first of these; without it the others give it away if nothing else does.
_NATIVE_KEY = "lampgate"
_NATIVE_KEYS = frozenset({"public_url", "tenant", "client_id", "upstream", "upstreams", "provider"})
_ALPHA_KEYS = frozenset(key.name.lower() for key in alpha_keys.TOP)

#: A key at the very left, where everything inside a block is indented.
_YAML_KEY = re.compile(r"""^(?:- )?["']?([A-Za-z_][A-Za-z0-9_.-]*)["']?[ \t]*:(?=\s|$)""", re.ASCII | re.MULTILINE)
_JSON_KEY = re.compile(r'"([A-Za-z_][A-Za-z0-9_.-]*)"[ \t\n]*:', re.ASCII)
_TOML_LINE = re.compile(r"""["']?[A-Za-z0-9_.-]+["']?[ \t]*=|\[""", re.ASCII)


def recognise(text: str) -> Dialect:
    """The dialect of a text."""
    first = next((line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")), None)
    if first is None or not text.strip("- \t\r\n"):
        return Dialect.EMPTY
    if _TOML_LINE.match(first):
        return Dialect.LEGACY
    keys = set((_JSON_KEY if first.startswith("{") else _YAML_KEY).findall(text))
    if {"apiVersion", "kind"} & keys:
        return Dialect.KUBERNETES
    if _NATIVE_KEY in keys:
        return Dialect.NATIVE
    of_alpha = sum(key.lower() in _ALPHA_KEYS for key in keys)
    of_chart = len(keys & chart_keys.ALL)
    if not of_alpha and not of_chart:
        return Dialect.NATIVE if keys & _NATIVE_KEYS else Dialect.UNKNOWN
    return Dialect.ALPHA if of_alpha > of_chart else Dialect.CHART_VALUES

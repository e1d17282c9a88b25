"""``lampgate schema``: print the JSON Schema of ``lampgate.yaml``."""

from __future__ import annotations

import sys

from lampgate.config.native.schema import text


def run_schema() -> None:
    """Print the schema to standard output."""
    sys.stdout.write(text())

"""``lampgate check``: print what is wrong with or risky about a configuration; the exit status is for pipelines."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import typer

from lampgate.config.check.examination import UnreadableFileError, examine
from lampgate.config.check.finding import Severity
from lampgate.config.check.output import as_json, as_sarif, as_text

#: A finding at or above the threshold; a file that cannot be opened.
EXIT_FOUND, EXIT_UNREADABLE = 1, 2

_COLOURS = {Severity.ERROR: typer.colors.RED, Severity.WARNING: typer.colors.YELLOW, Severity.NOTE: typer.colors.CYAN}


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


class Threshold(StrEnum):
    """From which severity on the exit status is 1."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


def run_check(files: Sequence[Path], *, output: Format, fail_on: Threshold) -> int:
    """Print the findings.

    :returns: the exit status.
    """
    try:
        findings = examine(files, os.environ)
    except UnreadableFileError as error:
        sys.stderr.write(f"lampgate: {error}\n")
        return EXIT_UNREADABLE
    match output:
        case Format.TEXT:
            sys.stdout.write(as_text(findings, _paint if _has_colours() else lambda text, _: text))
        case Format.JSON:
            sys.stdout.write(as_json(findings))
        case Format.SARIF:
            sys.stdout.write(as_sarif(findings))
    limit = {Threshold.ERROR: Severity.ERROR, Threshold.WARNING: Severity.WARNING}.get(fail_on)
    return EXIT_FOUND if limit is not None and any(each.rule.severity >= limit for each in findings) else 0


def _has_colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _paint(text: str, severity: Severity | None) -> str:
    return typer.style(text, bold=True) if severity is None else typer.style(text, fg=_COLOURS[severity], bold=True)

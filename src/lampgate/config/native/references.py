"""Where a secret of the native file is: ``env:NAME``, ``file:/path``, or the text itself.

``file:`` is read once, when the configuration is loaded. What has to follow a file that is replaced has a setting of
its own for that (``secret_file``, ``path``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lampgate.config.errors import InvalidValueError, MissingSettingError, UnreadableConfigError
from lampgate.config.findings import Findings
from lampgate.config.oauth2_proxy.conversion.draft import ReadText
from lampgate.config.settings import Place

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_REMEDY = "Write env:NAME for a variable, or file:/path for a file that a Secret is mounted to"


@dataclass(frozen=True, slots=True)
class Outside:
    """What references lead to."""

    environ: Mapping[str, str] = field(repr=False)
    read_text: ReadText


def is_reference(text: str) -> bool:
    """Whether a text names where the secret is, instead of being it."""
    return text.startswith(("env:", "file:"))


def resolve(text: str, outside: Outside, place: Place, findings: Findings) -> str | None:
    """The secret. None, with the error found, where there is none."""
    if text.startswith("env:"):
        return _from_variable(text.removeprefix("env:"), outside, place, findings)
    if text.startswith("file:"):
        return read_file(Path(text.removeprefix("file:").removeprefix("//")), outside, place, findings)
    if not text:
        findings.error(MissingSettingError, "The secret is empty", place=place, remedy=_REMEDY)
        return None
    return text


def _from_variable(name: str, outside: Outside, place: Place, findings: Findings) -> str | None:
    if not _VARIABLE.fullmatch(name):
        findings.error(
            InvalidValueError, "What stands behind env: is no name of a variable", place=place, remedy=_REMEDY
        )
        return None
    secret = outside.environ.get(name)
    if not secret:
        findings.error(
            MissingSettingError,
            "The environment variable with the secret is not set",
            place=place,
            remedy="Set it from a Kubernetes Secret (env, valueFrom.secretKeyRef)",
        )
        return None
    return secret


def read_file(path: Path, outside: Outside, place: Place, findings: Findings) -> str | None:
    """The text of a file without its last line's end. None, with the error found, where there is none."""
    if not path.is_absolute():
        findings.error(
            InvalidValueError, "A file with a secret needs an absolute path", place=place, remedy="Write file:/path"
        )
        return None
    try:
        text = outside.read_text(path).rstrip("\r\n")
    except OSError as error:
        findings.error(
            UnreadableConfigError,
            "The file with the secret cannot be read",
            place=place,
            cause=error.strerror or "",
            remedy="Check that the volume is mounted and that this process may read the file",
        )
        return None
    if not text:
        findings.error(
            UnreadableConfigError,
            "The file with the secret is empty",
            place=place,
            remedy="Check what the volume is filled from",
        )
        return None
    return text

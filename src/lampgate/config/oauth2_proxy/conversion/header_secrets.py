"""Secrets that headers carry: a shared password, or a text that is the same for everybody. Read at the start."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path

from pydantic import SecretStr

from lampgate.config.errors import InvalidValueError, MissingSettingError, PlaceholderLeftError, UnreadableConfigError
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.placeholders import is_placeholder
from lampgate.config.oauth2_proxy.written import WrittenSecret

_USABLE = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]*")


def header_secret(written: WrittenSecret, draft: Draft) -> SecretStr | None:
    """The secret; None where there is none, which has been reported."""
    text = _text(written, draft)
    if text is None:
        return None
    if is_placeholder(text):
        draft.findings.error(
            PlaceholderLeftError,
            "The secret of a header is still a placeholder",
            place=written.text.place,
            remedy="Put the secret there, or name where it is with fromEnv or fromFile",
        )
        return None
    if not _USABLE.fullmatch(text):
        draft.findings.error(
            InvalidValueError,
            "The secret of a header holds a character that headers cannot have",
            place=written.text.place,
            remedy="Use one line of text",
        )
        return None
    return SecretStr(text)


def _text(written: WrittenSecret, draft: Draft) -> str | None:
    text, place = written.text.value, written.text.place
    match written.kind:
        case "value":
            return text
        case "base64":
            try:
                return base64.b64decode(text, validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError):
                draft.findings.error(
                    InvalidValueError,
                    "A value in the old form of header values, directly below values, is base64, and this one is not",
                    place=place,
                    remedy="Encode it (printf %s … | base64), or use secretSource or fromEnv",
                )
                return None
        case "env":
            variable = draft.environment.get(text)
            if variable is None or not variable.text:
                draft.findings.error(
                    MissingSettingError,
                    "The environment variable with a header's secret is not set",
                    place=place,
                    remedy="Set it from a Kubernetes Secret (env, valueFrom.secretKeyRef)",
                )
                return None
            return variable.text
        case "file":
            try:
                return draft.read_text(Path(text)).rstrip("\r\n")
            except OSError as error:
                draft.findings.error(
                    UnreadableConfigError,
                    "The file with a header's secret cannot be read",
                    place=place,
                    cause=error.strerror or "",
                    remedy="Check that the volume is mounted and that this process may read the file",
                )
                return None

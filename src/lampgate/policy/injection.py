"""The headers the gateway sets for a signed-in person, as bytes, built once for each session."""

from __future__ import annotations

from collections.abc import Iterable

from lampgate.config.settings import HeaderInjection, InjectedValue
from lampgate.session.record import Session


def injected_lines(injections: Iterable[HeaderInjection], session: Session) -> bytes:
    """Complete header lines, each ending in CRLF, one for each header that has a value.

    Several values of one header are joined with a comma. A value with a line break in it adds nothing: it would
    forge a header.
    """
    lines = []
    for injection in injections:
        values = [text for value in injection.values for text in _texts(value, session)]
        if values:
            line = f"{injection.name}: {','.join(values)}"
            if not any(character in line for character in "\r\n\x00"):
                lines.append(line.encode() + b"\r\n")
    return b"".join(lines)


def _texts(value: InjectedValue, session: Session) -> list[str]:
    subject = session.subject
    match value.claim:
        case "access_token":
            token = session.tokens.get("access_token")
            texts = [token.value] if token else []
        case "id_token":
            texts = [session.id_token]
        case "user":
            texts = [subject.sub]
        case "email":
            texts = [subject.email]
        case "preferred_username":
            texts = [subject.preferred_username]
        case "groups":
            texts = list(subject.groups)
    return [value.prefix + text for text in texts if text]

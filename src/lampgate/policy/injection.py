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
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in injected_headers(injections, session))


def injected_headers(injections: Iterable[HeaderInjection], session: Session) -> list[tuple[str, str]]:
    """The same as names and values."""
    headers = []
    for injection in injections:
        values = [text for value in injection.values for text in _texts(value, session)]
        joined = ",".join(values)
        if values and not any(character in joined for character in "\r\n\x00"):
            headers.append((injection.name, joined))
    return headers


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

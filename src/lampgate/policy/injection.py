"""The headers the gateway sets for a signed-in person, as bytes, built once for each session."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping

from lampgate.config.settings import HeaderInjection, InjectedValue
from lampgate.session.record import Session, Token

_NO_TOKENS: Mapping[str, Token] = {}


def token_names(injections: Iterable[HeaderInjection]) -> tuple[str, ...]:
    """The further tokens (`ProviderSettings.tokens`) that these headers take."""
    names = [value.token_name for injection in injections for value in injection.values if value.token_name]
    return tuple(dict.fromkeys(names))


def injected_lines(
    injections: Iterable[HeaderInjection], session: Session, tokens: Mapping[str, Token] = _NO_TOKENS
) -> bytes:
    """Complete header lines, each ending in CRLF, one for each header that has a value.

    Several values of one header are joined with a comma. A value with a line break in it adds nothing: it would
    forge a header.

    :param tokens: further tokens of the session, by name; a header whose token is missing is left out.
    """
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in injected_headers(injections, session, tokens))


def injected_headers(
    injections: Iterable[HeaderInjection], session: Session, tokens: Mapping[str, Token] = _NO_TOKENS
) -> list[tuple[str, str]]:
    """The same as names and values."""
    headers = []
    for injection in injections:
        values = [text for value in injection.values for text in _texts(value, session, tokens)]
        joined = ",".join(values)
        if values and not any(character in joined for character in "\r\n\x00"):
            headers.append((injection.name, joined))
    return headers


def _texts(value: InjectedValue, session: Session, tokens: Mapping[str, Token]) -> list[str]:
    if value.secret is not None:
        return [value.secret.get_secret_value()]
    texts = _claim_texts(value, session, tokens)
    if value.basic_password is not None:
        password = value.basic_password.get_secret_value()
        return [f"Basic {b64encode(f'{text}:{password}'.encode()).decode()}" for text in texts]
    return [value.prefix + text for text in texts]


def _claim_texts(value: InjectedValue, session: Session, tokens: Mapping[str, Token]) -> list[str]:
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
        case _ if value.token_name:
            further = tokens.get(value.token_name)
            texts = [further.value] if further else []
        case _:
            texts = list(subject.claims.get(value.claim_name, ()))
    return [text for text in texts if text]

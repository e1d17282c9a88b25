"""From the text of a native file to settings: read by shape, expand short forms, validate, hold against the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from lampgate.config.errors import InvalidValueError, UnreadableConfigError
from lampgate.config.findings import Findings
from lampgate.config.native.placing import Path
from lampgate.config.native.reading import Reading
from lampgate.config.native.references import Outside, read_file
from lampgate.config.native.rules import Judge, public_origin
from lampgate.config.native.shapes import Section
from lampgate.config.native.short_forms import SHORT_FORMS, VERSION_KEY, check_version, expand
from lampgate.config.native.validation import validate
from lampgate.config.nodes import Mapping as MappingNode
from lampgate.config.oauth2_proxy.conversion.client_authentication import FEDERATED_TOKEN_FILE
from lampgate.config.oauth2_proxy.conversion.gateway import Overrides
from lampgate.config.oauth2_proxy.cookie_secret import secrets_of
from lampgate.config.oauth2_proxy.sources import Text
from lampgate.config.settings import LoadedSettings, Place, Settings
from lampgate.config.yaml_documents import read_yaml

_COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class NativeReading:
    """What a file says, and the settings it makes; None where something is missing or wrong."""

    settings: LoadedSettings | None
    plain_secrets: Mapping[Path, Place]


def load_native(
    texts: Sequence[Text], outside: Outside, overrides: Overrides, findings: Findings
) -> LoadedSettings | None:
    """The settings; None where something is missing or wrong, which has been reported."""
    return read_native(texts, outside, overrides, findings).settings


def read_native(texts: Sequence[Text], outside: Outside, overrides: Overrides, findings: Findings) -> NativeReading:
    """What a file says. What is missing or wrong has been reported."""
    for text in texts[1:]:
        findings.error(
            InvalidValueError,
            "This is a second lampgate.yaml, and there can be one",
            place=text.place,
            remedy=f"Leave one of them out; the first is {texts[0].place}",
        )
    document = _document(texts[0], findings)
    if document is None:
        return NativeReading(None, {})
    reading = Reading(findings, outside)
    check_version(document, reading)
    shapes = {**Section(Settings).fields, **SHORT_FORMS}
    values = reading.keys(document, shapes, (), others=(VERSION_KEY,))
    values = expand(values, document, reading)
    _take_overrides(values, overrides, reading)
    _read_cookie_secrets(values, reading)
    _name_token_file(values, outside)
    _read_public_url(values, reading)
    settings = validate(values, reading.places, reading.broken, document.place, findings)
    if settings is None:
        return NativeReading(None, reading.plain_secrets)
    Judge(settings, reading, document.place).judge()
    return NativeReading(LoadedSettings(settings, _dotted(reading.places), findings.notes), reading.plain_secrets)


def _document(text: Text, findings: Findings) -> MappingNode | None:
    documents = read_yaml(text.text, text.origin, findings)
    if documents is None:
        return None
    for extra in documents[1:]:
        findings.error(
            InvalidValueError,
            "The file holds a second document, and one is read",
            place=extra.place,
            remedy="Keep one of the documents between the lines ---",
        )
    if documents and isinstance(documents[0], MappingNode):
        return documents[0]
    findings.error(
        UnreadableConfigError,
        "lampgate.yaml takes keys with values",
        place=documents[0].place if documents else text.place,
        remedy="Let it begin with the line lampgate: 1",
    )
    return None


def _take_overrides(values: dict[str, object], overrides: Overrides, reading: Reading) -> None:
    """Lay lampgate's command line over the file."""
    if overrides.listen:
        values["listen"] = [address.model_dump() for address in overrides.listen]
        reading.places["listen",] = Place(_COMMAND_LINE, 0, "--listen")
    if overrides.public_url is not None:
        values["public_url"] = overrides.public_url
        reading.places["public_url",] = Place(_COMMAND_LINE, 0, "--public-url")


def _read_public_url(values: dict[str, object], reading: Reading) -> None:
    url = values.get("public_url")
    if isinstance(url, str):
        values["public_url"] = public_origin(url, reading.places["public_url",], reading.findings)


def _read_cookie_secrets(values: dict[str, object], reading: Reading) -> None:
    """Read ``secret_file``: one secret a line, the one that seals first. It is read again when it changes."""
    session = values.get("session")
    cookie = session.get("cookie") if isinstance(session, dict) else None
    if not isinstance(cookie, dict):
        return
    path: Path = ("session", "cookie", "secret_file")
    reference = reading.references.get(("session", "cookie", "secret"), "")
    if "secret_file" in cookie and cookie["secret_file"] is not None:
        if "secret" in cookie or ("session", "cookie", "secret") in reading.broken:
            reading.findings.error(
                InvalidValueError,
                "A cookie secret and a file with cookie secrets are both given",
                place=reading.places[path],
                remedy="Keep one of them",
            )
            return
        file = FilePath(str(cookie["secret_file"]))
    elif reference.startswith("file:") and "secret" in cookie:
        file = FilePath(reference.removeprefix("file:").removeprefix("//"))
        path = ("session", "cookie", "secret")
    else:
        return
    text = read_file(file, reading.outside, reading.places[path], reading.findings)
    if text is None:
        return
    try:
        secrets = secrets_of(text)
    except ValueError as problem:
        reading.findings.error(
            InvalidValueError,
            f"The file with the cookie secrets cannot be used: {problem}",
            place=reading.places[path],
            remedy="Make one with: openssl rand -base64 32 | tr -- '+/' '-_'",
        )
        return
    cookie.update(secret=secrets[0], secret_file=file)
    if len(secrets) > 1:
        cookie["earlier_secrets"] = secrets[1:]
    reading.places.setdefault(("session", "cookie", "secret"), reading.places[path])


def _name_token_file(values: dict[str, object], outside: Outside) -> None:
    """Name the file of the federated token where only the environment does."""
    provider = values.get("provider")
    authentication = provider.get("client_authentication") if isinstance(provider, dict) else None
    file = outside.environ.get(FEDERATED_TOKEN_FILE)
    if (
        file
        and isinstance(provider, dict)
        and isinstance(authentication, dict)
        and authentication.get("kind") == "federated-token"
        and authentication.get("path") is None
    ):
        provider["client_authentication"] = {**authentication, "path": file}


def _dotted(places: Mapping[Path, Place]) -> dict[str, Place]:
    return {".".join(map(str, path)): place for path, place in places.items()}

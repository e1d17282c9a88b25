"""Writes settings as a native file: only what differs from the defaults, each line with the place it came from."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from lampgate.config.native.quantities import duration_text, size_text
from lampgate.config.native.secret_origins import SecretOrigins
from lampgate.config.native.shapes import Kind, Leaf, Section, Shape, Table
from lampgate.config.native.shapes import Sequence as SequenceShape
from lampgate.config.native.short_forms import VERSION, VERSION_KEY, preset, tenant_of
from lampgate.config.native.short_texts import SHORT_TEXTS
from lampgate.config.settings import (
    AllowSettings,
    CookieSettings,
    FederatedToken,
    LoadedSettings,
    Place,
    ProviderSettings,
    Settings,
)
from lampgate.config.yaml_documents import resolve_plain

#: What reads as a text without quotes, also within brackets.
_PLAIN = re.compile(r"[A-Za-z0-9/_](?:[A-Za-z0-9/_.@+-]|:(?=[A-Za-z0-9/_]))*", re.ASCII)
_WIDTH = 110

Value = str | int | float | bool | None
Content = Value | list["Item"] | dict[str, "Item"]


@dataclass(frozen=True, slots=True)
class Item:
    """A value to write, and the path it has in the settings."""

    content: Content
    path: str


class Writer:
    """Turns settings into the text of a native file.

    :param origins: what is known about where secrets come from.
    :param token_file: the file of the federated token that the environment names; it need not be written.
    """

    def __init__(self, loaded: LoadedSettings, origins: SecretOrigins, token_file: str | None) -> None:
        self._loaded = loaded
        self._origins = origins
        self._token_file = token_file

    def text(self) -> str:
        """The file."""
        lines = list(_lines(self._settings(self._without_token_file()), 0))
        head = [*self._head(), f"{VERSION_KEY}: {VERSION}"]
        width = min(60, max((len(line) for line, _ in lines), default=0))
        said = ""
        for line, path in lines:
            comment = self._comment(path)
            head.append(f"{line.ljust(width)}  # {comment}" if comment and comment != said else line)
            said = comment or said
        return "\n".join(head) + "\n"

    def _without_token_file(self) -> Settings:
        """The settings without the path of the federated token where the environment names it."""
        settings = self._loaded.settings
        authentication = settings.provider.client_authentication
        if not isinstance(authentication, FederatedToken) or str(authentication.path) != self._token_file:
            return settings
        provider = settings.provider.model_copy(update={"client_authentication": FederatedToken()})
        return settings.model_copy(update={"provider": provider})

    def _head(self) -> Iterator[str]:
        for name, path in self._origins.needed.items():
            place = self._place(path)
            stood = f" stood in plain text at {_printable(str(place))};" if place else ""
            sentence = f"Set the variable {name}: the secret{stood} it is not written down here."
            yield from textwrap.wrap(sentence, _WIDTH, initial_indent="# ", subsequent_indent="#   ")
        for note in self._loaded.notes:
            sentence = f"{note.code}: {note.sentence}."
            yield from textwrap.wrap(_printable(sentence), _WIDTH, initial_indent="# ", subsequent_indent="#   ")

    def _place(self, path: str) -> Place | None:
        parts = path.split(".")
        while parts:
            place = self._loaded.places.get(".".join(parts))
            if place is not None:
                return place
            parts.pop()
        return None

    def _comment(self, path: str) -> str:
        place = self._place(path) if path else None
        return _printable(str(place)) if place is not None else ""

    def _settings(self, settings: Settings) -> dict[str, Item]:
        provider = settings.provider
        tenant = tenant_of(provider.issuer_url) if provider.kind == "entra" else None
        base: Mapping[str, object] = preset(tenant) if tenant is not None else {}
        written = self._section(settings, "", base)
        if tenant is not None:
            short = {
                "tenant": Item(tenant, "provider.issuer_url"),
                "client_id": Item(provider.client_id, "provider.client_id"),
            }
            content = written.get("provider", Item({}, "provider")).content
            inner = content if isinstance(content, dict) else {}
            rest = {key: item for key, item in inner.items() if key != "client_id"}
            written.pop("provider", None)
            written = {**short, **({"provider": Item(rest, "provider")} if rest else {}), **written}
        only = settings.upstreams[0]
        if settings.upstreams == (type(only)(id="main", url=only.url),):
            written.pop("upstreams")
            written["upstream"] = Item(only.url, "upstreams.0.url")
        order = ["public_url", "tenant", "client_id", "provider", "upstream"]
        first = [key for key in order if key in written]
        return {key: written[key] for key in [*first, *(key for key in written if key not in first)]}

    def _section(self, model: BaseModel, path: str, base: Mapping[str, object]) -> dict[str, Item]:
        """The fields that differ from their defaults.

        :param base: what the preset gives, instead of the model's own defaults.
        """
        written: dict[str, Item] = {}
        for name, shape in Section(type(model)).fields.items():
            value = getattr(model, name)
            below = f"{path}.{name}" if path else name
            if self._is_left_out(model, name, value, base):
                continue
            inner = base.get(name)
            content = self._content(shape, value, below, inner if isinstance(inner, Mapping) else {})
            if content == {} and not _is_required(model, name):
                continue
            written[name] = Item(content, below)
        return written

    def _is_left_out(self, model: BaseModel, name: str, value: object, base: Mapping[str, object]) -> bool:
        match model:
            case CookieSettings(secret_file=file) if file is not None and name in ("secret", "earlier_secrets"):
                return True
            case ProviderSettings() if name == "scopes" and name not in base:
                # What is asked for is worth saying, also where it is the default.
                return False
            case AllowSettings() | Settings() | ProviderSettings() if name in base:
                return _same(value, base[name])
        default = type(model).model_fields[name]
        return not _is_tag(model, name) and not _is_required(model, name) and value == _default(default)

    def _content(self, shape: Shape, value: object, path: str, base: Mapping[str, object]) -> Content:
        if isinstance(value, SecretStr | SecretBytes):
            return self._origins.reference(value, path)
        if isinstance(value, BaseModel):
            short = _short_text(value)
            return short if short is not None else self._section(value, path, base)
        match shape:
            case SequenceShape(item) if isinstance(value, Sequence):
                return [
                    Item(self._content(item, each, f"{path}.{i}", {}), f"{path}.{i}") for i, each in enumerate(value)
                ]
            case Table(item) if isinstance(value, Mapping):
                return {
                    str(key): Item(self._content(item, each, f"{path}.{key}", {}), f"{path}.{key}")
                    for key, each in value.items()
                }
            case Leaf(Kind.DURATION) if isinstance(value, float):
                return duration_text(value)
            case Leaf(Kind.SIZE) if isinstance(value, int):
                return size_text(value)
        return value if value is None or isinstance(value, bool | int | float) else str(value)


def _is_tag(model: BaseModel, name: str) -> bool:
    """Whether a field says which of several variants this is."""
    return name == "kind" and not isinstance(model, ProviderSettings)


def _is_required(model: BaseModel, name: str) -> bool:
    return type(model).model_fields[name].is_required()


def _default(info: FieldInfo) -> object:
    return info.get_default(call_default_factory=True, validated_data={})


def _same(value: object, given: object) -> bool:
    """Whether a setting is what the preset gives."""
    return _plain(value) == _plain(given)


def _plain(value: object) -> object:
    match value:
        case BaseModel():
            fields = type(value).model_fields
            return {key: _plain(each) for key, each in value if key == "kind" or each != _default(fields[key])}
        case list() | tuple():
            return [_plain(each) for each in value]
        case Mapping():
            return {key: _plain(each) for key, each in value.items()}
    return value


def _short_text(model: BaseModel) -> str | None:
    """The text that stands for a section, where all of it can be said so."""
    short = SHORT_TEXTS.get(type(model))
    if short is None:
        return None
    text = str(model)
    try:
        values = short.read(text)
    except ValueError:
        return None
    return text if type(model).model_validate(values) == model else None


def _lines(content: Mapping[str, Item], depth: int) -> Iterator[tuple[str, str]]:
    """The lines of a section, each with the path its comment is about; empty where it is about none."""
    indent = "  " * depth
    for key, item in content.items():
        name = f"{indent}{_scalar(key)}:"
        match item.content:
            case dict() as inner if inner:
                yield name, ""
                yield from _lines(inner, depth + 1)
            case list() as items if any(isinstance(each.content, dict | list) for each in items):
                yield name, ""
                for each in items:
                    yield from _entry(each, depth + 1)
            case value:
                yield f"{name} {_flow(value)}", item.path


def _entry(item: Item, depth: int) -> Iterator[tuple[str, str]]:
    indent = "  " * depth
    if isinstance(item.content, dict) and item.content:
        for number, (line, path) in enumerate(_lines(item.content, depth + 1)):
            yield (f"{indent}- {line[len(indent) + 2 :]}" if number == 0 else line), path
    else:
        yield f"{indent}- {_flow(item.content)}", item.path


def _flow(content: Content) -> str:
    match content:
        case list() as items:
            return f"[{', '.join(_flow(each.content) for each in items)}]"
        case dict() as inner:
            return f"{{{', '.join(f'{_scalar(key)}: {_flow(each.content)}' for key, each in inner.items())}}}"
        case value:
            return _scalar(value)


def _scalar(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return json.dumps(value)
        case text:
            is_plain = _PLAIN.fullmatch(text) is not None and isinstance(resolve_plain(text), str)
            return text if is_plain else "".join(map(_escaped, json.dumps(text, ensure_ascii=False)))


def _escaped(character: str) -> str:
    """As YAML wants it between double quotes: there are line ends beyond ASCII (YAML 1.2.2 section 5.4)."""
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)

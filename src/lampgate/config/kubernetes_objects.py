"""Opens ConfigMaps and Secrets: finds the documents in their keys (Kubernetes API, core v1)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field

from lampgate.config.errors import (
    InvalidValueError,
    MissingSettingError,
    UnknownSettingError,
    UnsupportedSettingError,
)
from lampgate.config.findings import Findings
from lampgate.config.nodes import Entry, Mapping, Node, Origin, Scalar, is_null, shown
from lampgate.config.settings import Place

_KINDS = {
    "ConfigMap": frozenset({"apiVersion", "kind", "metadata", "immutable", "data", "binaryData"}),
    "Secret": frozenset({"apiVersion", "kind", "metadata", "immutable", "type", "data", "stringData"}),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One key of a ConfigMap or Secret.

    :ivar origin: for a document in it.
    """

    key: str
    text: str = field(repr=False)
    origin: Origin
    place: Place
    in_secret: bool


def open_object(document: Node, findings: Findings) -> Iterator[Item]:
    """The keys of a ConfigMap or Secret with their texts; what is something else is reported."""
    if not isinstance(document, Mapping):
        findings.error(
            InvalidValueError,
            "This is not a Kubernetes object",
            place=document.place,
            remedy="Let it start with apiVersion and kind",
        )
        return
    kind = _kind(document, findings)
    if kind is None:
        return
    for entry in document:
        if entry.key not in _KINDS[kind]:
            findings.error(
                UnknownSettingError,
                f"A {kind} has no key {shown(entry.key)}",
                place=entry.place,
                remedy="Check the indentation: settings belong below data",
            )
    items = 0
    for name in ("data", "stringData"):
        data = document.get(name)
        if data is None or is_null(data.value) or name not in _KINDS[kind]:
            continue
        if not isinstance(data.value, Mapping):
            findings.error(
                InvalidValueError,
                f"{name} takes keys with texts",
                place=data.place,
                remedy="Indent its keys below it",
            )
            continue
        for entry in data.value:
            items += 1
            item = _item(
                entry, in_secret=kind == "Secret", encoded=kind == "Secret" and name == "data", findings=findings
            )
            if item is not None:
                yield item
    binary = document.get("binaryData")
    if binary is not None:
        findings.error(
            UnsupportedSettingError,
            "Binary data holds no configuration",
            place=binary.place,
            remedy="Put the configuration below data, as text",
        )
    elif not items:
        findings.error(
            MissingSettingError,
            f"The {kind} has no data",
            place=document.place,
            remedy="Put the configuration below data",
        )


def _kind(document: Mapping, findings: Findings) -> str | None:
    entry = document.get("kind")
    kind = entry.value.text if entry is not None and isinstance(entry.value, Scalar) else ""
    if kind in _KINDS:
        return kind
    sentence = "This Kubernetes object is neither a ConfigMap nor a Secret"
    if kind == "HelmRelease":
        sentence = "A HelmRelease cannot be read yet"
    findings.error(
        UnsupportedSettingError,
        sentence,
        place=entry.place if entry is not None else document.place,
        remedy="Name the ConfigMap or the values file that holds the configuration",
    )
    return None


def _item(entry: Entry, *, in_secret: bool, encoded: bool, findings: Findings) -> Item | None:
    node, place = entry.value, entry.place
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        findings.error(
            InvalidValueError,
            "A key of data takes a text",
            place=place,
            remedy="Put a | behind the colon, and the document below it, indented",
        )
        return None
    if not encoded:
        return Item(entry.key, node.text, node.origin(), place, in_secret)
    try:
        text = base64.b64decode("".join(node.text.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        findings.error(
            InvalidValueError,
            "A key of a Secret's data is not a text in base64",
            place=place,
            remedy="Put plain text below stringData, or encode it with: base64 -w0",
        )
        return None
    # The lines of an encoded document are not those of the file.
    return Item(entry.key, text, Origin(place.file, (place.line,), f"{place.key}: "), place, in_secret)

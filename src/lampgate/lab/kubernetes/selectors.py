"""Label and field selectors: text -> a test on objects. Pure.

Follows k8s.io/apimachinery ``labels.Parse`` and ``fields.ParseSelector``. Set-based requirements (``in``, ``notin``,
existence) are for labels only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from lampgate.lab.kubernetes import status
from lampgate.lab.kubernetes.kinds import Kind
from lampgate.lab.kubernetes.status import Object

Predicate = Callable[[Object], bool]

_SET_BASED: Final = re.compile(r"^(?P<key>[^\s!=,()]+)\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)$")
_EQUALITY: Final = re.compile(r"^(?P<key>[^\s!=,()]+)\s*(?P<operator>==|=|!=)\s*(?P<value>[^\s!=,()]*)$")
_EXISTENCE: Final = re.compile(r"^(?P<negation>!?)\s*(?P<key>[^\s!=,()]+)$")
#: Commas outside parentheses.
_COMMA: Final = re.compile(r",(?![^(]*\))")


def labels(selector: str) -> Predicate:
    """The test of a ``labelSelector``.

    :raises StatusError: 400, it cannot be parsed.
    """
    requirements = [_label_requirement(term.strip()) for term in _COMMA.split(selector) if term.strip()]

    def matches(obj: Object) -> bool:
        own = obj["metadata"].get("labels") or {}
        return all(requirement(own) for requirement in requirements)

    return matches


def fields(selector: str, kind: Kind) -> Predicate:
    """The test of a ``fieldSelector``.

    :raises StatusError: 400, it cannot be parsed or names a field this kind cannot be selected by.
    """
    terms: list[tuple[str, str, bool]] = []
    for term in filter(None, selector.split(",")):
        match = _EQUALITY.match(term.strip())
        if match is None:
            raise status.bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
        field = match["key"]
        if field not in ("metadata.name", "metadata.namespace", *kind.selectable):
            raise status.bad_request(f'field label not supported: "{field}"')
        terms.append((field, match["value"], match["operator"] != "!="))
    return lambda obj: all((_field(obj, field) == value) is wanted for field, value, wanted in terms)


def _label_requirement(term: str) -> Callable[[dict[str, str]], bool]:
    if match := _SET_BASED.match(term):
        key, negated = match["key"], match["operator"] == "notin"
        values = {value.strip() for value in match["values"].split(",")}
        return lambda own: (key in own and own[key] in values) is not negated
    if match := _EQUALITY.match(term):
        key, value, negated = match["key"], match["value"], match["operator"] == "!="
        return lambda own: (own.get(key) == value) is not negated
    if match := _EXISTENCE.match(term):
        key, negated = match["key"], bool(match["negation"])
        return lambda own: (key in own) is not negated
    raise status.bad_request(f"unable to parse requirement: found '{term}', expected: a label selector")


def _field(obj: Object, path: str) -> str:
    """A field as text; an event's ``source`` is its component, as in the API server."""
    if path == "source":
        path = "source.component"
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)

"""Turns what the settings model refuses into sentences with place and remedy.

pydantic's messages speak of inputs and types; these speak of keys. None shows a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from lampgate.config.errors import InvalidValueError, MissingSettingError
from lampgate.config.findings import Findings
from lampgate.config.native.placing import Path, place_of
from lampgate.config.native.quantities import duration_text
from lampgate.config.native.shapes import Kind, Leaf, Section, Sequence, Shape, Table, Variants
from lampgate.config.settings import Place, Settings

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def validate(
    values: Mapping[str, object],
    places: Mapping[Path, Place],
    broken: Set[Path],
    root: Place,
    findings: Findings,
) -> Settings | None:
    """The settings; None where the model refuses them, which has been reported.

    :param root: the document's place, for what is missing at the top.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        seen: set[tuple[Path, bool]] = set()
        details = [(detail, *_path(detail["loc"])) for detail in error.errors(include_url=False, include_input=False)]
        paths = {path for _, path, _ in details}
        for detail, path, shape in details:
            # A list is too short also where what is in it is wrong.
            is_consequence = detail["type"] == "too_short" and any(_is_below(each, path) for each in paths | broken)
            if is_consequence:
                continue
            key = (path, detail["type"] == "missing")
            if key in seen or any(path[:length] in broken for length in range(1, len(path) + 1)):
                continue
            seen.add(key)
            _report(detail, path, shape, places, root, findings)
        return None


def _is_below(path: Path, top: Path) -> bool:
    return len(path) > len(top) and path[: len(top)] == top


def _path(loc: tuple[str | int, ...]) -> tuple[Path, Shape]:
    """The path in the file, without what pydantic adds for the members of unions, and what is expected there."""
    shape: Shape = Section(Settings)
    path: Path = ()
    for part in loc:
        below: Shape | None = None
        match shape:
            case Section() if isinstance(part, str):
                below = shape.fields.get(part)
            case Sequence(item) if isinstance(part, int):
                below = item
            case Table(item):
                below = item
            case Variants(_, sections) if str(part) in sections:
                shape = sections[str(part)]
                continue
            case _:
                pass
        if below is None:
            continue
        path, shape = (*path, part), below
    return path, shape


def _report(
    detail: ErrorDetails, path: Path, shape: Shape, places: Mapping[Path, Place], root: Place, findings: Findings
) -> None:
    name = _words(path)
    if detail["type"] == "missing":
        kind: type[InvalidValueError | MissingSettingError] = MissingSettingError
        sentence, remedy = f"{name} is missing", "Add it"
    else:
        kind = InvalidValueError
        sentence, remedy = _explain(detail["type"], detail.get("ctx", {}), name, shape)
    findings.error(kind, sentence, place=place_of(path, places, root), remedy=remedy)


def _explain(kind: str, context: Mapping[str, Any], name: str, shape: Shape) -> tuple[str, str]:
    is_duration = isinstance(shape, Leaf) and shape.kind is Kind.DURATION

    def amount(key: str) -> object:
        return duration_text(float(context[key])) if is_duration else context[key]

    match kind:
        case "greater_than":
            return f"{name} has to be above {amount('gt')}", "Write a larger value"
        case "greater_than_equal":
            return f"{name} has to be {amount('ge')} or more", "Write a larger value"
        case "less_than":
            return f"{name} has to be below {amount('lt')}", "Write a smaller value"
        case "less_than_equal":
            return f"{name} has to be {amount('le')} or less", "Write a smaller value"
        case "finite_number":
            return f"{name} is no finite number", "Write a number"
        case "too_short":
            return f"{name} needs at least {context['min_length']}, and has fewer", "Add one"
        case "string_too_short":
            return f"{name} is too short", f"Write at least {context['min_length']} characters"
        case "string_pattern_mismatch":
            return f"{name} does not have the form it needs", f"Its form is {context['pattern']}"
        case "value_error":
            return f"{name}: {context['error']}", "Correct it, or remove it"
    if isinstance(shape, Leaf) and shape.kind is Kind.NETWORK:
        return f"{name} is not an IP address or network", "Write e.g. 10.0.0.7 or 10.244.0.0/16, without host bits"
    return f"{name} has a value that cannot be used ({kind.replace('_', ' ')})", "Correct it, or remove it"


def _words(path: Path) -> str:
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return "The configuration"
    return f"An entry of {names[-1]}" if isinstance(path[-1], int) else names[-1]

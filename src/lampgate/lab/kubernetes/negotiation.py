"""What form an answer takes: the object itself, a `Table` for people, or its metadata alone. Pure.

Follows "Receiving resources as Tables" and "Metadata only" of the Kubernetes API concepts. Bodies are JSON; a client
that takes nothing else gets 406.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from lampgate.lab.kubernetes import status

#: From this size answers are compressed when asked for (apiserver, responsewriters).
GZIP_THRESHOLD: Final = 128 * 1024


class Form(Enum):
    """The form of an answer."""

    OBJECT = "object"
    TABLE = "table"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class _Clause:
    media_type: str
    parameters: dict[str, str]


def form(accept: str | None) -> Form:
    """The first form of the ``Accept`` header that can be produced.

    :raises StatusError: 406.
    """
    for clause in _clauses(accept):
        if not _is_json(clause.media_type):
            continue
        wanted = clause.parameters.get("as", "")
        if not wanted:
            return Form.OBJECT
        if clause.parameters.get("g") == "meta.k8s.io" and clause.parameters.get("v") in ("v1", "v1beta1"):
            if wanted == "Table":
                return Form.TABLE
            if wanted in ("PartialObjectMetadata", "PartialObjectMetadataList"):
                return Form.METADATA
    raise status.not_acceptable()


def aggregated_discovery(accept: str | None) -> str:
    """The version of the aggregated discovery asked for, ``v2`` or ``v2beta1``; empty: the legacy lists.

    :raises StatusError: 406.
    """
    for clause in _clauses(accept):
        if not _is_json(clause.media_type):
            continue
        parameters = clause.parameters
        if not parameters.get("as"):
            return ""
        if (parameters["as"], parameters.get("g")) == ("APIGroupDiscoveryList", "apidiscovery.k8s.io") and (
            parameters.get("v") in ("v2", "v2beta1")
        ):
            return parameters["v"]
    raise status.not_acceptable()


def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether the client wants a large answer compressed."""
    return any(
        coding.partition(";")[0].strip().lower() == "gzip" and "q=0" not in coding.replace(" ", "").split(";")[1:]
        for coding in (accept_encoding or "").split(",")
    )


def _clauses(accept: str | None) -> Iterator[_Clause]:
    """The clauses in the client's order; by weight only where the client gives weights."""
    clauses: list[tuple[float, _Clause]] = []
    for text in (accept or "*/*").split(","):
        media_type, *parameters = (part.strip() for part in text.split(";"))
        pairs = dict(part.partition("=")[::2] for part in parameters if "=" in part)
        try:
            weight = float(pairs.pop("q", "1"))
        except ValueError:
            weight = 1.0
        if media_type and weight > 0:
            clauses.append((weight, _Clause(media_type.lower(), pairs)))
    clauses.sort(key=lambda item: -item[0])
    return (clause for _, clause in clauses)


def _is_json(media_type: str) -> bool:
    return media_type in ("application/json", "application/*", "*/*")

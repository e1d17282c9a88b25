"""Makes the one alpha configuration out of its text or values: puts environment variables in, reads, joins.

In a text the variables are put in before it is read, as oauth2-proxy does. Helm values are read already; there they
are put into each value by itself, so that a secret with a colon or a quote in it stays a value.
"""

from __future__ import annotations

from collections.abc import Mapping as Variables
from dataclasses import replace

from lampgate.config.errors import InvalidValueError
from lampgate.config.findings import Findings
from lampgate.config.nodes import Entry, List, Mapping, Node, Origin, Scalar, shown
from lampgate.config.oauth2_proxy.sources import Text
from lampgate.config.oauth2_proxy.substitution import Substituted, SubstitutionError, shown_variable, substitute
from lampgate.config.settings import Place
from lampgate.config.yaml_documents import read_yaml, resolve_plain


def read_alpha_text(source: Text, variables: Variables[str, str], findings: Findings) -> Mapping | None:
    """The document of a text. None, with the error found, where it cannot be read."""
    origin = source.origin
    try:
        substituted = substitute(source.text, variables)
    except SubstitutionError as problem:
        _report(problem, origin.place(problem.line, ""), findings)
        return None
    for name, line in substituted.unset:
        _note_unset(name, origin.place(line, ""), findings)
    lines = [origin.line(line) for line in substituted.lines]
    documents = read_yaml(substituted.text, Origin(origin.file, lines, origin.prefix), findings)
    if documents is None:
        return None
    if len(documents) == 1 and isinstance(documents[0], Mapping):
        return documents[0]
    if documents:
        findings.error(
            InvalidValueError,
            "The alpha configuration is not one group of keys with values",
            place=source.place,
            remedy="Let it start with upstreamConfig, injectRequestHeaders, server or providers",
        )
        return None
    return Mapping((), source.place)


def substitute_values(document: Mapping, variables: Variables[str, str], findings: Findings) -> Mapping:
    """The document with the variables put into each of its values."""
    node = _substitute_node(document, variables, findings)
    return node if isinstance(node, Mapping) else document


def join(data: Mapping, text: Mapping, findings: Findings) -> Mapping:
    """Two parts of one document, as the chart writes them below each other."""
    added = []
    for entry in text:
        if data.get(entry.key) is None:
            added.append(entry)
        else:
            findings.error(
                InvalidValueError,
                f"{shown(entry.key)} is given in alphaConfig.configData and in alphaConfig.configFile",
                place=entry.place,
                remedy="Keep one of them",
            )
    return Mapping((*data.entries, *added), data.place)


def _substitute_node(node: Node, variables: Variables[str, str], findings: Findings) -> Node:
    match node:
        case Mapping(entries=entries):
            return replace(node, entries=tuple(_substitute_entry(entry, variables, findings) for entry in entries))
        case List(items=items):
            return replace(node, items=tuple(_substitute_node(item, variables, findings) for item in items))
        case Scalar() if isinstance(node.value, str) and "$" in node.value:
            return _substitute_scalar(node, variables, findings)
    return node


def _substitute_entry(entry: Entry, variables: Variables[str, str], findings: Findings) -> Entry:
    return replace(entry, value=_substitute_node(entry.value, variables, findings))


def _substitute_scalar(node: Scalar, variables: Variables[str, str], findings: Findings) -> Scalar:
    try:
        substituted: Substituted = substitute(node.text, variables)
    except SubstitutionError as problem:
        _report(problem, node.place, findings)
        return node
    for name, _ in substituted.unset:
        _note_unset(name, node.place, findings)
    # Without quotes a variable may also stand for true or false; a number is taken for a text, as an id would be.
    resolved = resolve_plain(substituted.text) if node.plain else None
    value = resolved if isinstance(resolved, bool) else substituted.text
    return replace(node, value=value, text=substituted.text)


def _report(problem: SubstitutionError, place: Place, findings: Findings) -> None:
    findings.error(
        InvalidValueError,
        problem.sentence,
        place=place,
        remedy="Write ${NAME}; write $$ for a dollar that is meant as such",
    )


def _note_unset(name: str, place: Place, findings: Findings) -> None:
    findings.note(
        "config.variable-not-set",
        f"{shown_variable(name)} is not set, so nothing is put in its place; a dollar that is meant as such is $$",
        place,
    )

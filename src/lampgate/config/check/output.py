"""Findings as a text for people, as JSON, and as SARIF 2.1.0 (OASIS) for code hosts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lampgate import __version__
from lampgate.config.check.finding import Finding, Rule, Severity
from lampgate.config.check.registry import RULES
from lampgate.config.settings import Place

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_NAMES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}

#: Puts a colour on a text: the text and what it is about.
Paint = Callable[[str, Severity | None], str]


def as_text(findings: Sequence[Finding], paint: Paint) -> str:
    """One block a finding, and a line that counts them."""
    blocks = []
    for finding in findings:
        name = _NAMES[finding.rule.severity]
        place = _printable(str(finding.place)) if finding.place is not None else "(the configuration as a whole)"
        lines = [
            f"{paint(name.ljust(9), finding.rule.severity)}{paint(place, None)}",
            f"         {_printable(finding.text)}. [{finding.rule.code}]",
        ]
        if finding.rule.code.startswith("check."):
            lines.append(f"    Why: {finding.rule.why}.")
        if finding.remedy:
            lines.append(f"    Fix: {_printable(finding.remedy).removesuffix('.')}.")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join([*blocks, summary(findings) + "\n"])


def summary(findings: Sequence[Finding]) -> str:
    """How many there are of each severity."""
    counts = Counter(finding.rule.severity for finding in findings)
    parts = [f"{counts[each]} {_NAMES[each]}{'' if counts[each] == 1 else 's'}" for each in _NAMES if counts[each]]
    return ", ".join(parts) if parts else "Nothing to report"


def as_json(findings: Sequence[Finding]) -> str:
    """An object with a list of findings."""
    content = {"version": 1, "findings": [_as_object(finding) for finding in findings]}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def as_sarif(findings: Sequence[Finding]) -> str:
    """A SARIF log with one run."""
    rules = {**RULES, **{finding.rule.code: finding.rule for finding in findings}}
    index = {code: number for number, code in enumerate(rules)}
    run = {
        "tool": {
            "driver": {"name": "lampgate", "version": __version__, "rules": [_rule(rule) for rule in rules.values()]}
        },
        "results": [_result(finding, index[finding.rule.code]) for finding in findings],
        "columnKind": "unicodeCodePoints",
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _as_object(finding: Finding) -> dict[str, object]:
    place = finding.place
    return {
        "code": finding.rule.code,
        "severity": _NAMES[finding.rule.severity],
        "file": place.file if place is not None else None,
        "line": (place.line or None) if place is not None else None,
        "column": (place.column or None) if place is not None else None,
        "key": (place.key or None) if place is not None else None,
        "sentence": finding.text,
        "why": finding.rule.why,
        "fix": finding.remedy,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": rule.code,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": f"{rule.why}."},
        "defaultConfiguration": {"level": _NAMES[rule.severity]},
    }
    return described | ({"help": {"text": f"{rule.fix}."}} if rule.fix else {})


def _result(finding: Finding, index: int) -> dict[str, Any]:
    fix = f" {finding.remedy.removesuffix('.')}." if finding.remedy else ""
    result: dict[str, Any] = {
        "ruleId": finding.rule.code,
        "ruleIndex": index,
        "level": _NAMES[finding.rule.severity],
        "message": {"text": f"{finding.text}.{fix}"},
    }
    return result | ({"locations": [_location(finding.place)]} if finding.place is not None else {})


def _location(place: Place) -> dict[str, Any]:
    location: dict[str, Any] = {}
    if place.line or Path(place.file).suffix:
        path = Path(place.file)
        uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
        location["physicalLocation"] = {"artifactLocation": {"uri": uri}}
        if place.line:
            column = {"startColumn": place.column} if place.column else {}
            location["physicalLocation"]["region"] = {"startLine": place.line, **column}
    if place.key:
        location["logicalLocations"] = [{"fullyQualifiedName": place.key}]
    return location


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)

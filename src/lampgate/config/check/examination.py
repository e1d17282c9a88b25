"""Examines a configuration: reads it as far as it goes, asks every family, adds what loading says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from lampgate.config.check.families.loading import COVERED
from lampgate.config.check.finding import Finding, Severity
from lampgate.config.check.registry import FAMILIES, rule_of
from lampgate.config.check.subject import Subject
from lampgate.config.errors import MissingSettingError
from lampgate.config.files import read_bytes
from lampgate.config.findings import Findings
from lampgate.config.load import Collected, Overrides, collect
from lampgate.config.native.loading import read_native
from lampgate.config.native.references import Outside
from lampgate.config.native.written import written_gateway
from lampgate.config.nodes import Mapping as MappingNode
from lampgate.config.oauth2_proxy.loading import World, convert_oauth2_proxy, read_oauth2_proxy
from lampgate.config.oauth2_proxy.written import Written
from lampgate.config.offline import OfflineWorld
from lampgate.config.settings import Place
from lampgate.errors import LampgateError

_HEADLAMP_KEYS = frozenset({"oidc", "inCluster", "inClusterContextName", "baseURL", "unsafeUseServiceAccountToken"})


class UnreadableFileError(LampgateError):
    """A file that was to be checked cannot be opened."""

    code: ClassVar[str] = "check.unreadable-file"


def examine(paths: Sequence[Path], environ: Mapping[str, str]) -> list[Finding]:
    """What is wrong with or risky about the files, the worst first, then in their order.

    :param environ: this process's environment; what only the pod has is no finding.
    :raises UnreadableFileError: a file cannot be opened.
    """
    for path in paths:
        try:
            read_bytes(path)
        except OSError as error:
            raise UnreadableFileError(
                "The file cannot be opened", place=str(path), cause=error.strerror or "", remedy="Check the path"
            ) from None
    world = OfflineWorld(paths, environ)
    findings = Findings()
    collected = collect(paths, findings)
    headlamp = [values for values in collected.sources.chart_values if _is_headlamp(values)]
    collected.sources.chart_values = [values for values in collected.sources.chart_values if values not in headlamp]
    subject = _subject(collected, headlamp, world, findings, Place(str(paths[0]) if paths else "", 0, ""))
    found = [finding for family in FAMILIES for check in family.checks for finding in check(subject)]
    for where, problem in findings.errors([str(path) for path in paths]):
        rule = rule_of(problem.code, Severity.ERROR)
        found.append(Finding(rule, where, _with(problem.sentence, problem.cause), problem.remedy))
    for note in findings.notes:
        if note.code not in COVERED:
            found.append(Finding(rule_of(note.code, Severity.NOTE), note.place, note.sentence))
    return sorted(dict.fromkeys(found), key=lambda finding: _order(finding, paths))


def _subject(
    collected: Collected, headlamp: list[MappingNode], world: OfflineWorld, findings: Findings, place: Place
) -> Subject:
    if collected.native:
        outside = Outside(world.environ, world.read_text)
        native = read_native(collected.native, outside, Overrides(), findings)
        settings = native.settings.settings if native.settings is not None else None
        places = native.settings.places if native.settings is not None else {}
        gateway = written_gateway(settings, places, place) if settings is not None else None
        plain = [(_named(str(path[-1])), where) for path, where in native.plain_secrets.items()]
        return Subject(place, None, gateway, None, settings, places, plain, headlamp)
    if collected.sources.is_empty:
        if not headlamp:
            findings.error(
                MissingSettingError,
                "The files hold no configuration",
                place=place,
                remedy="Name the gateway's as well",
            )
        return Subject(place, None, None, None, None, headlamp=headlamp)
    outer = World(world.environ, Overrides(), world.read_text)
    reading = read_oauth2_proxy(collected.sources, outer, findings)
    loaded = convert_oauth2_proxy(reading, outer, findings)
    provider = reading.written.provider if reading.written is not None else None
    secrets = [
        ("The client secret", provider.client_secret if provider is not None else None),
        ("The cookie secret", reading.options.written("cookie-secret", str)),
    ]
    kept = {variable.place for variable in collected.sources.secrets.values()}
    return Subject(
        place,
        reading.options,
        reading.written,
        reading.alpha,
        loaded.settings if loaded is not None else None,
        loaded.places if loaded is not None else {},
        [(what, secret.place) for what, secret in secrets if secret and _is_plain(secret, collected, kept, world)],
        headlamp,
    )


def _is_plain(secret: Written[str], collected: Collected, kept: set[Place], world: OfflineWorld) -> bool:
    """Whether a secret stands in a file that is not meant for secrets."""
    place = secret.place
    if not secret.value or secret.value in world.environ.values() or place in kept or not place.line:
        return False
    return not any(place.file == origin.file and place.line in origin.lines for origin in collected.in_secrets)


def _is_headlamp(values: MappingNode) -> bool:
    """Whether values are for Headlamp's chart, which has a key config as well."""
    config = values.get("config")
    if config is None or not isinstance(config.value, MappingNode):
        return False
    return any(entry.key in _HEADLAMP_KEYS for entry in config.value)


def _named(key: str) -> str:
    return f"The secret {key.replace('_', ' ')}" if "secret" not in key else f"The {key.replace('_', ' ')}"


def _with(sentence: str, cause: str) -> str:
    return f"{sentence} ({cause})" if cause else sentence


def _order(finding: Finding, paths: Sequence[Path]) -> tuple[int, int, int, str]:
    names = [str(path) for path in paths]
    place = finding.place
    file = names.index(place.file) if place is not None and place.file in names else len(names)
    return -finding.rule.severity, file, place.line if place is not None else 0, finding.rule.code

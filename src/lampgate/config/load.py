"""The entry to this package: files of any dialect become `lampgate.config.settings.LoadedSettings`.

Several files count together. What is wrong with them is collected and raised at once, each problem with its place
and its remedy; values, which may be secrets, are in no message.
"""

from __future__ import annotations

from collections.abc import Mapping as Environ
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lampgate.config.errors import InvalidValueError, MissingSettingError, UnknownSettingError, UnreadableConfigError
from lampgate.config.files import read_configuration, read_text
from lampgate.config.findings import Findings
from lampgate.config.kubernetes_objects import Item, open_object
from lampgate.config.native.loading import load_native
from lampgate.config.native.references import Outside
from lampgate.config.nodes import Mapping, Origin
from lampgate.config.oauth2_proxy.chart_keys import SECRET_KEYS
from lampgate.config.oauth2_proxy.conversion.draft import ReadText
from lampgate.config.oauth2_proxy.conversion.gateway import Overrides
from lampgate.config.oauth2_proxy.environment import Variable
from lampgate.config.oauth2_proxy.loading import World, load_oauth2_proxy
from lampgate.config.oauth2_proxy.sources import Sources, Text
from lampgate.config.recognition import Dialect, recognise
from lampgate.config.settings import LoadedSettings, Place
from lampgate.config.yaml_documents import read_yaml

__all__ = ["Collected", "Overrides", "collect", "load_settings"]

_REMEDY = (
    "Name a ConfigMap or Secret, a lampgate.yaml, values for oauth2-proxy's Helm chart, its alpha configuration "
    "(YAML), or its configuration file (TOML)"
)


def load_settings(
    paths: Sequence[Path],
    *,
    environ: Environ[str, str],
    overrides: Overrides | None = None,
    read_text: ReadText = read_text,
) -> LoadedSettings:
    """Load the configuration.

    :param paths: the files, in the order in which Helm would lay values over each other.
    :param environ: this process's environment.
    :param overrides: what was given on the command line.
    :param read_text: reads the files that the configuration names.
    :raises InvalidConfigurationError: with everything that is wrong.
    """
    findings = Findings()
    names = [str(path) for path in paths]
    collected = collect(paths, findings)
    # Settings that could not be read would all be reported as missing.
    if collected.is_empty:
        findings.raise_errors(names)
        findings.error(MissingSettingError, "The files hold no configuration", remedy=_REMEDY)
        findings.raise_errors(names)
    world = World(environ, overrides or Overrides(), read_text)
    if collected.native:
        loaded = load_native(collected.native, Outside(environ, world.read_text), world.overrides, findings)
    else:
        loaded = load_oauth2_proxy(collected.sources, world, findings)
    findings.raise_errors(names)
    if loaded is None:
        raise AssertionError("a configuration was refused without a reason")
    return loaded


@dataclass(slots=True)
class Collected:
    """The documents of all files, sorted by dialect.

    :ivar native: lampgate's own files.
    :ivar sources: oauth2-proxy's.
    :ivar in_secrets: the documents that are in Kubernetes Secrets, where secrets may stand in plain text.
    """

    native: list[Text] = field(default_factory=list)
    sources: Sources = field(default_factory=Sources)
    in_secrets: list[Origin] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found that configures a gateway."""
        return not self.native and self.sources.is_empty


def collect(paths: Sequence[Path], findings: Findings) -> Collected:
    """Read the files and sort what they hold; what is in none of the dialects is reported."""
    collected = Collected()
    for path in paths:
        text = read_configuration(path, findings)
        if text is not None:
            origin = Origin(str(path), range(1, text.count("\n") + 2), has_columns=True)
            _sort(Text(text, origin, Place(str(path), 0, "")), collected, findings)
    if not paths:
        findings.error(MissingSettingError, "No configuration file is named", remedy=_REMEDY)
    if collected.native and not collected.sources.is_empty:
        findings.error(
            InvalidValueError,
            "Beside a lampgate.yaml there is a configuration of oauth2-proxy, and only one of them can count",
            place=collected.native[0].place,
            remedy="Keep the lampgate.yaml; lampgate convert makes one of oauth2-proxy's configuration",
        )
    return collected


def _sort(source: Text, collected: Collected, findings: Findings, *, in_object: bool = False) -> None:
    """Find out what a text is, and put it where it belongs."""
    sources = collected.sources
    dialect = recognise(source.text)
    if dialect is not Dialect.NATIVE:
        # Only errors about lampgate's own file name columns.
        source = replace(source, origin=replace(source.origin, has_columns=False))
    match dialect:
        case Dialect.NATIVE:
            collected.native.append(source)
        case Dialect.LEGACY:
            sources.legacy.append(source)
        case Dialect.ALPHA:
            sources.alpha.append(source)
        case Dialect.CHART_VALUES:
            _sort_chart_values(source, sources, findings)
        case Dialect.KUBERNETES if not in_object:
            for document in read_yaml(source.text, source.origin, findings) or ():
                for item in open_object(document, findings):
                    _sort_item(item, collected, findings)
        case Dialect.EMPTY:
            findings.error(UnreadableConfigError, "The document is empty", place=source.place, remedy=_REMEDY)
        case _:
            # Not YAML at all is the better explanation, where it is one.
            if read_yaml(source.text, source.origin, findings) is not None:
                findings.error(
                    UnknownSettingError,
                    "This is no configuration that lampgate knows",
                    place=source.place,
                    remedy=_REMEDY,
                )


def _sort_chart_values(source: Text, sources: Sources, findings: Findings) -> None:
    documents = read_yaml(source.text, source.origin, findings)
    for document in documents or ():
        if isinstance(document, Mapping):
            sources.chart_values.append(document)
        else:
            findings.error(
                InvalidValueError,
                "Values for a Helm chart are keys with values, and this is not",
                place=document.place,
                remedy="Remove what does not belong there",
            )


def _sort_item(item: Item, collected: Collected, findings: Findings) -> None:
    if item.in_secret and item.key in SECRET_KEYS:
        variable, _ = SECRET_KEYS[item.key]
        collected.sources.secrets[variable] = Variable(item.text.rstrip("\r\n"), item.place)
        return
    if item.in_secret:
        collected.in_secrets.append(item.origin)
    _sort(Text(item.text, item.origin, item.place), collected, findings, in_object=True)

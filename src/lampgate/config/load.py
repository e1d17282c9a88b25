"""The entry to this package: files of any dialect become `lampgate.config.settings.LoadedSettings`.

Several files count together. What is wrong with them is collected and raised at once, each problem with its place
and its remedy; values, which may be secrets, are in no message.
"""

from __future__ import annotations

from collections.abc import Mapping as Environ
from collections.abc import Sequence
from pathlib import Path

from lampgate.config.errors import InvalidValueError, MissingSettingError, UnknownSettingError, UnreadableConfigError
from lampgate.config.files import read_configuration, read_text
from lampgate.config.findings import Findings
from lampgate.config.kubernetes_objects import Item, open_object
from lampgate.config.nodes import Mapping, Origin
from lampgate.config.oauth2_proxy.chart_keys import SECRET_KEYS
from lampgate.config.oauth2_proxy.conversion.gateway import Overrides
from lampgate.config.oauth2_proxy.environment import Variable
from lampgate.config.oauth2_proxy.loading import World, load_oauth2_proxy
from lampgate.config.oauth2_proxy.sources import Sources, Text
from lampgate.config.recognition import Dialect, recognise
from lampgate.config.settings import LoadedSettings, Place
from lampgate.config.yaml_documents import read_yaml

__all__ = ["Overrides", "load_settings"]

_REMEDY = (
    "Name a ConfigMap or Secret, values for oauth2-proxy's Helm chart, its alpha configuration (YAML), or its "
    "configuration file (TOML)"
)


def load_settings(
    paths: Sequence[Path], *, environ: Environ[str, str], overrides: Overrides | None = None
) -> LoadedSettings:
    """Load the configuration.

    :param paths: the files, in the order in which Helm would lay values over each other.
    :param environ: this process's environment.
    :param overrides: what was given on the command line.
    :raises InvalidConfigurationError: with everything that is wrong.
    """
    findings = Findings()
    names = [str(path) for path in paths]
    sources = Sources()
    for path, name in zip(paths, names, strict=True):
        text = read_configuration(path, findings)
        if text is not None:
            origin = Origin(name, range(1, text.count("\n") + 2))
            _sort(Text(text, origin, Place(name, 0, "")), sources, findings)
    if not paths:
        findings.error(MissingSettingError, "No configuration file is named", remedy=_REMEDY)
    # Settings that could not be read would all be reported as missing.
    if sources.is_empty:
        findings.raise_errors(names)
        findings.error(MissingSettingError, "The files hold no configuration", remedy=_REMEDY)
        findings.raise_errors(names)
    loaded = load_oauth2_proxy(sources, World(environ, overrides or Overrides(), read_text), findings)
    findings.raise_errors(names)
    if loaded is None:
        raise AssertionError("a configuration was refused without a reason")
    return loaded


def _sort(source: Text, sources: Sources, findings: Findings, *, in_object: bool = False) -> None:
    """Find out what a text is, and put it where it belongs."""
    match recognise(source.text):
        case Dialect.LEGACY:
            sources.legacy.append(source)
        case Dialect.ALPHA:
            sources.alpha.append(source)
        case Dialect.CHART_VALUES:
            _sort_chart_values(source, sources, findings)
        case Dialect.KUBERNETES if not in_object:
            for document in read_yaml(source.text, source.origin, findings) or ():
                for item in open_object(document, findings):
                    _sort_item(item, sources, findings)
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


def _sort_item(item: Item, sources: Sources, findings: Findings) -> None:
    if item.in_secret and item.key in SECRET_KEYS:
        variable, _ = SECRET_KEYS[item.key]
        sources.secrets[variable] = Variable(item.text.rstrip("\r\n"), item.place)
        return
    _sort(Text(item.text, item.origin, item.place), sources, findings, in_object=True)

"""oauth2-proxy's own command line: the same words, the same files, the same environment, the same precedence.

What its flags name is read by their rules: ``--config`` is the TOML file, ``--alpha-config`` the YAML one, whatever
they are called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lampgate.config.errors import UnsupportedSettingError
from lampgate.config.files import read_configuration, read_text
from lampgate.config.findings import Findings
from lampgate.config.nodes import Origin, shown_flag
from lampgate.config.oauth2_proxy.arguments import Argument, read_arguments
from lampgate.config.oauth2_proxy.conversion.gateway import Overrides
from lampgate.config.oauth2_proxy.loading import World, load_oauth2_proxy
from lampgate.config.oauth2_proxy.sources import Sources, Text
from lampgate.config.settings import LoadedSettings, Place

#: Flags about the command itself; they are no settings.
_OWN = frozenset({"config", "alpha-config", "config-test", "convert-config-to-alpha", "version"})

_COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Command:
    """What a command line asks for.

    :ivar version: only the version.
    :ivar loaded: the settings; None with ``version``.
    :ivar only_test: nothing but whether the configuration is in order.
    """

    version: bool = False
    loaded: LoadedSettings | None = None
    only_test: bool = False


def read_command_line(words: Sequence[str], environ: Mapping[str, str]) -> Command:
    """Load what a command line of oauth2-proxy says.

    :param words: without the program's name.
    :raises InvalidConfigurationError: with everything that is wrong.
    """
    findings = Findings()
    given = read_arguments([Argument(word, _place_of(word)) for word in words], findings)
    own = {each.option.flag: each for each in given if each.option.flag in _OWN}
    if "version" in own:
        return Command(version=True)
    if "convert-config-to-alpha" in own:
        findings.error(
            UnsupportedSettingError,
            "lampgate does not write oauth2-proxy's alpha configuration",
            place=own["convert-config-to-alpha"].place,
            remedy="lampgate convert FILE… writes lampgate's own",
        )
    sources = Sources(arguments=[each for each in given if each.option.flag not in _OWN])
    names = [_COMMAND_LINE]
    for flag, texts in (("config", sources.legacy), ("alpha-config", sources.alpha)):
        name = str(own[flag].value) if flag in own else ""
        if name and (text := read_configuration(Path(name), findings)) is not None:
            names.append(name)
            texts.append(Text(text, Origin(name, range(1, text.count("\n") + 2)), Place(name, 0, "")))
    findings.raise_errors(names)
    loaded = load_oauth2_proxy(sources, World(environ, Overrides(), read_text), findings)
    findings.raise_errors(names)
    if loaded is None:
        raise AssertionError("a configuration was refused without a reason")
    return Command(loaded=loaded, only_test="config-test" in own)


def _place_of(word: str) -> Place:
    # The flag's name, never its value.
    return Place(_COMMAND_LINE, 0, f"--{shown_flag(word[2:].partition('=')[0])}" if word.startswith("--") else "")

"""Reads oauth2-proxy's options from environment variables: ``OAUTH2_PROXY_`` and the TOML key in upper case.

Only names are judged here. Where a value came from, and which of several counts, is decided by whoever puts the
environment together. An empty variable counts as not set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lampgate.config.findings import Findings
from lampgate.config.nodes import shown
from lampgate.config.oauth2_proxy.inventory import BY_VARIABLE
from lampgate.config.oauth2_proxy.option_values import read_variable
from lampgate.config.oauth2_proxy.options import ENVIRONMENT_PREFIX, Given
from lampgate.config.oauth2_proxy.standing import report_unknown
from lampgate.config.settings import Place

#: Kubernetes sets these for every Service of the namespace, also for one called ``oauth2-proxy``.
_SERVICE_LINK = re.compile(
    r".*_(?:SERVICE_HOST|SERVICE_PORT(?:_.+)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)"
)


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable's value and where it was given."""

    text: str = field(repr=False)
    place: Place


Environment = Mapping[str, Variable]


class UsedVariables(Mapping[str, str]):
    """The texts of an environment, which remembers what was asked for.

    :ivar used: the names that were looked up.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.used.add(name)
        return self._environment[name].text

    def __iter__(self) -> Iterator[str]:
        return iter(self._environment)

    def __len__(self) -> int:
        return len(self._environment)


def process_environment(environ: Mapping[str, str]) -> dict[str, Variable]:
    """The variables of this process."""
    return {name: Variable(text, Place("environment", 0, shown(name))) for name, text in environ.items()}


def combine(layers: Iterable[Environment]) -> dict[str, Variable]:
    """One environment of several; the first one that sets a variable to something wins."""
    combined: dict[str, Variable] = {}
    for layer in layers:
        for name, variable in layer.items():
            if name not in combined or not combined[name].text:
                combined[name] = variable
    return combined


def read_environment(environment: Environment, findings: Findings) -> list[Given]:
    """The options an environment gives."""
    given = []
    for name, variable in environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX) or not variable.text or _SERVICE_LINK.fullmatch(name):
            continue
        option = BY_VARIABLE.get(name)
        if option is None:
            sentence = f"oauth2-proxy reads no variable {shown(name)}, so it would go unnoticed"
            report_unknown(sentence, name, BY_VARIABLE, variable.place, findings)
            continue
        value = read_variable(option, variable.text, variable.place, findings)
        if value is not None:
            given.append(Given(option, value, variable.place, "environment"))
    return given

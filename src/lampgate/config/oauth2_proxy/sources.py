"""What the files of one loading run hold, sorted by dialect, before any of it is interpreted."""

from __future__ import annotations

from dataclasses import dataclass, field

from lampgate.config.nodes import Mapping, Origin
from lampgate.config.oauth2_proxy.environment import Variable
from lampgate.config.oauth2_proxy.options import Given
from lampgate.config.settings import Place


@dataclass(frozen=True, slots=True)
class Text:
    """A document in one of oauth2-proxy's own formats, and where it is.

    :ivar place: of the document as a whole, for errors about there being two.
    """

    text: str = field(repr=False)
    origin: Origin
    place: Place


@dataclass(slots=True)
class Sources:
    """The documents, in the order of the files.

    :ivar chart_values: values for the Helm chart.
    :ivar alpha: alpha configurations, before environment variables are put in.
    :ivar legacy: TOML files.
    :ivar arguments: what a command line gives.
    :ivar secrets: what Kubernetes Secrets hold under the chart's names, by environment variable.
    """

    chart_values: list[Mapping] = field(default_factory=list)
    alpha: list[Text] = field(default_factory=list)
    legacy: list[Text] = field(default_factory=list)
    arguments: list[Given] = field(default_factory=list)
    secrets: dict[str, Variable] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found that configures oauth2-proxy."""
        return not (self.chart_values or self.alpha or self.legacy)

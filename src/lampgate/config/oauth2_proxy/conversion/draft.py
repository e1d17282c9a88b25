"""What every conversion needs: where to report, where to note the places of settings, and the outside world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lampgate.config.findings import Findings
from lampgate.config.oauth2_proxy.environment import Environment
from lampgate.config.oauth2_proxy.written import Written
from lampgate.config.settings import Place

#: Reads a small text file that the configuration names.
#: :raises OSError: it cannot be read; the error's ``strerror`` says why.
ReadText = Callable[[Path], str]


@dataclass(slots=True)
class Draft:
    """A conversion under way.

    :ivar places: by path in the settings, as in `lampgate.config.settings.LoadedSettings`.
    """

    findings: Findings
    environment: Environment
    read_text: ReadText
    places: dict[str, Place] = field(default_factory=dict)

    def keep(self, path: str, written: Written[object] | Place | None) -> None:
        """Note where the setting ``path`` was written."""
        if written is not None:
            self.places[path] = written if isinstance(written, Place) else written.place


def given(**values: Written[object] | None) -> Mapping[str, object]:
    """The values that were written, for the parameters of a settings class; the others keep its defaults."""
    return {name: written.value for name, written in values.items() if written is not None}

"""What an option of oauth2-proxy is, and how to find one by flag, by key or by environment variable.

The options themselves are in `inventory`, as data (oauth2-proxy 7.15).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from lampgate.config.oauth2_proxy.standing import Standing
from lampgate.config.settings import Place

ENVIRONMENT_PREFIX = "OAUTH2_PROXY_"


class Kind(Enum):
    """The type of an option's value."""

    BOOLEAN = "true or false"
    STRING = "a text"
    LIST = "a list of texts"
    DURATION = "a duration such as 15m or 12h"
    INTEGER = "a whole number"


Value = bool | int | float | str | tuple[str, ...]

#: Where a value came from, strongest first.
Source = Literal["argument", "environment", "file"]


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of oauth2-proxy.

    :ivar flag: its name on the command line, without dashes.
    :ivar key: its key in the TOML file, and in upper case its environment variable; empty: it has neither.
    :ivar default: oauth2-proxy's; durations are in seconds.
    :ivar beside_alpha: whether it may be given together with the alpha configuration.
    :ivar other_keys: further keys of the same setting in the TOML file.
    """

    flag: str
    key: str
    kind: Kind
    default: Value
    standing: Standing
    beside_alpha: bool = True
    other_keys: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key in the TOML file."""
        return (self.key, *self.other_keys) if self.key else ()

    @property
    def is_secret(self) -> bool:
        """Whether its value must not be shown."""
        return self.kind is Kind.STRING and any(
            word in self.flag for word in ("secret", "password", "token", "-key", "connection-url")
        )


@dataclass(frozen=True, slots=True)
class Given:
    """An option with a value that was written somewhere."""

    option: Option
    value: Value
    place: Place
    source: Source

    def __repr__(self) -> str:
        return f"Given({self.option.flag!r}, {self.source!r}, {self.place})"

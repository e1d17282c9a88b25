"""What can be wrong with a configuration. Every error names the place (file, line, key) and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from lampgate.errors import LampgateError


class ConfigError(LampgateError):
    """One thing that is wrong with a configuration."""

    code: ClassVar[str] = "config.invalid"


class UnreadableConfigError(ConfigError):
    """The file is missing, not readable, or not valid YAML, TOML or UTF-8."""

    code: ClassVar[str] = "config.unreadable"


class UnknownSettingError(ConfigError):
    """The key is in no inventory: a misspelling, or a setting of another program."""

    code: ClassVar[str] = "config.unknown-setting"


class UnsupportedSettingError(ConfigError):
    """The key is known, and lampgate does not do what it asks for."""

    code: ClassVar[str] = "config.unsupported-setting"


class MissingSettingError(ConfigError):
    """Something lampgate cannot run without is not given."""

    code: ClassVar[str] = "config.missing-setting"


class InvalidValueError(ConfigError):
    """The key is known and its value is not usable."""

    code: ClassVar[str] = "config.invalid-value"


class PlaceholderLeftError(InvalidValueError):
    """A documentation placeholder such as ``..your-tenant...`` was never replaced."""

    code: ClassVar[str] = "config.placeholder-left"


class PublicSecretError(InvalidValueError):
    """The cookie secret is one that everybody can read in public documentation or charts."""

    code: ClassVar[str] = "config.public-secret"


class InvalidConfigurationError(LampgateError):
    """Everything that is wrong with a configuration, collected, so that one run shows it all.

    :param errors: at least one error, in the order of the files.
    """

    code: ClassVar[str] = "config.invalid-configuration"

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        count = len(errors)
        super().__init__(
            "The configuration has one problem" if count == 1 else f"The configuration has {count} problems"
        )
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return "\n".join([f"{self.sentence}:", *(f"  {error.code}: {error}" for error in self.errors)])

"""Collects what is wrong with, and what is worth knowing about, a configuration, so that one run shows all of it."""

from __future__ import annotations

from collections.abc import Sequence

from lampgate.config.errors import ConfigError, InvalidConfigurationError, MissingSettingError
from lampgate.config.settings import Note, Place


class Findings:
    """The errors and notes of one loading run."""

    def __init__(self) -> None:
        self._errors: list[tuple[Place | None, ConfigError]] = []
        self._written: list[Place] = []
        self._notes: dict[tuple[str, str, Place | None], Note] = {}

    def error(
        self,
        kind: type[ConfigError],
        sentence: str,
        *,
        place: Place | None = None,
        remedy: str = "",
        cause: str = "",
    ) -> None:
        """Keep an error. Neither text may hold a value from the configuration, which may be a secret."""
        self._errors.append(
            (place, kind(sentence, remedy=remedy, cause=cause, place=str(place) if place is not None else ""))
        )

    def not_missing(self, place: Place) -> None:
        """Say that the setting at ``place`` was written, though not as it has to be, and that this was reported."""
        self._written.append(place)

    def note(self, code: str, sentence: str, place: Place | None = None) -> None:
        """Keep a note; the same one is kept once."""
        self._notes.setdefault((code, sentence, place), Note(code, sentence, place))

    @property
    def count(self) -> int:
        """How many errors there are so far."""
        return len(self._errors)

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes, in the order they were made."""
        return tuple(self._notes.values())

    def raise_errors(self, files: Sequence[str]) -> None:
        """Raise everything collected, in the order of the files and their lines; errors without a line come last.

        :raises InvalidConfigurationError: where there is at least one error.
        """
        found = self.errors(files)
        if not found:
            return
        raise InvalidConfigurationError(tuple(error for _, error in found))

    def errors(self, files: Sequence[str]) -> list[tuple[Place | None, ConfigError]]:
        """Every error with its place, in the order of the files and their lines; those without a line come last."""
        order = {file: number for number, file in enumerate(files)}

        def position(found: tuple[Place | None, ConfigError]) -> tuple[int, int, int]:
            place = found[0]
            if place is None:
                return (len(order) + 1, 0, 0)
            return (order.get(place.file, len(order)), place.line, place.column)

        found = [each for each in self._errors if not self._is_written(*each)]
        by_text = {str(error): (place, error) for place, error in sorted(found, key=position)}
        return list(by_text.values())

    def _is_written(self, place: Place | None, error: ConfigError) -> bool:
        if place is None or not isinstance(error, MissingSettingError):
            return False
        return any(
            place.file == written.file and (place.key == written.key or place.key.startswith(f"{written.key}."))
            for written in self._written
        )

"""Collects what is wrong with, and what is worth knowing about, a configuration, so that one run shows all of it."""

from __future__ import annotations

from collections.abc import Sequence

from lampgate.config.errors import ConfigError, InvalidConfigurationError
from lampgate.config.settings import Note, Place


class Findings:
    """The errors and notes of one loading run."""

    def __init__(self) -> None:
        self._errors: list[tuple[Place | None, ConfigError]] = []
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

    def note(self, code: str, sentence: str, place: Place | None = None) -> None:
        """Keep a note; the same one is kept once."""
        self._notes.setdefault((code, sentence, place), Note(code, sentence, place))

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes, in the order they were made."""
        return tuple(self._notes.values())

    def raise_errors(self, files: Sequence[str]) -> None:
        """Raise everything collected, in the order of the files and their lines; errors without a line come last.

        :raises InvalidConfigurationError: where there is at least one error.
        """
        if not self._errors:
            return
        order = {file: number for number, file in enumerate(files)}

        def position(found: tuple[Place | None, ConfigError]) -> tuple[int, int]:
            place = found[0]
            return (order.get(place.file, len(order)), place.line) if place is not None else (len(order) + 1, 0)

        by_text = {str(error): error for _, error in sorted(self._errors, key=position)}
        raise InvalidConfigurationError(tuple(by_text.values()))

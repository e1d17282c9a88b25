"""Where lampgate stands to a setting of oauth2-proxy. Declared once; checks, texts and documentation follow."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lampgate.config.errors import UnknownSettingError, UnsupportedSettingError
from lampgate.config.findings import Findings
from lampgate.config.nodes import sibling_key
from lampgate.config.settings import Place


@dataclass(frozen=True, slots=True)
class Works:
    """lampgate does it.

    :ivar setting: the path in `lampgate.config.settings.Settings` it turns into.
    """

    setting: str


@dataclass(frozen=True, slots=True)
class NoEffect:
    """Accepted, and nothing follows from it.

    :ivar reason: why that is right.
    :ivar fits: the values that describe what lampgate does anyway, so that nothing need be said; empty: the default.
    """

    reason: str
    fits: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """lampgate does not do it, and would mislead by starting nevertheless.

    :ivar fits: as with `NoEffect`.
    """

    reason: str
    remedy: str = "Remove it"
    fits: tuple[object, ...] = ()


Standing = Works | NoEffect | Refused


def report(standing: Standing, name: str, value: object, default: object, place: Place, findings: Findings) -> None:
    """Say what has to be said about a setting that was given a value.

    :param value: what was given; compared only, never shown.
    """
    if isinstance(standing, Works) or value in (standing.fits or (default,)):
        return
    match standing:
        case NoEffect(reason):
            findings.note("config.no-effect", f"{name} has no effect: {reason}", place)
        case Refused(reason, remedy):
            findings.error(UnsupportedSettingError, f"{name} is not supported: {reason}", place=place, remedy=remedy)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that an unknown one was probably meant to be."""
    by_folded = {_folded(candidate): candidate for candidate in known}
    # Of a short name one letter is a large part.
    cutoff = 0.75 if len(name) > 5 else 0.66
    near = difflib.get_close_matches(_folded(name), by_folded, n=1, cutoff=cutoff)
    return by_folded[near[0]] if near else None


def report_unknown(sentence: str, name: str, known: Iterable[str], place: Place, findings: Findings) -> None:
    """Refuse an unknown name, with the one that was probably meant.

    :param sentence: what is wrong; it names ``name``, where that can be shown.
    :param place: of the name.
    """
    near = nearest(name, known)
    if near is None:
        findings.error(UnknownSettingError, sentence, place=place, remedy="Remove it, or correct its name")
        return
    findings.error(UnknownSettingError, sentence, place=place, remedy=f"Did you mean “{near}”?")
    findings.not_missing(replace(place, key=sibling_key(place.key, near)))


def _folded(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")

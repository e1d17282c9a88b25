"""Lets a configuration be read away from the pod it is meant for: in a pipeline, or on somebody's desk.

Files and variables that exist only in the pod get stand-ins, so that their absence here is no finding. Stand-ins can
be told from what was written, and no gateway ever runs with one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from lampgate.config.files import read_text
from lampgate.config.oauth2_proxy.conversion.client_authentication import FEDERATED_TOKEN_FILE

#: Where the webhook of AKS workload identity mounts the token.
_TOKEN_FILE = "/var/run/secrets/azure/tokens/azure-identity-token"  # noqa: S105 - a path
_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]{1,63})|\benv:([A-Za-z_][A-Za-z0-9_]{0,63})", re.ASCII)
#: As long as a cookie secret, with what a certificate begins with, and a comment in a list: it can stand for each.
_FILE_TEXT = "#-----BEGIN CERTIFICATE-----{:04d}"
_VARIABLE_TEXT = "standin{:025d}"


class OfflineWorld:
    """The environment and the files of a pod, as far as they are here.

    :ivar environ: this process's variables, with stand-ins for those that the files refer to.
    :ivar stand_ins: the variables that have one, by its text.
    :ivar texts: what was read, by path.
    """

    def __init__(self, paths: Sequence[Path], environ: Mapping[str, str]) -> None:
        names = {name for path in paths for name in _references(path)} - {name for name in environ if environ[name]}
        made = {name: _VARIABLE_TEXT.format(number) for number, name in enumerate(sorted(names), start=1)}
        self.environ = {**environ, **made, FEDERATED_TOKEN_FILE: environ.get(FEDERATED_TOKEN_FILE) or _TOKEN_FILE}
        self.stand_ins: Mapping[str, str] = {text: name for name, text in made.items()}
        self.texts: dict[Path, str] = {}

    def read_text(self, path: Path) -> str:
        """The text of a file; a stand-in where it is not here."""
        if path not in self.texts:
            try:
                self.texts[path] = read_text(path)
            except OSError:
                self.texts[path] = _FILE_TEXT.format(len(self.texts))
        return self.texts[path]


def _references(path: Path) -> set[str]:
    try:
        text = read_text(path)
    except OSError:
        return set()
    return {match[1] or match[2] for match in _REFERENCE.finditer(text)}

"""Says where a secret is, without saying what it is: the reference to write into a native file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretBytes, SecretStr

from lampgate.config.oauth2_proxy.cookie_secret import key_bytes


class SecretOrigins:
    """Finds secrets again in the variables and files they were read from.

    :ivar needed: variables that have to be set to what stood in plain text, with the path of the setting.
    """

    def __init__(self, environ: Mapping[str, str], texts: Mapping[Path, str]) -> None:
        self._environ = environ
        self._texts = texts
        self.needed: dict[str, str] = {}

    def reference(self, secret: SecretStr | SecretBytes, path: str) -> str:
        """What to write at ``path`` instead of the secret."""
        names = [name for name, text in self._environ.items() if text and _is_same(text, secret)]
        if names:
            return f"env:{min(names, key=lambda name: (not name.startswith('OAUTH2_PROXY_'), name))}"
        for file, text in self._texts.items():
            if file.is_absolute() and _is_same(text.rstrip("\r\n"), secret):
                return f"file:{file}"
        name = _variable(path)
        self.needed[name] = path
        return f"env:{name}"


def _is_same(text: str, secret: SecretStr | SecretBytes) -> bool:
    if isinstance(secret, SecretStr):
        return text == secret.get_secret_value()
    return key_bytes(text) == secret.get_secret_value()


def _variable(path: str) -> str:
    """``session.cookie.secret`` becomes ``LAMPGATE_COOKIE_SECRET``."""
    *above, name = path.replace("client_authentication", "client").split(".")
    # Of several in a list each needs a name of its own.
    is_listed = bool(above) and above[-1].isdigit()
    section = "_".join(part for part in above if part != "values") if is_listed else "".join(above[-1:])
    return f"LAMPGATE_{section}_{name}".upper().replace("-", "_").replace("__", "_")

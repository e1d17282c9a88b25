"""What of a configuration that is read again a running process can change, and what only a new one can. Pure."""

from __future__ import annotations

from typing import Any

from lampgate.config.settings import CookieSettings, Settings

#: By path in the model. Sockets and processes are made once; a cookie's name and key decide which sessions there are,
#: and the sign-ins under way hang on them.
FIXED = ("listen", "workers", "metrics", "session.cookie", "passwords")


def reloadable(current: Settings, read: Settings) -> tuple[Settings, tuple[str, ...]]:
    """The settings to go on with.

    :returns: ``read``, with what cannot change as in ``current``; and the paths of what differs nevertheless.
    """
    kept = tuple(path for path in FIXED if _compared(_at(current, path)) != _compared(_at(read, path)))
    for path in kept:
        read = _with(read, path.split("."), _at(current, path))
    # Secrets from a file are looked after by themselves, and may be others than at the start.
    return _with(read, ["session", "cookie"], current.session.cookie), kept


def _compared(value: Any) -> Any:
    if isinstance(value, CookieSettings) and value.secret_file is not None:
        return value.model_copy(update={"secret": None, "earlier_secrets": ()})
    return value


def _at(model: Any, path: str) -> Any:
    for name in path.split("."):
        model = getattr(model, name)
    return model


def _with(model: Any, names: list[str], value: Any) -> Any:
    name, *deeper = names
    return model.model_copy(update={name: _with(getattr(model, name), deeper, value) if deeper else value})

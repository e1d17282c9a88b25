"""``lampgate sessions``: list a person's sessions in the shared store, and end them."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from lampgate.assembly import key_ring
from lampgate.config.load import load_settings
from lampgate.config.settings import Settings
from lampgate.errors import LampgateError
from lampgate.session.revocation import Revocations
from lampgate.session.store import StoreUnavailableError
from lampgate.store.opening import open_shared_sessions
from lampgate.store.people import SessionSummary

_HEADS = ("signed in", "renewed", "ends")


class NoListError(LampgateError):
    """There is no list of sessions, or it cannot be had now."""

    code: ClassVar[str] = "sessions.no-list"


def run_sessions(files: Sequence[Path], *, person: str, end: bool) -> None:
    """Print a person's sessions, or end them all.

    :param person: as `Subject.key` has it: ``tenant/object id`` with Entra, else ``issuer#sub``.
    :raises LampgateError: the configuration is wrong, or the store cannot be asked.
    """
    settings = load_settings(files, environ=os.environ).settings
    try:
        sys.stdout.write(asyncio.run(_sessions(settings, person, end=end)))
    except StoreUnavailableError as error:
        raise NoListError(
            "The session store cannot be asked",
            cause=str(error),
            remedy="Try again when it is back; what was to be ended is not",
        ) from None


async def _sessions(settings: Settings, person: str, *, end: bool) -> str:
    shared = open_shared_sessions(settings, key_ring(settings), Revocations(time.time), clock=time.time)
    if shared is None:
        raise NoListError(
            "Sessions are kept in people's browsers, so nobody has a list of them",
            remedy="Keep them in Valkey or Redis to list and end them",
        )
    try:
        found = await shared.sessions_of(person)
        if end:
            await shared.end_person(person, "ended by an administrator")
    finally:
        # What was ended is told to the replicas before this returns.
        await shared.close()
    if not found:
        return "There are no sessions of this person.\n"
    done = "Ended, in every replica:\n" if end else ""
    return done + _table(found)


def _table(sessions: Sequence[SessionSummary]) -> str:
    rows = [
        (_moment(session.signed_in_at), _moment(session.renewed_at), _moment(session.expires_at))
        for session in sessions
    ]
    width = max(len(cell) for row in (_HEADS, *rows) for cell in row) + 2
    return "".join("".join(cell.ljust(width) for cell in row).rstrip() + "\n" for row in (_HEADS, *rows))


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M UTC}"

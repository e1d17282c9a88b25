"""The interface of a session store, and its three distinct answers.

`Unknown` is not `Absent`: a store that cannot be reached never signs anyone out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Protocol

from lampgate.session.record import Session


@dataclass(frozen=True, slots=True)
class Found:
    """The session exists and is within its life."""

    session: Session


@dataclass(frozen=True, slots=True)
class Absent:
    """There is certainly no such session. ``reason`` is a stable word for logs: ``expired``, ``revoked`` …"""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The store could not tell. Nobody is signed out for it."""

    cause: str


Lookup = Found | Absent | Unknown


class SessionStore(Protocol):
    """Keeps sessions. What the browser holds (all of it, or a ticket) is the store's own affair."""

    def load(self, cookies: Mapping[str, str], now: float) -> Lookup | Awaitable[Lookup]:
        """The session of a request.

        :param cookies: all cookies of the request, by name.
        :param now: seconds since the epoch.
        :returns: the answer at once where no I/O is needed, so that the data path can stay synchronous.
        """
        ...

    def save(self, session: Session, cookies: Mapping[str, str], now: float) -> list[str] | Awaitable[list[str]]:
        """Keep a session.

        :param cookies: the request's cookies, so that left-over parts can be deleted.
        :returns: the values of the ``Set-Cookie`` headers to send.
        """
        ...

    def end(self, session: Session | None, cookies: Mapping[str, str]) -> list[str] | Awaitable[list[str]]:
        """Forget a session. ``session`` is None where the cookies could not be opened.

        :returns: the values of the ``Set-Cookie`` headers that delete what the browser holds.
        """
        ...

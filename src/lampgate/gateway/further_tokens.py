"""Gives live sessions the further tokens that the injected headers take (``token:<name>``).

A request waits for them only where there is none that is still good. A token that the person cannot have (no consent)
leaves its header out, and the log says so; where nobody could tell, the request is told to come back, since the
upstream would take a missing header for a missing permission.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from math import inf
from typing import Protocol

from lampgate.session.live import LiveSession
from lampgate.session.record import Session, Token
from lampgate.session.renewal import Refused, Unsure
from lampgate.session.store import Unknown

_log = logging.getLogger("lampgate.session")

#: Seconds before its end from which a token is asked for anew in the background, and between two such attempts.
_AHEAD, _PAUSE = 300.0, 30.0
#: Seconds until a token that was refused is asked for again.
_REFUSED_PAUSE = 60.0


class TokenSource(Protocol):
    """Where further tokens come from, e.g. `lampgate.identity.named_tokens.NamedTokens`."""

    async def token(self, session: Session, name: str) -> Token | Refused | Unsure:
        """The token of that name, asked for once however many wait for it."""
        ...

    def forget(self, session_id: str) -> None:
        """The session has ended."""
        ...

    async def close(self) -> None:
        """Give up what is under way."""
        ...


class FurtherTokens:
    """Keeps the further tokens of live sessions.

    :param adopted: called with a live session whose further tokens have changed.
    """

    def __init__(
        self, source: TokenSource, adopted: Callable[[LiveSession], None], clock: Callable[[], float]
    ) -> None:
        self.names: tuple[str, ...] = ()
        self._source = source
        self._adopted = adopted
        self._clock = clock
        self._tasks: set[asyncio.Task[Unknown | None]] = set()

    def begin(self, live: LiveSession) -> None:
        """A live session is new, or its session has new tokens of its own."""
        if not self.names:
            live.further_until, live.further_at = inf, inf
        elif set(live.further) >= set(self.names):
            # The tokens there are stay good; they hang on a refresh token that was replaced, and are asked for again.
            live.further_at = 0.0
        else:
            live.further_until, live.further_at = 0.0, inf

    def ahead(self, live: LiveSession) -> None:
        """Ask for newer ones in the background; those there are stay in use meanwhile."""
        live.further_at = inf
        task = asyncio.get_running_loop().create_task(self.complete(live))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def complete(self, live: LiveSession) -> Unknown | None:
        """See to it that the session has what can be had; what is missing in spite of that could not be told."""
        session, names = live.found.session, self.names
        outcomes = await asyncio.gather(*(self._source.token(session, name) for name in names))
        now = self._clock()
        tokens: dict[str, Token] = {}
        until, look_at = inf, inf
        unsure: Unsure | None = None
        for name, outcome in zip(names, outcomes, strict=True):
            match outcome:
                case Token() as token if token.expires_at > now:
                    tokens[name] = token
                    until = min(until, token.expires_at)
                    look_at = min(look_at, max(token.expires_at - _AHEAD, now + _PAUSE))
                case Refused(reason=reason, sentence=sentence):
                    if live.further_until == 0.0 or name in live.further:
                        _log.warning("no token %s for %s: %s: %s", name, live.log_user, reason, sentence)
                    look_at = min(look_at, now + _REFUSED_PAUSE)
                case Token():
                    unsure = Unsure("it is over already")
                case Unsure():
                    unsure = outcome
        if unsure is not None:
            live.further_at = now + max(unsure.retry_after, _PAUSE)
            return Unknown(f"a further token could not be had: {unsure.cause}", max(unsure.retry_after, 1.0))
        live.further, live.further_until, live.further_at = tokens, until, look_at
        self._adopted(live)
        return None

    def forget(self, session_id: str) -> None:
        """The session has ended."""
        self._source.forget(session_id)

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()
        await self._source.close()

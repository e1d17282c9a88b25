"""Further tokens of a session, each for one other resource: the same person towards Graph, Prometheus, another API.

An access token is for one resource, and Entra redeems one refresh token for any resource there is consent for. So
each named token is redeemed when it is first asked for, kept beside the session in this process, and renewed alone;
the session itself does not change. That needs a refresh token that stays valid when it is redeemed, as Entra's does;
a provider that takes each refresh token once would end the session, so it is not asked at all.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from lampgate.session.record import Session, Token
from lampgate.session.renewal import Refused, Unsure

#: Redeems a refresh token for a token with these scopes. Never raises for what the provider does.
RedeemFor = Callable[[str, tuple[str, ...]], Awaitable[Token | Refused | Unsure]]

#: A token is renewed when less than this part of its life, or so many seconds, are left of it.
_PART_LEFT, _SECONDS_LEFT = 0.2, 300.0
#: Seconds until a refusal, or a failure, is tried again.
_REFUSED_PAUSE, _UNSURE_PAUSE = 60.0, 5.0
#: One entry holds a token of some 3 KB: about 30 MB when full.
_MOST_ENTRIES = 10_000

_Outcome = Token | Refused | Unsure


@dataclass(slots=True)
class _Entry:
    """What is known of one token of one session.

    :ivar refresh_token: a digest of the one it came from; a new sign-in may bring what the old one could not.
    :ivar outcome: the last one.
    :ivar again_at: from then on it is asked for anew.
    """

    refresh_token: bytes
    outcome: _Outcome
    again_at: float
    token: Token | None = None


class NamedTokens:
    """The named tokens of all sessions of one process.

    :param scopes: by name, from the settings.
    :param redeem: asks the provider.
    :param clock: seconds since the epoch.
    """

    def __init__(
        self, scopes: Mapping[str, tuple[str, ...]], *, redeem: RedeemFor, clock: Callable[[], float]
    ) -> None:
        self._scopes = scopes
        self._redeem = redeem
        self._clock = clock
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._under_way: dict[tuple[str, str], asyncio.Task[_Outcome]] = {}

    def use(self, scopes: Mapping[str, tuple[str, ...]]) -> None:
        """Go on with other settings. Tokens for other scopes than before are asked for anew."""
        for key in [key for key in self._entries if scopes.get(key[1]) != self._scopes.get(key[1])]:
            del self._entries[key]
        self._scopes = scopes

    async def token(self, session: Session, name: str) -> Token | Refused | Unsure:
        """The token of that name: the one there is, or a new one. Asked for once, however many wait for it.

        ``Refused``: this session cannot have it (no consent, no refresh token); the session itself goes on.
        ``Unsure``: nobody could tell, and there is none that is still good.

        :raises KeyError: the settings have no token of that name.
        """
        scopes = self._scopes[name]
        if not session.refresh_token:
            return Refused("no-refresh-token", "The session has no refresh token to get further tokens with.")
        key = (session.id, name)
        now = self._clock()
        entry = self._entries.get(key)
        if entry is not None and entry.refresh_token == _digest(session) and now < entry.again_at:
            self._entries.move_to_end(key)
            return self._usable(entry, now)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._ask(key, session, scopes))
            self._under_way[key] = task
            task.add_done_callback(lambda _done: self._under_way.pop(key, None))
        # Whoever waits may go away; the others still get the answer.
        return await asyncio.shield(task)

    def forget(self, session_id: str) -> None:
        """Drop the tokens of a session that has ended."""
        for name in self._scopes:
            self._entries.pop((session_id, name), None)
            task = self._under_way.get((session_id, name))
            if task is not None:
                task.cancel()

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = tuple(self._under_way.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _ask(self, key: tuple[str, str], session: Session, scopes: tuple[str, ...]) -> _Outcome:
        outcome = await self._redeem(session.refresh_token, scopes)
        now = self._clock()
        match outcome:
            case Token() as token:
                again_at = token.expires_at - max((token.expires_at - now) * _PART_LEFT, _SECONDS_LEFT)
                # A token that lives for minutes is used at least for half of its life.
                again_at = max(again_at, now + (token.expires_at - now) / 2)
                entry = _Entry(_digest(session), outcome, again_at, token)
            case Refused():
                entry = _Entry(_digest(session), outcome, now + _REFUSED_PAUSE)
            case Unsure(retry_after=asked_for):
                before = self._entries.get(key)
                entry = _Entry(
                    _digest(session),
                    outcome,
                    now + max(asked_for, _UNSURE_PAUSE),
                    before.token if before is not None else None,
                )
        self._entries[key] = entry
        self._entries.move_to_end(key)
        while len(self._entries) > _MOST_ENTRIES:
            self._entries.popitem(last=False)
        return self._usable(entry, now)

    def _usable(self, entry: _Entry, now: float) -> _Outcome:
        """A token that is still good goes before a failure to get a newer one."""
        if isinstance(entry.outcome, Unsure) and entry.token is not None and entry.token.expires_at > now:
            return entry.token
        return entry.outcome


def _digest(session: Session) -> bytes:
    return sha256(session.refresh_token.encode()).digest()

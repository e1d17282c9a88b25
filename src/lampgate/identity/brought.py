"""What requests bring in ``Authorization`` instead of a session: tokens, or a name and a password."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from lampgate.identity.bearer import bearer_in
from lampgate.identity.passwords import Passwords
from lampgate.session.record import Subject
from lampgate.session.store import Absent, Lookup
from lampgate.wire.basic import basic_credentials

#: Whom a token stands for.
Judge = Callable[[str], Awaitable[Lookup]]


class Brought:
    """Judges what requests bring.

    :param bearers: judges tokens; None: tokens are not looked at.
    :param passwords: checks names and passwords; None: names and passwords are not looked at.
    :ivar bearers_fall_back: whether a request with a token that is not good is asked for a session.
    """

    def __init__(self, bearers: Judge | None, passwords: Passwords | None, *, bearers_fall_back: bool = True) -> None:
        self._bearers = bearers
        self._passwords = passwords
        self.bearers_fall_back = bearers_fall_back

    def key(self, authorization: bytes) -> bytes:
        """What to remember the answer by; empty where the header is nothing to be judged here. No cookie has a zero
        byte in it."""
        if not authorization:
            return b""
        if self._bearers is not None and (token := bearer_in(authorization)):
            return b"\0bearer\0" + token.encode("ascii")
        if self._passwords is not None and basic_credentials(authorization) is not None:
            return b"\0basic\0" + self._passwords.digest(authorization)
        return b""

    async def session(self, authorization: bytes) -> Lookup:
        """Whom a header stands for that has a key."""
        if self._bearers is not None and (token := bearer_in(authorization)):
            return await self._bearers(token)
        return await self._passwords.session(authorization) if self._passwords is not None else Absent("no-password")

    def asks_on(self, absent: Absent) -> bool:
        """Whether the request's cookie is to be asked where what it brought is not good."""
        return self.bearers_fall_back or not absent.reason.startswith("bearer-")

    def knows(self, subject: Subject) -> bool:
        """Whether somebody of the password file is still in it."""
        return self._passwords is not None and self._passwords.knows(subject)

"""What can come of renewing a session's tokens. Three answers, kept apart, as with a store's.

`Unsure` is not `Refused`: a provider that cannot be reached never signs anyone out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lampgate.session.record import Session


@dataclass(frozen=True, slots=True)
class Renewed:
    """The session with new tokens and a higher generation."""

    session: Session


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will not renew this session again: the person has to sign in.

    :ivar reason: a stable word for logs, e.g. ``invalid_grant``.
    :ivar sentence: for the person, in the provider's words as far as they may be shown.
    :ivar claims: a claims challenge to sign in with; empty where there is none.
    """

    reason: str
    sentence: str = ""
    claims: str = ""


@dataclass(frozen=True, slots=True)
class Unsure:
    """Nobody could tell: no answer in time, a server error, throttling. To be tried again.

    :ivar retry_after: seconds to wait for, as the provider asks; zero where it does not.
    """

    cause: str
    retry_after: float = 0.0


Renewal = Renewed | Refused | Unsure

#: Asks the provider for new tokens for a session.
Redeem = Callable[[Session], Awaitable[Renewal]]

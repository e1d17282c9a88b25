"""When a token is renewed: ahead of its end, and not all at the same time. Pure."""

from __future__ import annotations

from math import inf

from lampgate.session.record import Token

#: The part of a token's life before its end in which it is renewed, and the most that can be (seconds). With Entra's
#: 60 to 90 minutes that is 11 to 20 minutes ahead: a provider that is away for ten minutes is not noticed.
_AHEAD_PART, _AHEAD_MOST = 0.3, 1200.0

#: Pauses after renewals of which nobody could tell the outcome (seconds), doubling.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0


def renewal_due(token: Token | None, renew_after: float | None, jitter: float) -> float:
    """The moment from which a token is to be renewed; no request waits for it, since the token is still good.

    :param renew_after: the age in seconds at which it is renewed at the latest; None: only its end counts.
    :param jitter: 0 to 1. Replicas that hold the same token differ in it, so that mostly one renews and the others
        learn of it; and a thousand people who signed in at nine do not renew at once.
    """
    if token is None:
        return inf
    life = token.expires_at - token.obtained_at
    ahead = min(life * _AHEAD_PART, _AHEAD_MOST) * (0.6 + 0.4 * jitter)
    due = token.expires_at - ahead
    if renew_after is not None:
        due = min(due, token.obtained_at + renew_after * (0.9 + 0.1 * jitter))
    return due


def pause_after(failures: int, asked_for: float, jitter: float) -> float:
    """Seconds to wait after a renewal that failed for reasons that may pass.

    :param failures: how many in a row, from 1.
    :param asked_for: what the provider asks for (``Retry-After``); zero where it does not.
    """
    pause = min(_FIRST_PAUSE * 2.0 ** min(failures - 1, 10), _LONGEST_PAUSE) * (0.5 + 0.5 * jitter)
    return max(pause, asked_for)

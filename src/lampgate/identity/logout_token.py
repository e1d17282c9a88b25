"""The logout token: the provider says that somebody has signed out (OpenID Connect Back-Channel Logout 1.0).

It looks like an ID token and must never be taken for one, nor an ID token for it: it has an event and no nonce.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from lampgate.identity.errors import LogoutTokenInvalidError

_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Whose sessions end.

    :ivar sid: the provider's session; empty where every session of the person ends.
    :ivar sub: the person as the provider calls them; may be empty beside a ``sid``.
    :ivar at: seconds since the epoch; sessions that began later go on.
    """

    issuer: str
    sid: str
    sub: str
    at: float


def signed_out(claims: Mapping[str, Any]) -> SignedOut:
    """What a logout token says, whose signature, issuer, audience and times are good (section 2.6, steps 4 to 6).

    :raises LogoutTokenInvalidError: it is no logout token.
    """
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_EVENT), dict):
        _refuse("it does not tell of a logout")
    if "nonce" in claims:
        _refuse("it has a nonce, so it is something else")
    sid, sub = claims.get("sid", ""), claims.get("sub", "")
    if not isinstance(sid, str) or not isinstance(sub, str) or not (sid or sub) or len(sid) + len(sub) > 1024:
        _refuse("it does not say who has signed out")
    if not isinstance(claims.get("jti"), str):
        _refuse("it has no identifier")
    return SignedOut(claims["iss"], sid, sub, float(claims["iat"]))


def _refuse(cause: str) -> NoReturn:
    raise LogoutTokenInvalidError("The logout token is not acceptable", cause=cause)

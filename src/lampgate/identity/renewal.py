"""What a failed token request says about a session: is it over, or could nobody tell? Pure.

The OAuth fields decide (RFC 6749 section 5.2, and Entra's ``interaction_required``); Entra's numbers never do. Only
what the provider says about *this grant* ends a session. What it says about us (a secret that has expired, a scope it
does not know) or about itself signs nobody out.
"""

from __future__ import annotations

from lampgate.errors import LampgateError
from lampgate.identity.errors import IdTokenInvalidError, ProviderUnreachableError, TokenEndpointError
from lampgate.session.renewal import Refused, Unsure

#: OAuth errors after which only the person can go on. The last three: OpenID Connect Core section 3.1.2.6.
_OVER = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})

#: Checks of a renewed ID token that may fail because of a clock or a key that is on its way, and pass later.
_MAY_PASS = frozenset({"key", "expired", "not-yet-valid"})


def outcome_of(error: LampgateError) -> Refused | Unsure:
    """What a failed renewal means for the session."""
    match error:
        case TokenEndpointError(error=code) if code in _OVER:
            reason = f"{code}/{error.suberror}" if error.suberror else code
            return Refused(reason, error.sentence, error.claims)
        case IdTokenInvalidError(reason=reason) if reason not in _MAY_PASS:
            return Refused(f"id-token-{reason}", error.sentence)
        case ProviderUnreachableError(retry_after=seconds):
            return Unsure(str(error), seconds)
        case _:
            return Unsure(str(error))

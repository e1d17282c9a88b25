"""Authorization codes and refresh tokens: what each stands for, and when it is no longer good.

Opaque to clients and about as long as Entra's. A code is good once, for ten minutes. A refresh token is bound to
person and client, not to a resource; using it does not revoke it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lampgate.lab.entra.authorization_request import CodeChallenge
from lampgate.lab.entra.browser_sessions import SignIn
from lampgate.lab.entra.errors import EntraError, iso7
from lampgate.lab.entra.scopes import Scopes

#: Seconds.
CODE_LIFETIME: Final = 600.0
#: Seconds a refresh token may lie unused.
REFRESH_TOKEN_INACTIVITY: Final = 90 * 86400.0
#: Seconds a redeemed or expired code is still recognised, to tell a second redemption from nonsense.
_CODE_MEMORY: Final = 3600.0
#: Random bytes, for values of about 0.8 and 1.2 KB.
_CODE_BYTES: Final = 600
_REFRESH_TOKEN_BYTES: Final = 900


@dataclass(slots=True)
class CodeGrant:
    """What an authorization code stands for."""

    app_id: str
    redirect_uri: str
    challenge: CodeChallenge | None
    scopes: Scopes
    nonce: str
    sign_in: SignIn
    issued_at: float
    redeemed: bool = False


@dataclass(frozen=True, slots=True)
class RefreshGrant:
    """What a refresh token stands for."""

    app_id: str
    scopes: Scopes
    sign_in: SignIn
    issued_at: float


class Grants:
    """All grants of the tenant. State in memory."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._codes: dict[str, CodeGrant] = {}
        self._refresh: dict[str, RefreshGrant] = {}

    def issue_code(self, grant: CodeGrant) -> str:
        """A new code. Forgets codes of long ago."""
        horizon = self._clock() - _CODE_MEMORY
        self._codes = {code: known for code, known in self._codes.items() if known.issued_at > horizon}
        code = f"1.AX{secrets.token_urlsafe(_CODE_BYTES)}"
        self._codes[code] = grant
        return code

    def find_code(self, code: str, app_id: str) -> CodeGrant:
        """The grant of a code that can still be redeemed by this client. Does not redeem it.

        :raises EntraError: 70000, 54005, 70008.
        """
        grant = self._codes.get(code)
        if grant is None or grant.app_id != app_id:
            raise EntraError(70000)
        if grant.redeemed:
            raise EntraError(54005)
        if self._clock() - grant.issued_at > CODE_LIFETIME:
            raise EntraError(70008)
        return grant

    def issue_refresh_token(self, grant: RefreshGrant) -> str:
        """A new refresh token."""
        token = f"1.AX{secrets.token_urlsafe(_REFRESH_TOKEN_BYTES)}"
        self._refresh[token] = grant
        return token

    def find_refresh_token(self, token: str, app_id: str) -> RefreshGrant:
        """The grant of a refresh token.

        :raises EntraError: 70000, 700082.
        """
        grant = self._refresh.get(token)
        if grant is None or grant.app_id != app_id:
            raise EntraError(70000)
        if self._clock() - grant.issued_at > REFRESH_TOKEN_INACTIVITY:
            raise EntraError(700082, issued=iso7(grant.issued_at))
        return grant

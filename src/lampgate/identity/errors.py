"""What can go wrong between lampgate and the OpenID provider.

Each error names one kind of failure. What the provider said is kept as ``cause``: it is untrusted text, cut to a
length and freed of control characters by `quoted`, and never holds a token, code or secret of ours.
"""

from __future__ import annotations

import re
from typing import ClassVar

from lampgate.errors import LampgateError

#: An Entra error text with its trace and correlation ids takes about 600 characters.
_LONGEST_QUOTE = 1_000

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd]+")
_DIRECTION_MARKS = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


def quoted(text: object, hide: tuple[str, ...] = ()) -> str:
    """A text of the provider's as it may be shown: one line, printable, of bounded length.

    :param hide: secrets of ours that the provider might echo.
    """
    if not isinstance(text, str):
        return ""
    for secret in hide:
        if secret:
            text = text.replace(secret, "[hidden]")
    text = _DIRECTION_MARKS.sub("", _UNPRINTABLE.sub(" ", text)).strip()
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"


class IdentityError(LampgateError):
    """Anything between lampgate and the provider."""

    code: ClassVar[str] = "provider.error"


class ProviderUnreachableError(IdentityError):
    """No usable HTTP answer: name resolution, connection, TLS, time, a redirect, a server error, throttling.

    :ivar retry_after: seconds to wait for, as the provider asks; zero where it does not.
    """

    code: ClassVar[str] = "provider.unreachable"

    def __init__(
        self, sentence: str, *, remedy: str = "", cause: str = "", place: str = "", retry_after: float = 0.0
    ) -> None:
        super().__init__(sentence, remedy=remedy, cause=cause, place=place)
        self.retry_after = retry_after


class ProviderMetadataError(IdentityError):
    """The provider's discovery document is not one."""

    code: ClassVar[str] = "provider.metadata-invalid"


class IssuerMismatchError(ProviderMetadataError):
    """The discovery document is of another issuer than the configured one (OpenID Connect Discovery section 4.3)."""

    code: ClassVar[str] = "provider.issuer-mismatch"


class ProviderKeysError(IdentityError):
    """The provider's key set (RFC 7517) holds no key that could verify an ID token."""

    code: ClassVar[str] = "provider.keys-unusable"


class ProviderNotReadyError(IdentityError):
    """Nobody asked the provider yet: the process has only just started."""

    code: ClassVar[str] = "provider.not-ready"


class ClientCredentialError(IdentityError):
    """Our own credential for the token endpoint cannot be read."""

    code: ClassVar[str] = "provider.client-credential"


class TokenEndpointError(IdentityError):
    """The token endpoint refused (RFC 6749 section 5.2).

    :ivar error: the OAuth error code; empty where the body was not an OAuth error.
    :ivar suberror: Entra's refinement of it.
    :ivar claims: a claims challenge to repeat the authorization request with; may be empty.
    :ivar aadsts: the number of Entra's error; None for another provider.
    """

    code: ClassVar[str] = "provider.token-refused"

    def __init__(
        self,
        sentence: str,
        *,
        remedy: str = "",
        cause: str = "",
        place: str = "",
        error: str = "",
        suberror: str = "",
        claims: str = "",
        aadsts: int | None = None,
    ) -> None:
        super().__init__(sentence, remedy=remedy, cause=cause, place=place)
        self.error = error
        self.suberror = suberror
        self.claims = claims
        self.aadsts = aadsts


class TokenResponseError(IdentityError):
    """The token endpoint answered with success, and something a sign-in needs is missing from the answer."""

    code: ClassVar[str] = "provider.token-response-invalid"


class IdTokenInvalidError(IdentityError):
    """The ID token failed a check of OpenID Connect Core section 3.1.3.7.

    :ivar reason: which one, a stable word: ``signature``, ``issuer``, ``audience``, ``nonce`` …
    """

    code: ClassVar[str] = "provider.id-token-invalid"

    def __init__(self, sentence: str, *, reason: str, remedy: str = "", cause: str = "", place: str = "") -> None:
        super().__init__(sentence, remedy=remedy, cause=cause, place=place)
        self.reason = reason


class LogoutTokenInvalidError(IdentityError):
    """What came as the provider's word that somebody has signed out is not that."""

    code: ClassVar[str] = "provider.logout-token-invalid"


class GroupsUnknownError(IdentityError):
    """The groups of a person could not be found out where the ID token had no room for them."""

    code: ClassVar[str] = "provider.groups-unknown"

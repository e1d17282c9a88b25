"""Why a sign-in failed, as a `Problem`: what `identity` and the provider report meets HTTP statuses here. Pure."""

from __future__ import annotations

from urllib.parse import quote

from lampgate.entra.aadsts import Fixer, find
from lampgate.errors import LampgateError
from lampgate.identity.errors import (
    IdTokenInvalidError,
    ProviderKeysError,
    ProviderMetadataError,
    ProviderNotReadyError,
    ProviderUnreachableError,
    TokenEndpointError,
    TokenResponseError,
    quoted,
)
from lampgate.policy.problem import Problem

_RETRY_AFTER = (("Retry-After", "10"),)

_TITLES = {
    400: "Sign-in was not completed",
    403: "Sign-in was refused",
    500: "Sign-in is not set up correctly",
    502: "Sign-in is not set up correctly",
    503: "Sign-in is not available right now",
}

#: OAuth error codes (RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core section 3.1.2.6) by whose move it is:
#: 400 the person may try again, 403 the person may not, 503 the provider is busy; all others are a matter of set-up.
_STATUS_BY_ERROR = {
    "access_denied": 403,
    "consent_required": 403,
    "account_selection_required": 400,
    "interaction_required": 400,
    "login_required": 400,
    "invalid_grant": 400,
    "server_error": 503,
    "temporarily_unavailable": 503,
}


def from_error(error: LampgateError, retry: str) -> Problem:
    """The problem an error of `identity` amounts to.

    :param retry: the URL that starts the sign-in again.
    """
    remedy = _sentence(error.remedy)
    match error:
        case TokenEndpointError():
            status = _STATUS_BY_ERROR.get(error.error, 502)
            if error.claims:
                retry = f"{retry}&claims={quote(error.claims, safe='')}"
        case ProviderNotReadyError():
            status = 503
        case ProviderUnreachableError() | ProviderMetadataError() | ProviderKeysError():
            status = 503
            remedy = _for_operator(remedy)
        case IdTokenInvalidError():
            status = 502
        case TokenResponseError():
            status = 502
            remedy = _for_operator(remedy)
        case _:
            status = 500
            remedy = _for_operator(remedy)
    title = "Sign-in was not completed" if isinstance(error, IdTokenInvalidError) else _TITLES[status]
    return Problem(
        status=status,
        code=error.code,
        title=title,
        sentence=_sentence(error.sentence),
        remedy=remedy,
        cause=error.cause,
        headers=_RETRY_AFTER if status == 503 else (),
        action=("Try again", retry),
    )


def from_authorization_response(error: str, description: str, retry: str, hide: tuple[str, ...]) -> Problem:
    """The problem that the provider reported through the browser (RFC 6749 section 4.1.2.1).

    Only for answers whose state is known: anybody can make a link with an error text in it.

    :param hide: secrets of the attempt, which the text may echo.
    """
    description = quoted(description, hide)
    known = find(description)
    status = _STATUS_BY_ERROR.get(error, 502)
    return Problem(
        status=status,
        code="sign-in.refused-by-provider",
        title=_TITLES[status],
        sentence=known.sentence if known else "The OpenID provider ended the sign-in without signing you in.",
        remedy=known.advice if known else "",
        cause=description or quoted(error, hide),
        headers=_RETRY_AFTER if status == 503 else (),
        action=("Try again", retry),
    )


def not_signed_in(retry: str) -> Problem:
    """There is no session, and whoever asks cannot sign in by being sent somewhere."""
    return Problem(
        status=401,
        code="session.none",
        title="Not signed in",
        sentence="There is no session in this browser.",
        remedy="Open the page in a browser to sign in.",
        action=("Sign in", retry),
    )


def unknown_attempt(retry: str) -> Problem:
    """The callback's state belongs to no attempt of this browser, or to one that took too long."""
    return Problem(
        status=400,
        code="sign-in.unknown-attempt",
        title="This sign-in cannot be continued",
        sentence="It took too long, was completed already, or began in another browser.",
        remedy="Try again. If it happens every time, allow cookies for this site.",
        action=("Try again", retry),
    )


def malformed_callback(what: str, retry: str) -> Problem:
    """The callback is not an authorization response."""
    return Problem(
        status=400,
        code="sign-in.malformed-callback",
        title="This sign-in cannot be continued",
        sentence=f"The answer that the browser brought from the OpenID provider is not usable: {what}.",
        remedy="Try again from the start; a sign-in cannot be bookmarked or repeated.",
        action=("Try again", retry),
    )


def other_issuer(retry: str) -> Problem:
    """The authorization response says that another provider made it (RFC 9207)."""
    return Problem(
        status=400,
        code="sign-in.other-issuer",
        title="This sign-in cannot be continued",
        sentence="The answer that the browser brought comes from another provider than the one you were sent to.",
        remedy="Try again from the start.",
        action=("Try again", retry),
    )


def _for_operator(remedy: str) -> str:
    return f"For {Fixer.OPERATOR.value}: {remedy}" if remedy else ""


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."

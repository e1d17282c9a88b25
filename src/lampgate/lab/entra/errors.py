"""Entra's errors: the AADSTS codes as a table, and how one is written down.

Each row gives the OAuth 2.0 error name (RFC 6749 sections 4.1.2.1 and 5.2) and the text Entra shows. Where a text
has no public wording, it follows Microsoft's "Microsoft Entra authentication and authorization error codes".
These are the words of an emulated product, not lampgate's own errors, so they are not `LampgateError`.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Aadsts:
    """One row of the table.

    :ivar error: the OAuth error name at the token endpoint.
    :ivar at_authorize: the name in an authorization response, where it differs.
    :ivar template: the text, with its parameters in braces.
    :ivar advice: for the lab's error page: what it means here and what to do; may be empty.
    """

    code: int
    error: str
    template: str
    at_authorize: str = ""
    suberror: str = ""
    status: int = 400
    advice: str = ""


_FEDERATION_HELP: Final = (
    "Check your federated identity credential Subject, Audience and Issuer against the presented assertion. "
    "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
)
_NO_RECORD: Final = "No matching federated identity record found for presented assertion"
_NOT_INSTALLED: Final = (
    "This can happen if the application has not been installed by the administrator of the tenant or consented to "
    "by any user in the tenant. You might have sent your authentication request to the wrong tenant."
)

_ROWS: Final = (
    # The registration and the request.
    Aadsts(
        50011,
        "invalid_request",
        "The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for the "
        "application '{app_id}'. Make sure the redirect URI sent in the request matches one added to your "
        "application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about "
        "how to fix this.",
        advice="Entra compares every character: scheme, host, port, path and trailing slash. It never sends the "
        "browser to an address it does not know, so the application does not see this error.",
    ),
    Aadsts(
        500112,
        "invalid_client",
        "The reply address '{uri}' does not match the reply address '{expected}' provided when requesting "
        "Authorization code.",
    ),
    Aadsts(
        900971,
        "invalid_request",
        "No reply address provided.",
        advice="The request has no redirect_uri, or the application has none registered.",
    ),
    Aadsts(
        700016,
        "unauthorized_client",
        "Application with identifier '{app_id}' was not found in the directory '{tenant}'. " + _NOT_INSTALLED,
        advice="The client_id of the request is not the id of an application registered in this tenant.",
    ),
    Aadsts(
        90002,
        "invalid_request",
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
        advice="The lab has a single tenant. Its id and its domain name are the two names it answers to.",
    ),
    Aadsts(
        50194,
        "invalid_request",
        "Application '{app_id}'({name}) is not configured as a multi-tenant application. Usage of the /common "
        "endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or "
        "configure the application to be multi-tenant.",
        advice="Use the tenant's id in the address instead of common or organizations.",
    ),
    Aadsts(50049, "invalid_instance", "Unknown or invalid instance."),
    Aadsts(
        900144,
        "invalid_request",
        "The request body must contain the following parameter: '{parameter}'.",
        advice="The application left out a parameter that every such request needs.",
    ),
    Aadsts(
        9002313,
        "invalid_request",
        "Invalid request. Request is malformed or invalid.",
        advice="A parameter occurs twice, or is not written as its standard says.",
    ),
    Aadsts(900561, "invalid_request", "The endpoint only accepts POST requests. Received a {method} request."),
    Aadsts(90023, "invalid_request", "Unsupported '{parameter}' value."),
    Aadsts(901002, "invalid_request", "The 'resource' request parameter is not supported."),
    Aadsts(700054, "unsupported_response_type", "response_type 'id_token' is not enabled for the application."),
    Aadsts(700051, "unsupported_response_type", "response_type 'token' is not enabled for the application."),
    Aadsts(70005, "unsupported_response_type", "The response_type '{value}' is not supported."),
    Aadsts(70007, "invalid_request", "'{value}' is not a supported value of 'response_mode'."),
    Aadsts(70003, "unsupported_grant_type", "The app requested an unsupported grant type '{value}'."),
    Aadsts(50147, "invalid_request", "Invalid size of Code_Challenge parameter."),
    Aadsts(
        9002326,
        "invalid_request",
        "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. "
        "Request origin: '{origin}'.",
    ),
    # Authorization codes and refresh tokens.
    Aadsts(70000, "invalid_grant", "Provided grant is invalid or malformed."),
    Aadsts(
        54005,
        "invalid_grant",
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing "
        "refresh token.",
    ),
    Aadsts(
        70008,
        "invalid_grant",
        "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive "
        "authorization request for this user and resource.",
    ),
    Aadsts(
        501481,
        "invalid_grant",
        "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    ),
    Aadsts(
        700082,
        "invalid_grant",
        "The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for "
        "90.00:00:00.",
        suberror="token_expired",
    ),
    Aadsts(
        70043,
        "invalid_grant",
        "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The "
        "token was issued on {issued} and the maximum allowed lifetime for this request is {seconds}.",
        suberror="token_expired",
    ),
    Aadsts(
        50173,
        "invalid_grant",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
        "changed or reset their password. The grant was issued on '{issued}' and the TokensValidFrom date (before "
        "which tokens are not valid) for this user is '{valid_from}'.",
        suberror="bad_token",
    ),
    # Client credentials.
    Aadsts(
        7000215,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        "not the client secret ID, for a secret added to app '{app_id}'.",
    ),
    Aadsts(
        7000222,
        "invalid_client",
        "The provided client secret keys for app '{app_id}' are expired. Visit the Azure portal to create new keys "
        "for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added "
        "security: https://aka.ms/certCreds.",
    ),
    Aadsts(
        7000218,
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    Aadsts(
        700025,
        "invalid_client",
        "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    ),
    Aadsts(50027, "invalid_client", "JWT token is invalid or malformed."),
    Aadsts(
        700027,
        "invalid_client",
        "Client assertion failed signature validation. [Reason - {reason}]",
    ),
    Aadsts(
        700024,
        "invalid_client",
        "Client assertion is not within its valid time range. Current time: {now}, assertion valid from "
        "{valid_from}, expiry time of assertion {expires}. Review the documentation at "
        "https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
    ),
    Aadsts(
        700023,
        "invalid_client",
        "Client assertion audience claim does not match Realm issuer. Review the documentation at "
        "https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
    ),
    Aadsts(
        70025,
        "invalid_client",
        "The client '{app_id}'({name}) has no configured federated identity credentials.",
    ),
    Aadsts(700211, "invalid_client", _NO_RECORD + " issuer '{value}'. " + _FEDERATION_HELP),
    Aadsts(700212, "invalid_client", _NO_RECORD + " audience '{value}'. " + _FEDERATION_HELP),
    Aadsts(700213, "invalid_client", _NO_RECORD + " subject '{value}'. " + _FEDERATION_HELP),
    Aadsts(
        7002138,
        "invalid_client",
        _NO_RECORD + " subject '{value}'. The subject matches with case-insensitive comparison, but not with "
        "case-sensitive comparison.",
    ),
    # Scopes, resources, consent.
    Aadsts(
        65001,
        "invalid_grant",
        "The user or administrator has not consented to use the application with ID '{app_id}' named '{name}'. "
        "Send an interactive authorization request for this user and resource.",
        at_authorize="consent_required",
        suberror="consent_required",
    ),
    Aadsts(65004, "access_denied", "User declined to consent to access the app."),
    Aadsts(
        500011,
        "invalid_resource",
        "The resource principal named {resource} was not found in the tenant named {tenant}. " + _NOT_INSTALLED,
    ),
    Aadsts(
        650057,
        "invalid_resource",
        "Invalid resource. The client has requested access to a resource which is not listed in the requested "
        "permissions in the client's application registration. Client app ID: {app_id}({name}). Resource value "
        "from request: {resource}. Resource app ID: {resource_id}. List of valid resources from app registration: "
        "{valid}.",
    ),
    Aadsts(
        650053,
        "invalid_client",
        "The application '{name}' asked for scope '{scope}' that doesn't exist on the resource '{resource_id}'. "
        "Contact the app vendor.",
    ),
    Aadsts(
        70011,
        "invalid_scope",
        "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.",
    ),
    Aadsts(
        28000,
        "invalid_request",
        "Provided value for the input parameter scope is not valid because it contains more than one resource. "
        "Scope {scope} is not valid.",
    ),
    Aadsts(
        28002,
        "invalid_scope",
        "Provided value for the input parameter scope '{scope}' is not valid when requesting an access token. "
        "Please specify a valid scope.",
    ),
    Aadsts(
        28003,
        "invalid_scope",
        "Provided value for the input parameter scope cannot be empty when requesting an access token. Please "
        "specify a valid scope.",
    ),
    # The person, Conditional Access, the browser's session.
    Aadsts(
        50058,
        "login_required",
        "Session information is not sufficient for single-sign-on: a silent sign-in request was sent but no user "
        "is signed in.",
    ),
    Aadsts(
        50076,
        "invalid_grant",
        "Due to a configuration change made by your administrator, or because you moved to a new location, you "
        "must use multi-factor authentication to access '{resource_id}'.",
        at_authorize="interaction_required",
        suberror="basic_action",
    ),
    Aadsts(
        500121,
        "access_denied",
        "Authentication failed during strong authentication request.",
    ),
    Aadsts(
        50105,
        "access_denied",
        "Your administrator has configured the application {name} ('{app_id}') to block users unless they are "
        "specifically granted ('assigned') access to the application. The signed in user '{username}' is blocked "
        "because they are not a direct member of a group with access, nor had access directly assigned by an "
        "administrator.",
    ),
    Aadsts(
        53003,
        "access_denied",
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        suberror="message_only",
    ),
    Aadsts(
        50034,
        "invalid_grant",
        "The user account {username} does not exist in the {tenant} directory. To sign into this application, the "
        "account must be added to the directory.",
    ),
    Aadsts(50126, "invalid_grant", "Error validating credentials due to invalid username or password."),
    Aadsts(
        50089,
        "invalid_request",
        "Authentication failed due to flow token expired.",
        advice="This sign-in was left open too long or was begun in another browser. Go back to the application "
        "and sign in from there.",
    ),
    Aadsts(
        90033,
        "temporarily_unavailable",
        "A transient error has occurred. Please try again.",
        status=503,
    ),
)

#: Every code the lab's tenant can answer with.
CODES: Final[Mapping[int, Aadsts]] = {row.code: row for row in _ROWS}


class EntraError(Exception):
    """A request is refused.

    :param code: a code of the table.
    :param claims: a claims challenge (JSON) that a new authorization request has to carry; may be empty.
    :param parameters: values for the text's template.
    """

    def __init__(self, code: int, /, *, claims: str = "", **parameters: str) -> None:
        self.row = CODES[code]
        self.claims = claims
        self.message = self.row.template.format_map(defaultdict(lambda: "unknown", parameters))
        super().__init__(f"AADSTS{code}: {self.message}")

    @property
    def code(self) -> int:
        """The AADSTS number."""
        return self.row.code

    @property
    def status(self) -> int:
        """The HTTP status at the token endpoint: 401 for a client that failed to authenticate."""
        return 401 if self.row.error == "invalid_client" else self.row.status


@dataclass(frozen=True, slots=True)
class Incident:
    """The circumstances Entra adds to an error so that support can find it.

    :ivar moment: seconds since the epoch.
    :ivar correlation_id: the caller's ``client-request-id`` where it sent one.
    """

    moment: float
    correlation_id: str
    trace_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def timestamp(self) -> str:
        """The moment as Entra writes it."""
        return datetime.fromtimestamp(self.moment, UTC).strftime("%Y-%m-%d %H:%M:%SZ")

    def describe(self, error: EntraError) -> str:
        """The ``error_description``."""
        return (
            f"AADSTS{error.code}: {error.message} Trace ID: {self.trace_id} "
            f"Correlation ID: {self.correlation_id} Timestamp: {self.timestamp}"
        )

    def body(self, error: EntraError, origin: str) -> dict[str, object]:
        """The JSON body of an error at the token endpoint."""
        body: dict[str, object] = {
            "error": error.row.error,
            "error_description": self.describe(error),
            "error_codes": [error.code],
            "timestamp": self.timestamp,
            "trace_id": self.trace_id,
            "correlation_id": self.correlation_id,
            "error_uri": error_uri(error, origin),
        }
        if error.row.suberror:
            body["suberror"] = error.row.suberror
        if error.claims:
            body["claims"] = error.claims
        return body


def error_uri(error: EntraError, origin: str) -> str:
    """Where the error is explained."""
    return f"{origin}/error?code={error.code}"


def incident(moment: float, client_request_id: str | None) -> Incident:
    """An incident at a moment. A ``client-request-id`` that is not a GUID is not repeated."""
    try:
        correlation_id = str(uuid.UUID(client_request_id or ""))
    except ValueError:
        correlation_id = str(uuid.uuid4())
    return Incident(moment, correlation_id)


def iso7(moment: float) -> str:
    """A moment as Entra writes it inside texts: ISO 8601, UTC, seven fractional digits."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"

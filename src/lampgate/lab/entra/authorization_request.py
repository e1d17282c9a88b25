"""The authorization request: what it says, and in which order Entra finds fault with it.

Pure. Client and redirect URI are judged first, and their errors stay on Entra's own page, because the browser must
not be sent to an address nobody registered (RFC 6749 section 4.1.2.1). Every later error goes back to the client.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from lampgate.lab.entra.applications import Application
from lampgate.lab.entra.errors import EntraError
from lampgate.lab.entra.resources import Resource
from lampgate.lab.entra.scopes import Scopes, read_scopes

ResponseMode = Literal["query", "fragment", "form_post"]
Prompt = Literal["", "none", "login", "select_account", "consent"]

_RESPONSE_MODES: Final = ("query", "fragment", "form_post")
_PROMPTS: Final = ("none", "login", "select_account", "consent")
#: RFC 7636 section 4.2; the S256 form always has 43 characters.
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_SHARED_AUTHORITIES: Final = frozenset({"common", "organizations"})


@dataclass(frozen=True, slots=True)
class CodeChallenge:
    """A PKCE challenge (RFC 7636)."""

    value: str
    method: Literal["plain", "S256"]

    def accepts(self, verifier: str) -> bool:
        """Whether the verifier is the one the challenge was made from."""
        if self.method == "S256":
            digest = hashlib.sha256(verifier.encode()).digest()
            verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return secrets.compare_digest(verifier.encode(), self.value.encode())


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where the answer goes and how it travels."""

    redirect_uri: str
    response_mode: ResponseMode
    state: str | None


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that is in order.

    :ivar authority: the tenant as the address names it, e.g. its id or ``common``.
    :ivar max_age: seconds a sign-in may lie back; None: any.
    :ivar client_info: the client wants to be told the account's ids (MSAL does).
    """

    authority: str
    application: Application
    address: ReturnAddress
    scopes: Scopes
    nonce: str
    challenge: CodeChallenge | None
    prompt: Prompt
    login_hint: str
    max_age: int | None
    client_info: bool


class ReturnedError(Exception):
    """An error the client is told about, at its redirect URI."""

    def __init__(self, error: EntraError, address: ReturnAddress) -> None:
        super().__init__(str(error))
        self.error = error
        self.address = address


@dataclass(frozen=True, slots=True)
class Directory:
    """What the tenant knows that a request is judged by."""

    tenant_name: str
    applications: Mapping[str, Application]
    resources: tuple[Resource, ...]


def find_client(authority: str, client_id: str, directory: Directory) -> Application:
    """The application a request comes from.

    :raises EntraError: 900144, 700016, 50194.
    """
    if not client_id:
        raise EntraError(900144, parameter="client_id")
    application = directory.applications.get(client_id.lower())
    if application is None:
        raise EntraError(700016, app_id=client_id, tenant=directory.tenant_name)
    if authority in _SHARED_AUTHORITIES and not application.multi_tenant:
        raise EntraError(50194, app_id=application.app_id, name=application.name)
    return application


def read_authorization_request(
    authority: str, parameters: Mapping[str, str], directory: Directory
) -> AuthorizationRequest:
    """Judge an authorization request.

    :raises EntraError: to be shown on Entra's own page.
    :raises ReturnedError: to be told to the client.
    """
    application = find_client(authority, parameters.get("client_id", ""), directory)
    redirect_uri = parameters.get("redirect_uri", "")
    if not redirect_uri or not application.redirect_uris:
        raise EntraError(900971)
    if not application.accepts_redirect_uri(redirect_uri):
        raise EntraError(50011, uri=redirect_uri, app_id=application.app_id)

    mode = parameters.get("response_mode") or "query"
    mode_is_known = mode in _RESPONSE_MODES
    address = ReturnAddress(
        redirect_uri, cast("ResponseMode", mode) if mode_is_known else "query", parameters.get("state")
    )
    try:
        _check_response_type(parameters.get("response_type", ""))
        if not mode_is_known:
            raise EntraError(70007, value=mode)
        if "resource" in parameters:
            raise EntraError(901002)
        if not parameters.get("scope", "").strip():
            raise EntraError(900144, parameter="scope")
        _check_claims(parameters.get("claims"))
        return AuthorizationRequest(
            authority=authority,
            application=application,
            address=address,
            scopes=read_scopes(parameters["scope"], application, directory.resources, directory.tenant_name),
            nonce=parameters.get("nonce", ""),
            challenge=_read_challenge(parameters),
            prompt=_read_prompt(parameters.get("prompt", "")),
            login_hint=parameters.get("login_hint", ""),
            max_age=_read_max_age(parameters.get("max_age")),
            client_info=parameters.get("client_info") == "1",
        )
    except EntraError as error:
        raise ReturnedError(error, address) from error


def _check_response_type(value: str) -> None:
    types = value.split()
    if not types:
        raise EntraError(900144, parameter="response_type")
    if not set(types) <= {"code", "token", "id_token"}:
        raise EntraError(70005, value=value)
    if "token" in types:
        raise EntraError(700051)
    if "id_token" in types:
        raise EntraError(700054)


def _check_claims(value: str | None) -> None:
    if value is None:
        return
    try:
        claims = json.loads(value)
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise EntraError(9002313)


def _read_challenge(parameters: Mapping[str, str]) -> CodeChallenge | None:
    value, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
    if value is None:
        if method is not None:
            raise EntraError(900144, parameter="code_challenge")
        return None
    if method not in (None, "plain", "S256"):
        raise EntraError(90023, parameter="code_challenge_method")
    if not _CHALLENGE.fullmatch(value) or (method == "S256" and len(value) != 43):
        raise EntraError(50147)
    return CodeChallenge(value, "S256" if method == "S256" else "plain")


def _read_prompt(value: str) -> Prompt:
    if value and value not in _PROMPTS:
        raise EntraError(90023, parameter="prompt")
    return cast("Prompt", value)


def _read_max_age(value: str | None) -> int | None:
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", value):
        raise EntraError(90023, parameter="max_age")
    return int(value)

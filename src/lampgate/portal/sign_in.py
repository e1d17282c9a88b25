"""Signing in: the page with the button, the redirect to the provider, and the callback.

The order in the callback is the point of it: the state first, then what the provider says, then the code (once),
then who it is, then whether they may pass, and only then a session, with a new identifier (no session that existed
before becomes more than it was).
"""

from __future__ import annotations

import json
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from lampgate.config.settings import Settings
from lampgate.errors import LampgateError
from lampgate.identity import attempt as attempts
from lampgate.identity.attempt import AttemptCookies, SignInAttempt
from lampgate.identity.errors import TokenEndpointError
from lampgate.identity.provider import Provider, SignedIn
from lampgate.identity.return_path import Returns
from lampgate.identity.scopes import ScopePlan
from lampgate.identity.subject import subject_needs
from lampgate.policy.allow import CANNOT_TELL, refusal
from lampgate.policy.problem import Problem, Wants
from lampgate.portal import sign_in_problems as problems
from lampgate.portal.answers import redirect, shown, shown_form, with_cookies
from lampgate.portal.look import Look
from lampgate.portal.session_start import SessionStart, failed, named
from lampgate.portal.visit import Visit
from lampgate.session.record import Session
from lampgate.session.seal import KeyRing
from lampgate.wire.cookies import delete_cookies, set_cookie

_log = logging.getLogger("lampgate.portal")

_PROMPTS = frozenset({"login", "select_account", "consent"})
#: RFC 6749 section 3.1: parameters must not come more than once.
_CALLBACK_PARAMETERS = ("state", "code", "error", "error_description", "iss")
#: Codes of Entra take up to 1.5 KB.
_LONGEST_CODE = 8_000
_LONGEST_CLAIMS = 2_000
#: The value of ``scopes`` in the URL that starts a sign-in without what lampgate adds to the configured scopes.
_AS_CONFIGURED = "configured"


class SignIn:
    """The three endpoints of a sign-in.

    :ivar session_start: begins the session.
    :ivar count: what became of sign-ins.
    """

    def __init__(
        self,
        settings: Settings,
        provider: Provider,
        keys: KeyRing,
        clock: Callable[[], float],
        count: Counter[str],
        look: Look,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._keys = keys
        self._clock = clock
        self.count = count
        self._prefix = settings.portal.prefix
        self._look = look
        self._returns = Returns(settings.portal)
        self.session_start = SessionStart(clock, self.start_url, look)
        self._keeps_id_token = subject_needs(settings).id_token

    async def page(self, request: Request, visit: Visit) -> Response | Problem:
        """A page with one button; straight on where there is a session, or where no page is wanted."""
        return_path = self._return_path(request, visit)
        if visit.session is not None:
            return redirect(return_path)
        if "x-auth-request-redirect" in request.headers and visit.wants is not Wants.PAGE:
            # A proxy in front sends everything without a session here; a script can do nothing with a redirect.
            return problems.not_signed_in(self.start_url(return_path))
        if self._settings.portal.skip_sign_in_page:
            return await self.start(request, visit)
        return self.drawn(visit, return_path)

    def drawn(self, visit: Visit, return_path: str, wrong: str = "", name: str = "") -> Response:
        """The page with the button, and with the form where there are passwords.

        :param wrong: what was wrong with the name and the password that were typed.
        """
        passwords = self._settings.passwords
        has_form = passwords is not None and passwords.form
        page = shown
        if has_form:
            # The form's answer may lead to another host, which browsers check.
            page = partial(shown_form, form_target=None if return_path.startswith("/") else return_path)
        return page(
            "sign_in.html",
            look=self._look,
            host=visit.host,
            provider=self._provider.display_name,
            start=self.start_url(return_path),
            banner=self._settings.portal.banner,
            form=f"{self._prefix}/sign_in" if has_form else "",
            return_path=return_path,
            wrong=wrong,
            name=name,
        )

    async def start(self, request: Request, visit: Visit) -> Response | Problem:
        """Send the browser to the provider, and remember the attempt in a cookie of its own."""
        return_path = self._return_path(request, visit)
        now = self._clock()
        attempt = attempts.begin(
            return_path=return_path,
            redirect_uri=f"{visit.origin}{self._prefix}/callback",
            now=now,
            as_configured=request.query_params.get("scopes") == _AS_CONFIGURED,
        )
        prompt = request.query_params.get("prompt")
        try:
            location = self._provider.authorization_url(
                attempt,
                attempt.redirect_uri,
                prompt=prompt if prompt in _PROMPTS else None,
                claims=_claims(request.query_params.get("claims")),
            )
        except LampgateError as error:
            return problems.from_error(error, self.start_url(return_path))
        cookies = self._cookies(visit)
        sealed = attempts.pack(attempt, self._keys)
        name = cookies.name(attempt.state)
        attributes = visit.sign_in_attributes
        lifetime = int(self._settings.session.sign_in_timeout)
        return with_cookies(
            redirect(location),
            [
                *delete_cookies(cookies.surplus(visit.cookies, now, len(name) + len(sealed)), attributes),
                set_cookie(name, sealed, attributes, lifetime),
            ],
        )

    async def callback(self, request: Request, visit: Visit) -> Response | Problem:
        """The browser is back from the provider."""
        retry = self.start_url("/")
        parameters = _single(request)
        if parameters is None:
            return failed(problems.malformed_callback("a parameter comes twice", retry))
        state = parameters.get("state", "")
        cookies = self._cookies(visit)
        attempt = cookies.find(state, visit.cookies, self._clock())
        if attempt is None:
            # Going back in the browser, or a reload: the sign-in is done, and there is nothing left to do.
            if visit.session is not None:
                return redirect("/")
            if not state:
                return failed(problems.malformed_callback("there is no state in it", retry))
            return failed(problems.unknown_attempt(retry))
        done = delete_cookies([cookies.name(state)], visit.sign_in_attributes)
        outcome = await self._outcome(parameters, attempt)
        if outcome is None:
            _log.info("no consent for what was asked for besides the configured scopes; signing in without it")
            return with_cookies(redirect(self.start_url(attempt.return_path, scopes=_AS_CONFIGURED)), done)
        answer = outcome if isinstance(outcome, Problem) else await self._begin_session(outcome, attempt, visit)
        self.count[answer.code if isinstance(answer, Problem) else "signed-in"] += 1
        if isinstance(answer, Problem):
            return replace(answer, headers=(*answer.headers, *(("Set-Cookie", value) for value in done)))
        return with_cookies(answer, done)

    def start_url(self, return_path: str, **parameters: str) -> str:
        """The URL that begins a sign-in which ends at ``return_path``."""
        query = {"rd": return_path} | parameters
        return f"{self._prefix}/start?" + "&".join(
            f"{name}={quote(value, safe='/')}" for name, value in query.items()
        )

    async def _outcome(self, parameters: Mapping[str, str], attempt: SignInAttempt) -> SignedIn | Problem | None:
        """Who signed in, or why nobody did; None: to be tried with the scopes as configured. The state matched."""
        scopes = self._provider.scopes
        retry = self.start_url(attempt.return_path)
        metadata = self._provider.metadata
        issuer = parameters.get("iss")
        if (
            metadata is not None
            and (issuer is not None or metadata.sends_issuer)
            and not metadata.issues(issuer or "")
        ):
            return failed(problems.other_issuer(retry))
        code = parameters.get("code", "")
        if "error" in parameters:
            hide = (code, attempt.state, attempt.nonce, attempt.code_verifier)
            description = parameters.get("error_description", "")
            if not attempt.as_configured and scopes.lacks_consent(parameters["error"], description):
                return None
            return failed(problems.from_authorization_response(parameters["error"], description, retry, hide))
        if not code or len(code) > _LONGEST_CODE:
            return failed(problems.malformed_callback("there is no usable code in it", retry))
        try:
            signed_in = await self._provider.redeem(code, attempt, attempt.redirect_uri)
        except LampgateError as error:
            if not attempt.as_configured and isinstance(error, TokenEndpointError) and _lacks_consent(scopes, error):
                return None
            return failed(problems.from_error(error, retry), str(error))
        refused = refusal(self._settings.allow, signed_in.subject)
        if refused is not None and refused.status == CANNOT_TELL:
            return failed(replace(refused, action=("Try again", retry)), named(signed_in.subject))
        if refused is not None:
            other_account = self.start_url(attempt.return_path, prompt="select_account")
            return failed(replace(refused, action=("Use another account", other_account)), named(signed_in.subject))
        return signed_in

    async def _begin_session(self, signed_in: SignedIn, attempt: SignInAttempt, visit: Visit) -> Response | Problem:
        now = self._clock()
        session = Session(
            id=secrets.token_urlsafe(24),
            subject=signed_in.subject,
            signed_in_at=int(now),
            expires_at=int(now + self._settings.session.lifetime),
            tokens={"access_token": signed_in.access_token},
            refresh_token=signed_in.refresh_token,
            contexts=signed_in.contexts,
            provider_session=signed_in.provider_session,
            id_token=signed_in.id_token if self._keeps_id_token else "",
        )
        return await self.session_start.begin(session, attempt.return_path, visit)

    def _return_path(self, request: Request, visit: Visit) -> str:
        values = request.query_params.getlist("rd")
        if not values:
            # A proxy in front cannot always put a whole path into a query.
            values = request.headers.getlist("x-auth-request-redirect")
        value = values[0] if len(values) == 1 else None
        return self._returns.path(value, visit.origin)

    def _cookies(self, visit: Visit) -> AttemptCookies:
        session = self._settings.session
        return AttemptCookies(session.cookie.name, visit.sign_in_attributes, self._keys, session.sign_in_timeout)


def _lacks_consent(scopes: ScopePlan, error: TokenEndpointError) -> bool:
    codes = [error.aadsts] if error.aadsts is not None else []
    return scopes.lacks_consent(error.suberror or error.error, error_codes=codes)


def _single(request: Request) -> dict[str, str] | None:
    """The callback's parameters; None where one of them comes twice."""
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in _CALLBACK_PARAMETERS:
            if name in found:
                return None
            found[name] = value
    return found


def _claims(value: str | None) -> str | None:
    """A claims challenge to pass on; None for anything that is not a JSON object of reasonable size."""
    if value is None or len(value) > _LONGEST_CLAIMS:
        return None
    try:
        return value if isinstance(json.loads(value), dict) else None
    except (ValueError, RecursionError):
        return None

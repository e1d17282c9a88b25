"""Who is signed in: the page for people, the JSON for dashboards, and the yes or no for a proxy in front.

Claims and times are told, tokens never.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lampgate.config.settings import Settings
from lampgate.identity.provider import Provider
from lampgate.policy.allow import refusal
from lampgate.policy.injection import injected_headers
from lampgate.policy.open_access import OpenAccess
from lampgate.policy.problem import Problem, Wants
from lampgate.portal.answers import data, nothing, redirect, refused, shown_form
from lampgate.portal.constraints import are_met
from lampgate.portal.look import Look
from lampgate.portal.visit import Visit
from lampgate.session.record import Session
from lampgate.session.store import Unknown

_CONSTRAINTS = Problem(
    status=403,
    code="allow.constraints",
    title="Not for this account",
    sentence="The proxy in front asks for a group or an address that this account does not have.",
)


class Account:
    """The endpoints that tell who is signed in."""

    def __init__(self, settings: Settings, provider: Provider, clock: Callable[[], float], look: Look) -> None:
        self._settings = settings
        self._provider = provider
        self._clock = clock
        self._prefix = settings.portal.prefix
        self._look = look
        self._open_access = OpenAccess(settings.open_access)

    async def page(self, _request: Request, visit: Visit) -> Response | Problem:
        """The who-am-I page."""
        session = visit.session
        if session is None:
            problem = self._not_signed_in(visit)
            if visit.wants is Wants.PAGE and problem.status == 401:
                return redirect(f"{self._prefix}/sign_in?rd=/")
            return problem
        return shown_form(
            "who_am_i.html",
            look=self._look,
            host=visit.host,
            subject=session.subject,
            session=session,
            now=self._clock(),
            provider=self._provider.display_name if not session.subject.is_local else "a password",
            sign_out=f"{self._prefix}/sign_out",
        )

    async def userinfo(self, _request: Request, visit: Visit) -> Response | Problem:
        """oauth2-proxy's ``userinfo``, with a few members more. Always JSON."""
        session = visit.session
        if session is None:
            return refused(self._not_signed_in(visit), Wants.JSON, self._clock())
        return data(_userinfo(session))

    async def auth(self, request: Request, visit: Visit) -> Response | Problem:
        """For ``auth_request`` of nginx and its kin: 202 with a session that may pass, else 401 or 403.

        The answer carries the headers about the person that are configured, for the proxy to pass on.
        """
        session = visit.session
        if session is None:
            if visit.asked_about is not None and self._open_access.admits(*visit.asked_about):
                return nothing(202)
            return self._not_signed_in(visit)
        if refused := refusal(self._settings.allow, session.subject):
            return refused
        if not are_met(request.query_params, session.subject):
            return _CONSTRAINTS
        answer = nothing(202)
        for name, value in injected_headers(self._settings.inject_response, session):
            # A name beyond Latin-1 goes as UTF-8, as it does to an upstream.
            answer.headers.append(name, value.encode().decode("latin-1"))
        return answer

    def _not_signed_in(self, visit: Visit) -> Problem:
        if isinstance(visit.lookup, Unknown):
            return Problem(
                status=503,
                code="session.unknown",
                title="Sessions are not available right now",
                sentence="The place where sessions are kept cannot be reached, so nobody can tell who you are.",
                remedy="Try again in a moment; you are still signed in.",
                headers=(("Retry-After", "5"),),
            )
        return Problem(
            status=401,
            code="session.none",
            title="Not signed in",
            sentence="There is no session in this browser.",
            remedy="Sign in.",
            action=("Sign in", f"{self._prefix}/start?rd=/"),
        )


def _userinfo(session: Session) -> dict[str, Any]:
    subject = session.subject
    return {
        "user": subject.sub,
        "email": subject.email,
        "groups": list(subject.groups),
        "preferredUsername": subject.preferred_username,
        "name": subject.name,
        "tid": subject.tid,
        "oid": subject.oid,
        "session": {
            "signedInAt": session.signed_in_at,
            "expiresAt": session.expires_at,
            "goodUntil": session.good_until(),
        },
    }

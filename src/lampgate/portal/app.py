"""The portal: which path is answered by what, with which methods.

    <ping_path>  <ready_path>                 is the process alive; can people sign in
    <prefix>/                                 who am I
    <prefix>/sign_in  /start  /callback       signing in
    <prefix>/sign_out  /signed_out            signing out
    <prefix>/backchannel_logout  /frontchannel_logout     the provider says that somebody signed out there
    <prefix>/userinfo  /auth                  for dashboards, for a proxy in front

Every other path is a 404 of ours and never goes on to an upstream.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from lampgate.config.settings import Settings
from lampgate.identity.passwords import Passwords
from lampgate.identity.provider import Provider
from lampgate.policy.problem import Problem, Wants
from lampgate.portal.account import Account
from lampgate.portal.answers import data, refused, text
from lampgate.portal.look import Look, look_of
from lampgate.portal.password_form import PasswordForm
from lampgate.portal.provider_logout import ProviderLogout
from lampgate.portal.sign_in import SignIn
from lampgate.portal.sign_out import SignOut
from lampgate.portal.visit import SCOPE_KEY, Visit
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing

_log = logging.getLogger("lampgate.portal")

_FAILED = Problem(
    status=500,
    code="portal.failed",
    title="Something went wrong here",
    sentence="The gateway made a mistake while it answered. Its log says more.",
    remedy="Try again; if it happens again, tell whoever runs this gateway.",
)

Handler = Callable[[Request, Visit], Awaitable[Response | Problem]]


def create_portal(
    *,
    settings: Settings,
    provider: Provider,
    passwords: Passwords | None = None,
    keys: KeyRing,
    clock: Callable[[], float],
    sign_ins: Counter[str] | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
    revocations: Revocations | None = None,
    look: Look | None = None,
) -> ASGIApp:
    """The portal as an ASGI application. Every scope has to carry a `Visit` as ``lampgate.visit``.

    :param keys: seals the cookies of sign-ins under way.
    :param passwords: checks names and passwords; None: only the provider signs people in.
    :param clock: seconds since the epoch.
    :param sign_ins: counts what became of sign-ins, for the metrics.
    :param revocations: takes note of sessions that the provider ends.
    :param look: how pages look; None: as the settings say.
    :param is_stopping: whether the process has been asked to stop, so that nobody should be sent here any more.
    """
    prefix = settings.portal.prefix
    look = look or look_of(settings.portal)
    sign_in = SignIn(settings, provider, keys, clock, Counter() if sign_ins is None else sign_ins, look)
    form = None
    if passwords is not None:
        form = PasswordForm(settings, passwords, sign_in.session_start, sign_in.drawn, clock, sign_in.count)
    sign_out = SignOut(settings, provider, keys, clock, look)
    account = Account(settings, provider, clock, look)
    logout = ProviderLogout(settings, provider, revocations or Revocations(clock), clock)

    def route(path: str, handler: Handler, methods: tuple[str, ...] = ("GET",)) -> Route:
        async def endpoint(request: Request) -> Response:
            visit: Visit = request.scope[SCOPE_KEY]
            answer = await handler(request, visit)
            return refused(answer, visit.wants, clock(), look) if isinstance(answer, Problem) else answer

        route = Route(path, endpoint, methods=list(methods))
        # Starlette answers HEAD wherever it answers GET; but a HEAD must neither redeem a code nor sign anyone out.
        route.methods = set(methods)
        return route

    async def ping(_request: Request) -> Response:
        return text("OK")

    async def ready(_request: Request) -> Response:
        if is_stopping():
            return data({"code": "gateway.stopping", "message": "The gateway is stopping"}, status=503)
        return text("OK") if provider.ready else data(_not_ready(provider), status=503)

    async def not_found_or_not_allowed(request: Request, error: Exception) -> Response:
        visit: Visit | None = request.scope.get(SCOPE_KEY)
        wants = visit.wants if visit is not None else Wants.JSON
        return refused(_routing_problem(error), wants, clock(), look)

    async def failed(request: Request, error: Exception) -> Response:
        _log.error("the portal failed at %s", request.scope["path"], exc_info=error)
        return refused(_FAILED, request.scope[SCOPE_KEY].wants, clock(), look)

    portal = Starlette(
        routes=[
            Route(settings.portal.ping_path, ping),
            Route(settings.portal.ready_path, ready),
            route(prefix, account.page),
            route(f"{prefix}/", account.page),
            route(f"{prefix}/sign_in", sign_in.page),
            *([route(f"{prefix}/sign_in", form.sign_in, ("POST",))] if form is not None else []),
            route(f"{prefix}/start", sign_in.start),
            route(f"{prefix}/callback", sign_in.callback),
            route(f"{prefix}/sign_out", sign_out.sign_out, ("GET", "POST")),
            route(f"{prefix}/signed_out", sign_out.signed_out),
            route(f"{prefix}/backchannel_logout", logout.back_channel, ("POST",)),
            route(f"{prefix}/frontchannel_logout", logout.front_channel),
            route(f"{prefix}/userinfo", account.userinfo),
            route(f"{prefix}/auth", account.auth),
        ],
        exception_handlers={HTTPException: not_found_or_not_allowed, Exception: failed},
    )
    # A redirect to the path without slash would be built from the request's Host header.
    portal.router.redirect_slashes = False
    return portal


def _not_ready(provider: Provider) -> dict[str, str]:
    problem = provider.problem
    if problem is None:
        return {"code": "provider.not-ready"}
    # The place in the configuration is for the log: this path is open to everybody.
    return {"code": problem.code, "message": problem.sentence, "cause": problem.cause, "remedy": problem.remedy}


def _routing_problem(error: Exception) -> Problem:
    if isinstance(error, HTTPException) and error.status_code == 405:
        allow = (error.headers or {}).get("Allow", "GET")
        return Problem(
            status=405,
            code="portal.method-not-allowed",
            title="Not possible here",
            sentence="This address of the gateway does not answer to this kind of request.",
            headers=(("Allow", allow),),
        )
    return Problem(
        status=404,
        code="portal.not-found",
        title="There is nothing here",
        sentence="The gateway has no page at this address.",
        action=("To the dashboard", "/"),
    )

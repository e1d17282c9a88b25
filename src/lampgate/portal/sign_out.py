"""Signing out: end the session here, and offer to end the one with the provider.

No other site may sign a person out: what was not clearly asked for by the person, in a page of ours or in the
address bar, gets a page with a button instead (Fetch Metadata Request Headers, ``Sec-Fetch-Site``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from lampgate.config.settings import Settings
from lampgate.identity.attempt import AttemptCookies
from lampgate.identity.errors import quoted
from lampgate.identity.provider import Provider
from lampgate.identity.return_path import Returns
from lampgate.identity.subject import LOGOUT_HINT
from lampgate.policy.problem import Problem
from lampgate.portal.answers import redirect, shown, shown_form, with_cookies
from lampgate.portal.look import Look
from lampgate.portal.own_wish import is_own_form, is_own_navigation
from lampgate.portal.visit import Visit, settled
from lampgate.session.record import Session
from lampgate.session.seal import KeyRing
from lampgate.wire.cookies import delete_cookies

_log = logging.getLogger("lampgate.portal")


class SignOut:
    """The endpoints of a sign-out."""

    def __init__(
        self, settings: Settings, provider: Provider, keys: KeyRing, clock: Callable[[], float], look: Look
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._keys = keys
        self._clock = clock
        self._prefix = settings.portal.prefix
        self._look = look
        self._returns = Returns(settings.portal)

    async def sign_out(self, request: Request, visit: Visit) -> Response | Problem:
        """End the session, or ask first; then go on to ``rd``, or to the page that says so."""
        asked_for = request.query_params.get("rd")
        target = self._returns.path(asked_for, visit.origin) if asked_for else None
        is_wished = is_own_form(request, visit.origin) if request.method == "POST" else is_own_navigation(request)
        if not is_wished:
            query = f"?rd={quote(target, safe='/')}" if target else ""
            return shown_form(
                "sign_out.html",
                look=self._look,
                host=visit.host,
                action=f"{self._prefix}/sign_out{query}",
                form_target=self._form_target(target),
            )
        session = visit.session
        attributes = visit.sign_in_attributes
        attempts = AttemptCookies(self._settings.session.cookie.name, attributes, self._keys, 0)
        set_cookies = [
            *await settled(visit.store.end(visit.found, visit.cookies)),
            *delete_cookies(attempts.all(visit.cookies), attributes),
        ]
        if session is not None:
            _log.info("signed out: subject=%s", quoted(session.subject.key))
            if not session.subject.is_local:
                await self._provider.call_logout(session.id_token)
        return with_cookies(redirect(self._afterwards(session, target), status=303), set_cookies)

    def _afterwards(self, session: Session | None, target: str | None) -> str:
        """Where a sign-out leads."""
        portal = self._settings.portal
        if portal.provider_sign_out and session is not None and not session.subject.is_local:
            (hint, *_) = (*session.subject.claims.get(LOGOUT_HINT, ()), "")
            at_provider = self._provider.end_session_url(
                post_logout_redirect_uri=portal.post_logout_redirect_uri, logout_hint=hint
            )
            if at_provider is not None:
                return at_provider
        return target or f"{self._prefix}/signed_out"

    def _form_target(self, target: str | None) -> str | None:
        """Where the form may lead in the end, besides here."""
        metadata = self._provider.metadata
        if metadata is None:
            return None
        if self._settings.portal.provider_sign_out and metadata.end_session_endpoint is not None:
            return metadata.end_session_endpoint
        return metadata.authorization_endpoint if target else None

    async def signed_out(self, _request: Request, visit: Visit) -> Response | Problem:
        """The page after a sign-out. It says nothing untrue to somebody who is signed in."""
        if visit.session is not None:
            return redirect(f"{self._prefix}/")
        return shown(
            "signed_out.html",
            look=self._look,
            host=visit.host,
            provider=self._provider.display_name,
            start=f"{self._prefix}/start?rd=/",
            # Without post_logout_redirect_uri: Entra takes only registered ones, and shows its own page otherwise.
            provider_sign_out=self._provider.end_session_url(),
        )

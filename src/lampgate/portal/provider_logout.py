"""The provider says that somebody has signed out there: sessions here end with that one.

Back-channel: the provider's server sends a signed token (OpenID Connect Back-Channel Logout 1.0). Front-channel: the
browser loads an address of ours in a frame of the provider's page (OpenID Connect Front-Channel Logout 1.0). Our
cookie does not come along into somebody else's frame, so what counts is the ``sid``: random, known to the provider
and to who has seen an ID token with it, and good for nothing but ending that one session.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from lampgate.config.settings import Settings
from lampgate.errors import LampgateError
from lampgate.identity.errors import ProviderUnreachableError
from lampgate.identity.provider import Provider
from lampgate.policy.problem import Problem
from lampgate.portal.answers import data, framed, nothing
from lampgate.portal.visit import Visit
from lampgate.session.revocation import Revocation, RevocationKind, Revocations

_log = logging.getLogger("lampgate.portal")

_PARAMETER = "logout_token"
_LONGEST_TOKEN = 16 * 1024
_LONGEST_SID = 255


class ProviderLogout:
    """The two endpoints that providers call."""

    def __init__(
        self, settings: Settings, provider: Provider, revocations: Revocations, clock: Callable[[], float]
    ) -> None:
        self._lifetime = settings.session.lifetime
        self._leeway = settings.provider.clock_leeway
        self._provider = provider
        self._revocations = revocations
        self._clock = clock

    async def back_channel(self, request: Request, _visit: Visit) -> Response | Problem:
        """A logout token, in a form. The answers are those of the specification, section 2.8."""
        tokens = [value for name, value in parse_qsl((await request.body()).decode("latin-1")) if name == _PARAMETER]
        token = tokens[0] if len(tokens) == 1 else ""
        if not 0 < len(token) <= _LONGEST_TOKEN:
            return data({"error": "invalid_request", "error_description": "There is no logout_token"}, status=400)
        try:
            signed_out = await self._provider.signed_out(token)
        except ProviderUnreachableError as error:
            _log.warning("a logout token could not be verified: %s", error)
            return data({"error": "temporarily_unavailable"}, status=503)
        except LampgateError as error:
            _log.warning("a logout token was refused: %s", error)
            return data({"error": "invalid_request", "error_description": error.cause or error.sentence}, status=400)
        before = min(self._clock(), signed_out.at + self._leeway)
        if signed_out.sid:
            self._end("provider-session", f"{signed_out.issuer}#{signed_out.sid}", before)
        else:
            self._end("subject", f"{signed_out.issuer}#{signed_out.sub}", before)
        return nothing(200)

    async def front_channel(self, request: Request, _visit: Visit) -> Response | Problem:
        """A frame in the provider's page."""
        metadata = self._provider.metadata
        sid = request.query_params.get("sid", "")
        issuer = request.query_params.get("iss", metadata.issuer if metadata is not None else "")
        if metadata is None or not 0 < len(sid) <= _LONGEST_SID or not metadata.issues(issuer):
            return data({"error": "invalid_request"}, status=400)
        self._end("provider-session", f"{issuer}#{sid}", self._clock())
        page = urlsplit(metadata.end_session_endpoint or metadata.authorization_endpoint)
        return framed(f"{page.scheme}://{page.netloc}")

    def _end(self, kind: RevocationKind, value: str, before: float) -> None:
        until = int(self._clock() + self._lifetime)
        self._revocations.add(Revocation(kind, value, int(before), until, "signed out at the OpenID provider"))
        _log.info("the provider has ended a session: %s", kind)

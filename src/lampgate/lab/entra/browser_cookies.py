"""The two cookies of the sign-in pages.

Cookies do not know ports, and the lab's servers share a host, so the names carry the port.
"""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from lampgate.lab.entra.tenant import Tenant


class BrowserCookies:
    """The cookies of a request, and how they are set on its response."""

    def __init__(self, tenant: Tenant, request: Request) -> None:
        parts = urlsplit(tenant.origin)
        stem = f"lab-entra-{parts.port}" if parts.port else "lab-entra"
        self._browser_name = f"{stem}-browser"
        self._session_name = f"{stem}-session"
        self._secure = parts.scheme == "https"
        self.browser = request.cookies.get(self._browser_name, "")
        self.session = request.cookies.get(self._session_name, "")
        self._is_new_browser = not self.browser
        if self._is_new_browser:
            self.browser = secrets.token_urlsafe(24)

    def keep_browser(self, response: Response) -> Response:
        """Name the browser, if it has no name yet."""
        if self._is_new_browser:
            self._set(response, self._browser_name, self.browser)
        return response

    def keep_session(self, response: Response, session: str) -> Response:
        """Hand out a session."""
        self._set(response, self._session_name, session)
        return response

    def drop_session(self, response: Response) -> Response:
        """Take the session back."""
        response.delete_cookie(self._session_name, path="/", secure=self._secure, httponly=True, samesite="lax")
        return response

    def _set(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(name, value, path="/", secure=self._secure, httponly=True, samesite="lax")

"""Signing in with a name and a password of the file: the form on the sign-in page, sent.

No other site may send it: somebody would find themselves signed in as somebody else.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from lampgate.config.settings import Settings
from lampgate.identity.passwords import Passwords, PasswordsBusyError
from lampgate.identity.return_path import Returns
from lampgate.policy.allow import refusal
from lampgate.policy.problem import Problem, Wants
from lampgate.portal.answers import with_status
from lampgate.portal.own_wish import is_own_form
from lampgate.portal.session_start import SessionStart, failed, named
from lampgate.portal.visit import Visit
from lampgate.session.record import Session

#: Draws the sign-in page again: return path, sentence about what is wrong, the name that was typed.
Page = Callable[[Visit, str, str, str], Response]

_FIELDS = ("username", "password", "rd")


class PasswordForm:
    """The endpoint that the form is sent to."""

    def __init__(
        self,
        settings: Settings,
        passwords: Passwords,
        start: SessionStart,
        page: Page,
        clock: Callable[[], float],
        count: Counter[str],
    ) -> None:
        self._settings = settings
        self._passwords = passwords
        self._returns = Returns(settings.portal)
        self._start = start
        self._page = page
        self._clock = clock
        self._count = count

    async def sign_in(self, request: Request, visit: Visit) -> Response | Problem:
        """Check what was typed, and begin a session."""
        fields = _fields(await request.body())
        wanted = fields.get("rd") or request.query_params.get("rd")
        return_path = self._returns.path(wanted, visit.origin)
        if not is_own_form(request, visit.origin):
            return self._again(visit, return_path, "Please sign in here.", 403, "password.other-site")
        name, password = fields.get("username", ""), fields.get("password", "")
        if not name or not password:
            return self._again(visit, return_path, "Type your name and your password.", 400, "password.empty")
        try:
            subject = await self._passwords.check(name, password)
        except PasswordsBusyError:
            return self._again(
                visit, return_path, "Too many people sign in at the moment. Try again.", 503, "password.busy", name
            )
        if subject is None:
            # What was typed as a name may be a password, so the log does not have it.
            return self._again(
                visit, return_path, "This name and this password do not belong together.", 401, "password.wrong", name
            )
        if refused := refusal(self._settings.allow, subject):
            self._count[refused.code] += 1
            return failed(refused, named(subject))
        now = self._clock()
        session = Session(
            id=secrets.token_urlsafe(24),
            subject=subject,
            signed_in_at=int(now),
            expires_at=int(now + self._settings.session.lifetime),
        )
        answer = await self._start.begin(session, return_path, visit)
        self._count[answer.code if isinstance(answer, Problem) else "signed-in"] += 1
        return answer

    def _again(
        self, visit: Visit, return_path: str, sentence: str, status: int, code: str, name: str = ""
    ) -> Response | Problem:
        problem = failed(Problem(status=status, code=code, title="Sign in", sentence=sentence))
        self._count[code] += 1
        if visit.wants is not Wants.PAGE:
            return problem
        return with_status(self._page(visit, return_path, sentence, name), status)


def _fields(body: bytes) -> dict[str, str]:
    """The fields of the form; one that comes twice counts as none."""
    pairs = [(name, value) for name, value in parse_qsl(body.decode("latin-1")) if name in _FIELDS]
    counts = Counter(name for name, _ in pairs)
    return {name: value for name, value in pairs if counts[name] == 1}

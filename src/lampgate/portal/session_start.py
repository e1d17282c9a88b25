"""The last step of every sign-in: a new session, with a new identifier, in the place of what was there before."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from starlette.responses import Response

from lampgate.identity.errors import quoted
from lampgate.policy.problem import Problem
from lampgate.portal import sign_in_problems as problems
from lampgate.portal.answers import redirect, shown, with_cookies
from lampgate.portal.look import Look
from lampgate.portal.visit import Visit, settled
from lampgate.session.record import Session, Subject
from lampgate.session.store import StoreUnavailableError

_log = logging.getLogger("lampgate.portal")


class SessionStart:
    """Begins sessions.

    :param start_url: the URL of another attempt, by the return path.
    """

    def __init__(self, clock: Callable[[], float], start_url: Callable[[str], str], look: Look) -> None:
        self._clock = clock
        self._look = look
        self._start_url = start_url

    async def begin(self, session: Session, return_path: str, visit: Visit) -> Response | Problem:
        """Keep the session, and send the browser to where it wanted to go."""
        set_cookies: list[str] = []
        earlier = visit.session
        if earlier is not None and earlier.subject.key != session.subject.key:
            # Somebody else's session in the same browser ends here, and its WebSockets with it.
            set_cookies += await settled(visit.store.end(visit.found, visit.cookies))
        try:
            set_cookies += await settled(visit.store.save(session, visit.cookies, self._clock()))
        except StoreUnavailableError as error:
            return failed(problems.nowhere_to_keep(self._start_url(return_path)), str(error))
        _log.info("signed in: %s", named(session.subject))
        if visit.attributes.same_site == "strict":
            # Such a cookie does not come along on a redirect that began at the provider's site, only on a fresh load.
            response = shown("signed_in.html", look=self._look, host=visit.host, target=return_path)
        else:
            # 303: after a form the next request is a GET.
            response = redirect(return_path, status=303 if session.subject.is_local else 302)
        return with_cookies(response, set_cookies)


def failed(problem: Problem, reason: str = "") -> Problem:
    """Write the one line about a sign-in that failed."""
    _log.warning("sign-in failed: code=%s reason=%s", problem.code, reason or problem.cause or problem.sentence)
    return problem


def named(subject: Subject) -> str:
    """A person, for the log."""
    return f"subject={quoted(subject.key)} name={json.dumps(quoted(subject.display_name), ensure_ascii=False)}"

"""The portal's answers as Starlette responses, each with the security headers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from starlette.responses import Response

from lampgate.policy.problem import Problem, Wants
from lampgate.portal.look import OWN_LOOK, Look
from lampgate.portal.pages import SECURITY_HEADERS, content_security_policy, page
from lampgate.portal.problems import render

_NO_CONTENT = "default-src 'none'; frame-ancestors 'none'"


def shown(template: str, *, look: Look = OWN_LOOK, status: int = 200, **values: Any) -> Response:
    """A page. See `lampgate.portal.pages`."""
    return _response(page(template, look, **values), status, "text/html; charset=utf-8", content_security_policy())


def shown_form(template: str, *, look: Look = OWN_LOOK, form_target: str | None = None, **values: Any) -> Response:
    """A page with a form.

    :param form_target: see `lampgate.portal.pages.content_security_policy`.
    """
    policy = content_security_policy(form_target)
    response = _response(page(template, look, **values), 200, "text/html; charset=utf-8", policy)
    # With no-referrer a browser sends `Origin: null` along with the form, and we could not tell that it is ours.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def data(content: object, *, status: int = 200) -> Response:
    """A JSON document."""
    return _response(json.dumps(content, ensure_ascii=False), status, "application/json")


def text(content: str, *, status: int = 200) -> Response:
    """Plain text."""
    return _response(content, status, "text/plain; charset=utf-8")


def nothing(status: int) -> Response:
    """An empty answer."""
    return _response("", status)


def framed(ancestor: str) -> Response:
    """An empty page that one other origin may put into a frame."""
    response = _response("<!doctype html><title>Signed out</title>", 200, "text/html; charset=utf-8")
    del response.headers["X-Frame-Options"]
    response.headers["Content-Security-Policy"] = f"default-src 'none'; frame-ancestors {ancestor}"
    return response


def redirect(location: str, *, status: int = 302) -> Response:
    """Send the browser elsewhere. ``location`` is ours, or was checked."""
    response = _response("", status)
    response.headers["Location"] = location
    return response


def refused(problem: Problem, wants: Wants, at: float, look: Look = OWN_LOOK) -> Response:
    """A problem, drawn for whoever asked."""
    drawn = render(problem, wants, at=at, look=look)
    response = Response(drawn.body, drawn.status)
    for name, value in drawn.headers:
        response.headers.append(name, value)
    return response


def with_status(response: Response, status: int) -> Response:
    """``response``, with another status."""
    response.status_code = status
    return response


def with_cookies(response: Response, set_cookies: Iterable[str]) -> Response:
    """``response``, with ``Set-Cookie`` headers added in this order."""
    for value in set_cookies:
        response.headers.append("Set-Cookie", value)
    return response


def _response(content: str, status: int, media_type: str | None = None, policy: str = _NO_CONTENT) -> Response:
    headers = dict(SECURITY_HEADERS) | {"Content-Security-Policy": policy}
    if media_type is not None:
        headers["Content-Type"] = media_type
    return Response(content, status, headers)

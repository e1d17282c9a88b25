"""A problem, drawn for whoever asked: a page, a JSON object, or a Kubernetes ``metav1.Status``. Pure.

The gateway answers with it wherever it refuses or fails on its own account.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from lampgate.policy.problem import Problem, Wants
from lampgate.portal.look import OWN_LOOK, Look
from lampgate.portal.pages import SECURITY_HEADERS, content_security_policy, page

#: ``reason`` of a ``metav1.Status`` by HTTP status, as k8s.io/apimachinery/pkg/api/errors sets it.
_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Gone",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
    504: "Timeout",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer without its framing: whoever writes it adds ``Content-Length``."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def render(problem: Problem, wants: Wants, *, at: float | None = None, look: Look = OWN_LOOK) -> Rendered:
    """Draw a problem.

    :param at: when it happened, in seconds since the epoch, for the page to show.
    """
    if wants is Wants.PAGE:
        content_type = "text/html; charset=utf-8"
        policy = content_security_policy()
        body = page("problem.html", look, problem=problem, at=at, host="")
    else:
        content_type = "application/json"
        policy = "default-src 'none'; frame-ancestors 'none'"
        body = json.dumps(_status(problem) if wants is Wants.STATUS else _object(problem), ensure_ascii=False)
    headers = [
        ("Content-Type", content_type),
        *SECURITY_HEADERS,
        ("Content-Security-Policy", policy),
        *problem.headers,
    ]
    return Rendered(problem.status, headers, body.encode("utf-8", "replace"))


def _object(problem: Problem) -> dict[str, str]:
    return {
        "code": problem.code,
        "title": problem.title,
        "message": problem.sentence,
        "remedy": problem.remedy,
        "cause": problem.cause,
    }


def _status(problem: Problem) -> dict[str, Any]:
    """See the Kubernetes API reference, "Status": what clients show is ``message``."""
    causes = [{"reason": problem.code, "message": problem.cause or problem.title}]
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"{problem.sentence} {problem.remedy}".rstrip(),
        "reason": _REASONS.get(problem.status, "InternalError" if problem.status >= 500 else "BadRequest"),
        "details": {"causes": causes},
        "code": problem.status,
    }

"""Problems, drawn for whoever asked."""

from __future__ import annotations

import json

import pytest

from lampgate.policy.problem import Problem, Wants
from lampgate.portal.pages import moment, span
from lampgate.portal.problems import render

PROBLEM = Problem(
    status=403,
    code="allow.groups",
    title="Not <admitted>",
    sentence='You are "Rita" <b>.',
    remedy="Ask.",
    cause="AADSTS50105: <script>alert(1)</script>",
    headers=(("Retry-After", "7"), ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")),
    action=("Use another account", "/oauth2/start?rd=/&prompt=select_account"),
)


def test_page() -> None:
    drawn = render(PROBLEM, Wants.PAGE, at=1_800_000_000)
    text = drawn.body.decode()
    assert drawn.status == 403
    assert "Not &lt;admitted&gt;" in text
    assert "AADSTS50105: &lt;script&gt;" in text
    assert "<script" not in text
    assert 'href="/oauth2/start?rd=/&amp;prompt=select_account"' in text
    assert "15 January 2027, 08:00 UTC" in text
    assert drawn.headers.count(("Set-Cookie", "a=b")) == 1
    assert ("Set-Cookie", "c=d") in drawn.headers
    assert ("Retry-After", "7") in drawn.headers
    assert ("Cache-Control", "no-store") in drawn.headers


def test_a_page_needs_nothing_else() -> None:
    import hashlib
    from base64 import b64encode

    drawn = render(PROBLEM, Wants.PAGE)
    text = drawn.body.decode()
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = dict(drawn.headers)["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert " style=" not in text


def test_json() -> None:
    drawn = render(PROBLEM, Wants.JSON)
    assert dict(drawn.headers)["Content-Type"] == "application/json"
    assert json.loads(drawn.body) == {
        "code": "allow.groups",
        "title": "Not <admitted>",
        "message": 'You are "Rita" <b>.',
        "remedy": "Ask.",
        "cause": "AADSTS50105: <script>alert(1)</script>",
    }


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "BadRequest"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "NotFound"),
        (405, "MethodNotAllowed"),
        (413, "RequestEntityTooLarge"),
        (418, "BadRequest"),
        (431, "BadRequest"),
        (500, "InternalError"),
        (502, "InternalError"),
        (503, "ServiceUnavailable"),
        (504, "Timeout"),
    ],
)
def test_status(status: int, reason: str) -> None:
    drawn = render(Problem(status, "code", "Title", "Sentence.", "Remedy.", "Cause"), Wants.STATUS)
    assert json.loads(drawn.body) == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Sentence. Remedy.",
        "reason": reason,
        "details": {"causes": [{"reason": "code", "message": "Cause"}]},
        "code": status,
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "less than a minute"),
        (-5, "less than a minute"),
        (59, "less than a minute"),
        (60, "1 min"),
        (3599, "59 min"),
        (42_120, "11 h 42 min"),
        (604_800, "7 d"),
        (90_060, "1 d 1 h 1 min"),
    ],
)
def test_spans(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_moments() -> None:
    assert moment(1_800_000_000) == "15 January 2027, 08:00 UTC"

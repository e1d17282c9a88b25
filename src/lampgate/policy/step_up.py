"""Step-up: what asks for more than a session, and how the person is sent to provide it. Pure.

Two things ask: an upstream, with 401 and a claims challenge (the OAuth extension Entra documents as "claims
challenges": ``WWW-Authenticate: Bearer error="insufficient_claims", claims="<base64>"``), and a rule of our own that
wants an authentication context for some paths (Conditional Access authentication context, the claim ``acrs``).
Either way the next page that the person opens goes to the provider with those claims, and back.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Sequence

from lampgate.config.settings import StepUpRule
from lampgate.policy.problem import Problem
from lampgate.wire.head import RequestHead
from lampgate.wire.target import Target

#: A challenge longer than this is none.
_LONGEST = 2_000

_CHALLENGE = re.compile(rb"^www-authenticate:[ \t]*(.*?)[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
_ERROR = re.compile(rb'\berror="?insufficient_claims"?(?=[\s,]|$)', re.IGNORECASE)
_CLAIMS = re.compile(rb'\bclaims="([A-Za-z0-9+/_=-]+)"', re.IGNORECASE)


class StepUpRules:
    """The rules, ready to be asked for every request."""

    def __init__(self, rules: Sequence[StepUpRule]) -> None:
        self._rules = tuple((re.compile(rule.path), frozenset(rule.methods), rule.context) for rule in rules)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def missing(self, head: RequestHead, target: Target, contexts: tuple[str, ...]) -> str:
        """The authentication context a request needs and the session does not have; empty where there is none."""
        for path, methods, context in self._rules:
            if context not in contexts and (not methods or head.method in methods) and path.fullmatch(target.path):
                return context
        return ""


def claims_for(context: str) -> str:
    """The claims parameter that asks for an authentication context, in the ID token and in the access token."""
    wanted = {"acrs": {"essential": True, "value": context}}
    return json.dumps({"id_token": wanted, "access_token": wanted}, separators=(",", ":"))


def challenge_in(block: bytes) -> str:
    """The claims that an upstream's 401 asks for, as JSON; empty where it asks for none that is usable.

    :param block: the response's head as received.
    """
    for value in _CHALLENGE.findall(block):
        found = _CLAIMS.search(value)
        if found is None or not _ERROR.search(value) or len(found[1]) > _LONGEST:
            continue
        text = found[1].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        try:
            claims = json.loads(b64decode(text + b"=" * (-len(text) % 4), validate=True))
        except (binascii.Error, ValueError, RecursionError):
            continue
        if isinstance(claims, dict):
            return json.dumps(claims, separators=(",", ":"))
    return ""


def problem(claims: str, *, headers: tuple[tuple[str, str], ...] = ()) -> Problem:
    """The answer to a script's request that needs more than the session has."""
    return Problem(
        status=401,
        code="session.step-up",
        title="Please confirm that it is you",
        sentence="This needs a stronger sign-in than the one you have.",
        remedy="Reload the page: it leads to the provider and back.",
        cause=f"asked for: {claims}",
        headers=headers,
    )

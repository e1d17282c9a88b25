"""The redirect to the same address with a slash at its end. Pure."""

from __future__ import annotations

from urllib.parse import quote

from lampgate.policy.problem import Problem
from lampgate.wire.target import Target


def slash_missing(target: Target) -> Problem:
    """What is asked for is at the same address with a slash.

    The location is made from the canonical path: received with a second slash at its beginning, it would lead to
    another host.
    """
    location = quote(f"{target.path}/", safe="/!$&'()*+,;=:@~")
    if target.query:
        location = f"{location}?{target.query.decode('latin-1')}"
    return Problem(
        status=301,
        code="route.slash-missing",
        title="The address ends with a slash",
        sentence="What you asked for is at the same address with a slash at its end.",
        headers=(("Location", location),),
    )

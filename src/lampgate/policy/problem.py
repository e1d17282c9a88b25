"""A refusal or a failure, as the person (or the program) who asked gets to see it.

The one place where an error meets HTTP. How it looks is decided by who asked (`Wants`) and drawn by
`lampgate.portal.problems`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Wants(Enum):
    """What kind of answer the asker can make use of."""

    PAGE = "page"
    """A person's browser that navigates: a page."""
    JSON = "json"
    """A script, ``fetch`` or XHR: a JSON object."""
    STATUS = "status"
    """A Kubernetes client, or a dashboard on its behalf: a ``metav1.Status``."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal or failure.

    :ivar status: the HTTP status code.
    :ivar code: stable, e.g. ``session.none`` or ``upstream.unreachable``.
    :ivar title: a heading of a few words.
    :ivar sentence: what happened, for a person.
    :ivar remedy: what that person (or their administrator) can do; may be empty.
    :ivar cause: what the other side said, e.g. an AADSTS text; may be empty. Untrusted: escape it.
    :ivar headers: further response headers, e.g. ``Retry-After``.
    :ivar action: a link that helps (label, URL), e.g. to sign in again.
    """

    status: int
    code: str
    title: str
    sentence: str
    remedy: str = ""
    cause: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    action: tuple[str, str] | None = None

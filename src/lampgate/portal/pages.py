"""How the portal's pages look: templates, the one stylesheet, and the security headers that go with them.

The stylesheet is part of every page, allowed by its hash, so that a page needs nothing else to be whole: it is also
shown when everything behind the gateway is down. Nothing is loaded from anywhere, and there are no scripts.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lampgate.portal.look import Look

_TEMPLATES = Path(__file__).parent / "templates"

#: On every answer of the portal. Its answers are about one person and one moment, and belong into nobody's frame.
SECURITY_HEADERS: tuple[tuple[str, str], ...] = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)


def page(template: str, look: Look, **values: Any) -> str:
    """A page. All values are escaped."""
    return _environment().get_template(template).render(look=look, **values)


def content_security_policy(form_target: str | None = None) -> str:
    """The policy of a page (CSP level 3).

    :param form_target: where a form's answer may lead in the end. Browsers check every redirect after a form was
        sent, so a form that ends in a sign-in has to name the provider, and the provider may go on to another
        https address.
    """
    targets = "'self'"
    if form_target:
        url = urlsplit(form_target)
        targets = f"'self' {url.scheme}://{url.netloc} https:"
    return (
        f"default-src 'none'; style-src {_style_hash()}; img-src data:; form-action {targets}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def moment(seconds: float) -> str:
    """A point in time for people: ``23 November 2026, 16:05 UTC``."""
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def span(seconds: float) -> str:
    """A length of time for people, rounded down: ``11 h 42 min``."""
    minutes = max(int(seconds) // 60, 0)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "less than a minute"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["style"] = Markup(_style())  # noqa: S704 - our own file
    environment.filters["moment"] = moment
    environment.filters["span"] = span
    return environment


@cache
def _style() -> str:
    return (_TEMPLATES / "style.css").read_text("utf-8")


@cache
def _style_hash() -> str:
    digest = hashlib.sha256(_style().encode("utf-8")).digest()
    return f"'sha256-{b64encode(digest).decode('ascii')}'"

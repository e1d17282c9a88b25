"""Renders the pages people see. Plain HTML; only the form that posts an answer brings a line of script along.

Every page says that it is the lab's and not Microsoft's. Nothing is loaded from elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

_PACKAGE: Final = "lampgate.lab.entra"
_templates = Environment(loader=PackageLoader(_PACKAGE, "pages"), autoescape=True, undefined=StrictUndefined)


def page(template: str, values: Mapping[str, object], *, status: int = 200, script_nonce: str = "") -> Response:
    """A page.

    :param template: its file's name without ``.html``.
    :param script_nonce: lets the page's own script run; empty: none may.
    """
    script = f"'nonce-{script_nonce}'" if script_nonce else "'none'"
    text = _templates.get_template(f"{template}.html").render(values, script_nonce=script_nonce)
    return HTMLResponse(
        text,
        status,
        headers={
            "Cache-Control": "no-store, no-cache",
            # No form-action: a browser applies it to the redirect after the form, too.
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; "
            f"frame-ancestors 'none'; script-src {script}",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )


def form_post_page(action: str, parameters: dict[str, str], *, script_nonce: str) -> Response:
    """A form that carries an answer to the client; without script the person presses its button."""
    return page("form_post", {"action": action, "parameters": parameters}, script_nonce=script_nonce)


def stylesheet() -> Response:
    """The one stylesheet."""
    text = resources.files(_PACKAGE).joinpath("pages", "style.css").read_text(encoding="utf-8")
    return Response(text, media_type="text/css", headers={"Cache-Control": "max-age=300"})

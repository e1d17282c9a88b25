"""Whether the person asked for something in a page of ours, and not a page of somebody else's in their name.

Fetch Metadata Request Headers (``Sec-Fetch-Site``), and ``Origin`` for browsers that do not send those.
"""

from __future__ import annotations

from starlette.requests import Request


def is_own_form(request: Request, origin: str) -> bool:
    """Whether a form of ours was sent."""
    site = request.headers.get("sec-fetch-site")
    return site in {"same-origin", "none"} if site is not None else request.headers.get("origin") == origin


def is_own_navigation(request: Request) -> bool:
    """Whether the person goes to an address from here, or by the address bar.

    An image in the dashboard is no wish, and neither is a page that the browser fetches ahead of a click.
    """
    headers = request.headers
    is_navigation = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return is_navigation and "sec-purpose" not in headers and headers.get("sec-fetch-site") in {"same-origin", "none"}

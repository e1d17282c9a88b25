"""The URLs that oauth2-proxy takes for upstreams, in the one form lampgate's settings have. No message shows one."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lampgate.config.errors import InvalidValueError, PlaceholderLeftError
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.conversion.urls import UrlError, parse_url
from lampgate.config.oauth2_proxy.placeholders import find_placeholder
from lampgate.config.oauth2_proxy.written import Written

URL_REMEDY = "Write http://host:port of the dashboard's Service, e.g. http://headlamp:80"
_STATUS = re.compile(r"[2-5][0-9]{2}", re.ASCII)


def upstream_url(written: Written[str], draft: Draft) -> str | None:
    """The URL; None, with the error reported, where it is not one."""
    place, findings = written.place, draft.findings
    if find_placeholder(written.value) is not None:
        findings.error(
            PlaceholderLeftError, "An upstream's URL still holds a placeholder", place=place, remedy=URL_REMEDY
        )
        return None
    try:
        scheme = written.value.partition(":")[0].lower()
        match scheme:
            case "unix" | "file":
                return _local(scheme, written.value)
            case "static":
                return static_url(written.value[len("static://") :])
            case _:
                return _server(written.value)
    except _WrongUrlError as problem:
        findings.error(InvalidValueError, f"An upstream's URL {problem}", place=place, remedy=problem.remedy)
        return None


def static_url(status: str) -> str:
    """The URL of a fixed answer.

    :raises UrlError: its status is none that can be answered with.
    """
    if not _STATUS.fullmatch(status):
        raise _WrongUrlError("has no status code from 200 to 599", "Write e.g. static://200")
    return f"static://{status}"


class _WrongUrlError(UrlError):
    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.remedy = remedy


def _local(scheme: str, text: str) -> str:
    example = "unix:///run/app.sock" if scheme == "unix" else "file:///srv/www/"
    remedy = f"Write {scheme}:// and the absolute path, three slashes in all, e.g. {example}"
    parts = urlsplit(text)
    if parts.netloc or not parts.path.startswith("/") or "\x00" in text:
        raise _WrongUrlError("has no absolute path", remedy)
    if parts.query or parts.fragment:
        raise _WrongUrlError("goes on behind its path", remedy)
    return f"{scheme}://{parts.path}"


def _server(text: str) -> str:
    try:
        url = parse_url(text)
    except UrlError as problem:
        raise _WrongUrlError(str(problem), URL_REMEDY) from None
    if url.scheme not in ("http", "https"):
        raise _WrongUrlError("has an unknown scheme", URL_REMEDY)
    if url.path not in ("", "/") or url.query or url.fragment:
        raise _WrongUrlError(
            "has a path, which oauth2-proxy drops without a word",
            "Remove what follows host and port; requests are passed on with the path they have, or with that of "
            "rewriteTarget",
        )
    return url.origin

"""The servers behind the gateway."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lampgate.config.errors import (
    InvalidValueError,
    MissingSettingError,
    PlaceholderLeftError,
    UnsupportedSettingError,
)
from lampgate.config.oauth2_proxy.conversion.draft import Draft, given
from lampgate.config.oauth2_proxy.conversion.urls import UrlError, parse_url
from lampgate.config.oauth2_proxy.placeholders import find_placeholder
from lampgate.config.oauth2_proxy.written import Section, Written, WrittenUpstream
from lampgate.config.settings import UpstreamSettings

_URL_REMEDY = "Write http://host:port of the dashboard's Service, e.g. http://headlamp:80"
#: A canonical path: no escapes, no empty segment, no dot segment (RFC 3986 section 3.3).
_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?", re.ASCII)
_REMEDIES = {
    "https": "Let the upstream serve http inside the cluster, or put a TLS-originating sidecar in front of it",
    "file": "Serve the files with a web server, and name that one",
    "static": "Remove it; oauth2-proxy answers such requests itself",
    "unix": "Let the upstream listen on a TCP port",
}


def upstream_settings(
    written: Sequence[WrittenUpstream], section: Section, draft: Draft
) -> tuple[UpstreamSettings, ...]:
    """The settings of all upstreams that are right."""
    if not written:
        draft.findings.error(
            MissingSettingError,
            "There is no upstream, so requests would have nowhere to go",
            place=section.place_of("upstreams"),
            remedy="Add one with the URL of the dashboard's Service, e.g. http://headlamp:80",
        )
    ids: dict[str, Written[str]] = {}
    paths: dict[str, Written[str]] = {}
    upstreams = []
    for index, upstream in enumerate(written):
        name = _required(upstream.id, "id", upstream, "Add id, e.g. id: main", draft)
        path = _path(upstream, draft)
        url = _url(upstream, draft)
        are_new = [
            _is_new(upstream.id, ids, "Two upstreams have the same id", draft),
            _is_new(upstream.path, paths, "Two upstreams are for the same path", draft),
        ]
        for field, value in (
            ("id", upstream.id),
            ("path", upstream.path),
            ("url", upstream.url),
            ("pass_host_header", upstream.pass_host_header),
            ("response_timeout", upstream.response_timeout),
        ):
            draft.keep(f"upstreams.{index}.{field}", value)
        timeout = upstream.response_timeout
        if timeout is not None and timeout.value <= 0:
            draft.findings.error(
                InvalidValueError,
                "The time to wait for an upstream has to be above zero",
                place=timeout.place,
                remedy="Write e.g. 30s",
            )
            continue
        if name is not None and path is not None and url is not None and all(are_new):
            optional = given(pass_host_header=upstream.pass_host_header, response_timeout=timeout)
            upstreams.append(UpstreamSettings.model_validate({**optional, "id": name, "path": path, "url": url}))
    return tuple(upstreams)


def _required(
    written: Written[str] | None, name: str, upstream: WrittenUpstream, remedy: str, draft: Draft
) -> str | None:
    if written is None:
        draft.findings.error(
            MissingSettingError,
            f"An upstream has no {upstream.section.keys[name]}",
            place=upstream.section.place_of(name),
            remedy=remedy,
        )
        return None
    return written.value


def _path(upstream: WrittenUpstream, draft: Draft) -> str | None:
    path = _required(upstream.path, "path", upstream, "Add path; / is for every request", draft)
    if path is None or upstream.path is None:
        return None
    if not path.startswith("/") or not _PATH.fullmatch(path):
        draft.findings.error(
            InvalidValueError,
            "An upstream's path is not a plain path",
            place=upstream.path.place,
            remedy="Start it with /, without escapes, empty or dot segments; end it with / to match all below it",
        )
        return None
    return path


def _url(upstream: WrittenUpstream, draft: Draft) -> str | None:
    text = _required(upstream.url, "url", upstream, _URL_REMEDY, draft)
    if text is None or upstream.url is None:
        return None
    place, findings = upstream.url.place, draft.findings
    placeholder = find_placeholder(text)
    if placeholder is not None:
        findings.error(
            PlaceholderLeftError, "An upstream's URL still holds a placeholder", place=place, remedy=_URL_REMEDY
        )
        return None
    scheme = text.partition("://")[0].lower()
    if scheme in _REMEDIES:
        findings.error(
            UnsupportedSettingError,
            f"Upstreams with {scheme}:// are not supported; lampgate speaks plain http to them",
            place=place,
            remedy=_REMEDIES[scheme],
        )
        return None
    try:
        url = parse_url(text)
    except UrlError as problem:
        findings.error(InvalidValueError, f"An upstream's URL {problem}", place=place, remedy=_URL_REMEDY)
        return None
    if url.scheme != "http":
        findings.error(InvalidValueError, "An upstream's URL has an unknown scheme", place=place, remedy=_URL_REMEDY)
        return None
    if url.path not in ("", "/") or url.query or url.fragment:
        findings.error(
            InvalidValueError,
            "An upstream's URL has a path, which oauth2-proxy drops without a word",
            place=place,
            remedy="Remove what follows host and port; requests are passed on with the path they have",
        )
        return None
    return url.origin


def _is_new(written: Written[str] | None, seen: dict[str, Written[str]], sentence: str, draft: Draft) -> bool:
    if written is None:
        return True
    first = seen.setdefault(written.value, written)
    if first is written:
        return True
    draft.findings.error(
        InvalidValueError,
        sentence,
        place=written.place,
        remedy=f"Change one of them; the first is on line {first.place.line}"
        if first.place.line
        else "Change one of them",
    )
    return False

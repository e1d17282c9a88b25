"""The servers behind the gateway."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lampgate.config.errors import InvalidValueError, MissingSettingError
from lampgate.config.oauth2_proxy.conversion.draft import Draft, given
from lampgate.config.oauth2_proxy.conversion.upstream_urls import URL_REMEDY, static_url, upstream_url
from lampgate.config.oauth2_proxy.conversion.urls import UrlError
from lampgate.config.oauth2_proxy.written import Section, Written, WrittenUpstream
from lampgate.config.re2 import PatternError, compile_re2, parse_replacement
from lampgate.config.settings import UpstreamSettings, UpstreamTLSSettings

#: A canonical path: no escapes, no empty segment, no dot segment (RFC 3986 section 3.3).
_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?", re.ASCII)


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
            ("rewrite_target", upstream.rewrite_target),
            ("tls.insecure_skip_verify", upstream.insecure_skip_verify),
            ("pass_host_header", upstream.pass_host_header),
            ("keep_alive", upstream.disable_keep_alives),
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
            optional = given(
                rewrite_target=upstream.rewrite_target,
                pass_host_header=upstream.pass_host_header,
                response_timeout=timeout,
            )
            skip_verify = upstream.insecure_skip_verify is not None and upstream.insecure_skip_verify.value
            upstreams.append(
                UpstreamSettings.model_validate(
                    {
                        **optional,
                        "id": name,
                        "path": path,
                        "url": url,
                        "tls": UpstreamTLSSettings(insecure_skip_verify=skip_verify),
                        "keep_alive": not (upstream.disable_keep_alives and upstream.disable_keep_alives.value),
                    }
                )
            )
            if skip_verify and url.startswith("https:"):
                draft.findings.note(
                    "config.upstream-not-verified",
                    "Any certificate of the upstream is accepted: whoever is on the way to it can take its place and "
                    "gets every person's token",
                    upstream.insecure_skip_verify.place if upstream.insecure_skip_verify else None,
                )
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
    if upstream.rewrite_target is not None:
        return _pattern(upstream.path, upstream.rewrite_target, draft)
    if not path.startswith("/") or not _PATH.fullmatch(path):
        draft.findings.error(
            InvalidValueError,
            "An upstream's path is not a plain path",
            place=upstream.path.place,
            remedy="Start it with /, without escapes, empty or dot segments; end it with / to match all below it",
        )
        return None
    return path


def _pattern(path: Written[str], target: Written[str], draft: Draft) -> str | None:
    """With a rewrite target the path is a regular expression."""
    try:
        pattern = compile_re2(path.value)
    except PatternError as problem:
        draft.findings.error(
            InvalidValueError,
            f"An upstream's path {problem}",
            place=path.place,
            remedy="Beside rewriteTarget it is a regular expression, e.g. ^/app/(.*)$",
        )
        return None
    try:
        parse_replacement(target.value, pattern)
    except PatternError as problem:
        draft.findings.error(
            InvalidValueError,
            f"An upstream's rewrite target {problem}",
            place=target.place,
            remedy="Use $1 for the path's first group, ${name} for one of the form (?P<name>…)",
        )
        return None
    return path.value


def _url(upstream: WrittenUpstream, draft: Draft) -> str | None:
    static, code = upstream.static, upstream.static_code
    if static is None or not static.value:
        if code is not None:
            draft.findings.error(
                InvalidValueError,
                "An upstream has a status code and is not static",
                place=code.place,
                remedy="Add static: true, or remove staticCode",
            )
        _required(upstream.url, "url", upstream, URL_REMEDY, draft)
        return upstream_url(upstream.url, draft) if upstream.url is not None else None
    if upstream.url is not None:
        draft.findings.error(
            InvalidValueError,
            "An upstream is static and has a URL as well",
            place=upstream.url.place,
            remedy="Keep one of the two",
        )
        return None
    try:
        return static_url(str(code.value if code is not None else 200))
    except UrlError as problem:
        draft.findings.error(
            InvalidValueError,
            f"A static upstream {problem}",
            place=code.place if code is not None else static.place,
            remedy="Write e.g. staticCode: 200",
        )
        return None


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

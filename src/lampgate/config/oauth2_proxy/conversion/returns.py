"""Where people return to, and who is never led to a sign-in: ``whitelist-domain`` and ``api-route``."""

from __future__ import annotations

import re

from lampgate.config.errors import InvalidValueError
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.resolution import Options
from lampgate.config.re2 import PatternError, compile_re2
from lampgate.config.settings import RETURN_HOST

_TOO_WIDE = re.compile(r"\*(?::.*)?|\*?\.[^.]+")


def return_hosts(options: Options, draft: Draft) -> tuple[str, ...]:
    """The hosts that are right. One that stands for a whole top-level domain is left out."""
    written = options.written("whitelist-domain", tuple)
    if written is None:
        return ()
    draft.keep("portal.return_hosts", written)
    hosts: list[str] = []
    for text in (text.strip().lower() for text in written.value):
        if not text:
            continue
        if _TOO_WIDE.fullmatch(text):
            draft.findings.note(
                "config.return-host-too-wide",
                "A whitelist-domain that stands for a whole top-level domain would send people to anybody's site, so "
                "it is left out. Name your own domain, e.g. .company.com",
                written.place,
            )
        elif re.fullmatch(RETURN_HOST, text):
            hosts.append(text)
        else:
            draft.findings.error(
                InvalidValueError,
                "whitelist-domain takes host names",
                place=written.place,
                remedy="Write e.g. dash.company.com, .company.com for it and all below it, dash.company.com:8443",
            )
    return tuple(hosts)


def api_routes(options: Options, draft: Draft) -> tuple[str, ...]:
    """The expressions that are right."""
    written = options.written("api-route", tuple)
    if written is None:
        return ()
    draft.keep("portal.api_routes", written)
    routes: list[str] = []
    for text in written.value:
        try:
            compile_re2(text)
        except PatternError as error:
            draft.findings.error(
                InvalidValueError,
                f"An api-route is not usable: its expression {error}",
                place=written.place,
                remedy="Write an expression in Go's syntax, e.g. ^/api/",
            )
        else:
            routes.append(text)
    return tuple(route for route in routes if route)

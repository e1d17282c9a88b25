"""What passes without a session: ``skip-auth-route``, ``skip-auth-preflight``, ``trusted-ip``."""

from __future__ import annotations

import ipaddress

from lampgate.config.errors import InvalidValueError
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.resolution import Options
from lampgate.config.oauth2_proxy.written import Written
from lampgate.config.re2 import PatternError, compile_re2
from lampgate.config.settings import IPNetwork, OpenAccessSettings, OpenRoute, Place


def open_access(options: Options, draft: Draft) -> OpenAccessSettings:
    """The settings, with what is right of the lists."""
    routes: list[OpenRoute] = []
    for flag in ("skip-auth-route", "skip-auth-regex"):
        written = options.written(flag, tuple)
        if written is not None:
            draft.keep("open_access.routes", written)
            parsed = (_route(text, written.place, draft) for text in written.value)
            routes.extend(route for route in parsed if route is not None)
    preflight = options.written("skip-auth-preflight", bool)
    draft.keep("open_access.preflight", preflight)
    trusted = options.written("trusted-ip", tuple)
    draft.keep("open_access.addresses", trusted)
    return OpenAccessSettings(
        routes=tuple(routes),
        preflight=preflight is not None and preflight.value,
        addresses=_addresses(trusted, options, draft),
    )


def _route(text: str, place: Place, draft: Draft) -> OpenRoute | None:
    """``METHOD=EXPRESSION`` or ``METHOD!=EXPRESSION``, the method may be left out, and the sign with it."""
    before, equals, after = text.partition("=")
    negate = equals != "" and before.endswith("!")
    method = before.removesuffix("!") if equals else ""
    pattern = after if equals else text
    try:
        compile_re2(pattern)
    except PatternError as error:
        draft.findings.error(
            InvalidValueError,
            f"A rule about what needs no session is not usable: its expression {error}",
            place=place,
            remedy="Write METHOD=EXPRESSION or EXPRESSION, in Go's syntax, e.g. GET=^/public/",
        )
        return None
    if method and not (method.isascii() and method.isalpha()):
        draft.findings.error(
            InvalidValueError,
            "What stands before the = in a rule about what needs no session is not a method",
            place=place,
            remedy="Write the = of an expression as \\x3D, or a method in front: GET=…",
        )
        return None
    if not pattern.startswith(("^", "\\A")) and not negate:
        draft.findings.note(
            "config.open-route-unanchored",
            "A rule about what needs no session does not start with ^, so it opens every path that holds it anywhere",
            place,
        )
    return OpenRoute(path=pattern, methods=(method.upper(),) if method else (), negate=negate)


def _addresses(written: Written[tuple[str, ...]] | None, options: Options, draft: Draft) -> tuple[IPNetwork, ...]:
    if written is None:
        return ()
    networks: list[IPNetwork] = []
    for text in written.value:
        try:
            network = ipaddress.ip_network(text.strip(), strict=False)
        except ValueError:
            draft.findings.error(
                InvalidValueError,
                "trusted-ip takes addresses and networks",
                place=written.place,
                remedy="Write e.g. 10.0.0.0/8 or 192.0.2.7",
            )
            continue
        if network.prefixlen == 0:
            draft.findings.error(
                InvalidValueError,
                "trusted-ip with a network of all addresses would let everybody in without signing in",
                place=written.place,
                remedy="Write the networks that are meant",
            )
            continue
        networks.append(network)
    reverse_proxy = options.written("reverse-proxy", bool)
    if reverse_proxy is not None and reverse_proxy.value and options.written("trusted-proxy-ip", tuple) is None:
        draft.findings.note(
            "config.trusted-ip-sees-the-proxy",
            "trusted-ip is compared with the address of the proxy in front, since none is listed whose word counts. "
            "oauth2-proxy takes the address from a header that anybody can send. List the proxy in trusted-proxy-ip",
            written.place,
        )
    return tuple(networks)

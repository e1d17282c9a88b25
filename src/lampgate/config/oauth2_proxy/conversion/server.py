"""The gateway itself: its public URL, whose word it takes, its own pages and its logs."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Literal

from lampgate.config.errors import InvalidValueError, PlaceholderLeftError, UnsupportedSettingError
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.conversion.returns import api_routes, return_hosts
from lampgate.config.oauth2_proxy.conversion.urls import Url, UrlError, parse_url
from lampgate.config.oauth2_proxy.placeholders import find_placeholder
from lampgate.config.oauth2_proxy.resolution import Options
from lampgate.config.oauth2_proxy.written import Written
from lampgate.config.settings import IPNetwork, LogSettings, Place, PortalSettings

#: oauth2-proxy's default for ``request-logging-format``.
_DEFAULT_LAYOUT = (
    "{{.Client}} - {{.RequestID}} - {{.Username}} [{{.Timestamp}}] {{.Host}} {{.RequestMethod}} {{.Upstream}} "
    "{{.RequestURI}} {{.Protocol}} {{.UserAgent}} {{.StatusCode}} {{.ResponseSize}} {{.RequestDuration}}"
)
_OWN_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", re.ASCII)


def portal_settings(options: Options, draft: Draft) -> PortalSettings | None:
    """Paths of the gateway's own pages; None where one is wrong."""
    paths: dict[str, str] = {}
    for flag, field in (("proxy-prefix", "prefix"), ("ping-path", "ping_path"), ("ready-path", "ready_path")):
        written = options.written(flag, str)
        path = options.value(flag, str)
        draft.keep(f"portal.{field}", written)
        if field == "prefix":
            path = path.rstrip("/")
        if _OWN_PATH.fullmatch(path):
            paths[field] = path
        elif written is not None:
            draft.findings.error(
                InvalidValueError,
                f"{flag} takes a path below which nothing of the dashboard lies",
                place=written.place,
                remedy=f"Write e.g. {options.default(flag, str)}",
            )
    texts = {flag: _text_of(flag, options, draft) for flag in ("banner", "footer")}
    if len(paths) < 3:
        return None
    if len(set(paths.values())) < 3:
        draft.findings.error(
            InvalidValueError,
            "proxy-prefix, ping-path and ready-path have to differ from each other",
            place=draft.places.get("portal.ready_path") or draft.places.get("portal.ping_path"),
            remedy="Remove those you do not need to change",
        )
        return None
    skip = options.written("skip-provider-button", bool)
    draft.keep("portal.skip_sign_in_page", skip)
    logo_file = _logo_file(options, draft)
    return PortalSettings(
        logo="none" if options.value("custom-sign-in-logo", str) == "-" else "lampgate",
        logo_file=logo_file,
        return_hosts=return_hosts(options, draft),
        api_routes=api_routes(options, draft),
        prefix=paths["prefix"],
        ping_path=paths["ping_path"],
        ready_path=paths["ready_path"],
        skip_sign_in_page=options.value("skip-provider-button", bool),
        banner=texts["banner"],
        footer=texts["footer"],
    )


def _logo_file(options: Options, draft: Draft) -> Path | None:
    """The picture on the pages; ``-`` is oauth2-proxy's way to say that there is none."""
    written = options.written("custom-sign-in-logo", str)
    if written is None or written.value in ("", "-"):
        return None
    draft.keep("portal.logo_file", written)
    if "://" in written.value:
        draft.findings.note(
            "config.no-effect",
            "custom-sign-in-logo has no effect: pages load nothing from elsewhere. Mount the picture, and name it",
            written.place,
        )
        return None
    return Path(written.value)


def _text_of(flag: str, options: Options, draft: Draft) -> str | None:
    """A text on the sign-in page; ``-`` is oauth2-proxy's way to say that there is none."""
    written = options.written(flag, str)
    if written is None or not written.value:
        return None
    draft.keep(f"portal.{flag}", written)
    if "<" in written.value:
        draft.findings.note(
            "config.plain-text", f"{flag} is shown as plain text: its tags will be seen, not followed", written.place
        )
    return "" if written.value == "-" else written.value


def _layout(options: Options, draft: Draft) -> Literal["json", "oauth2-proxy"]:
    """lampgate's own, unless oauth2-proxy's default is asked for by its template; others are Go's."""
    written = options.written("request-logging-format", str)
    draft.keep("log.layout", written)
    if written is None or not written.value:
        return "json"
    if written.value.split() == _DEFAULT_LAYOUT.split():
        return "oauth2-proxy"
    draft.findings.note(
        "config.no-effect",
        "request-logging-format has no effect: it is a template of Go's. Log lines are JSON, or have oauth2-proxy's "
        "default layout where its default template is written",
        written.place,
    )
    return "json"


def log_settings(options: Options, draft: Draft) -> LogSettings:
    """What is logged."""
    draft.keep("log.access", options.written("request-logging", bool))
    draft.keep("log.silent_paths", options.written("exclude-logging-path", tuple))
    draft.keep("log.silence_health", options.written("silence-ping-logging", bool))
    return LogSettings(
        access=options.value("request-logging", bool),
        layout=_layout(options, draft),
        silence_health=options.value("silence-ping-logging", bool),
        silent_paths=options.value("exclude-logging-path", tuple),
    )


def public_url(options: Options, override: str | None, prefix: str, draft: Draft) -> str | None:
    """The origin that people use; None: taken from each request.

    :param override: given on lampgate's own command line.
    """
    redirect = options.written("redirect-url", str)
    url = _redirect_origin(redirect, prefix, draft) if redirect is not None and redirect.value else None
    if override is not None:
        place = Place("command line", 0, "--public-url")
        url = _origin(Written(override, place), "The public URL", draft)
        if url is not None and (url.path not in ("", "/") or url.query or url.fragment):
            draft.findings.error(
                InvalidValueError,
                "The public URL has a path",
                place=place,
                remedy="Write scheme and host only, e.g. https://headlamp.company.com",
            )
            url = None
    _check_cookie_secure(options, url, draft)
    return url.origin if url is not None else None


def _redirect_origin(redirect: Written[str], prefix: str, draft: Draft) -> Url | None:
    draft.keep("public_url", redirect)
    callback = f"{prefix}/callback"
    if redirect.value.startswith("/") and not redirect.value.startswith("//"):
        path, url = redirect.value, None
    else:
        url = _origin(redirect, "redirect-url", draft)
        if url is None:
            return None
        path = url.path + (f"?{url.query}" if url.query else "") + (f"#{url.fragment}" if url.fragment else "")
    if path != callback and not (url is not None and path in ("", "/")):
        draft.findings.error(
            UnsupportedSettingError,
            "redirect-url has another path than the one on which lampgate takes the provider's answer",
            place=redirect.place,
            remedy=f"Let it end in {callback}, here and in the app registration",
        )
        return None
    return url


def _origin(written: Written[str], name: str, draft: Draft) -> Url | None:
    if find_placeholder(written.value) is not None:
        draft.findings.error(
            PlaceholderLeftError,
            f"{name} still holds a placeholder",
            place=written.place,
            remedy="Put the address there under which people open the dashboard",
        )
        return None
    try:
        url = parse_url(written.value)
    except UrlError as problem:
        draft.findings.error(
            InvalidValueError,
            f"{name} {problem}",
            place=written.place,
            remedy="Write e.g. https://headlamp.company.com/oauth2/callback",
        )
        return None
    if url.scheme != "https" and not (url.scheme == "http" and url.is_loopback):
        draft.findings.error(
            InvalidValueError,
            f"{name} is not https, so sessions could be read on the way; plain http is for localhost only",
            place=written.place,
            remedy="Publish the dashboard with https, and write that URL",
        )
        return None
    return url


def _check_cookie_secure(options: Options, url: Url | None, draft: Draft) -> None:
    secure = options.written("cookie-secure", bool)
    if secure is None or secure.value or (url is not None and url.scheme == "http"):
        return
    draft.findings.note(
        "config.cookies-stay-secure",
        "cookie-secure is off, which has no effect: cookies are Secure everywhere but on plain http at localhost. "
        "Elsewhere browsers keep no session over plain http; for a trial set redirect-url to e.g. "
        "http://localhost:4180/oauth2/callback",
        secure.place,
    )


def trusted_proxies(options: Options, draft: Draft) -> tuple[IPNetwork, ...]:
    """Peers whose forwarded headers count. Unlike oauth2-proxy's, an empty list is nobody."""
    reverse_proxy = options.written("reverse-proxy", bool)
    listed = options.written("trusted-proxy-ip", tuple)
    networks = [_network(text.strip(), listed, draft) for text in listed.value] if listed is not None else []
    if reverse_proxy is None or not reverse_proxy.value:
        if networks and listed is not None:
            draft.findings.note(
                "config.trusted-proxies-unused",
                "trusted-proxy-ip has no effect without reverse-proxy; add reverse-proxy to use it",
                listed.place,
            )
        return ()
    if not networks:
        draft.findings.note(
            "config.reverse-proxy-trusts-nobody",
            "reverse-proxy is on, and no proxies are listed. oauth2-proxy would then believe the X-Forwarded headers "
            "of everybody; lampgate believes nobody's, takes the host from the Host header and assumes https. List "
            "the ingress in trusted-proxy-ip, or set redirect-url, if the dashboard's address comes out wrong",
            reverse_proxy.place,
        )
    draft.keep("trusted_proxies", listed)
    return tuple(network for network in networks if network is not None)


def _network(text: str, listed: Written[tuple[str, ...]], draft: Draft) -> IPNetwork | None:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        draft.findings.error(
            InvalidValueError,
            "An entry of trusted-proxy-ip is not an IP address or network",
            place=listed.place,
            remedy="Write e.g. 10.0.0.7 or 10.244.0.0/16, without host bits",
        )
        return None
    if network.prefixlen == 0:
        draft.findings.error(
            InvalidValueError,
            "trusted-proxy-ip names every address there is, so anybody could claim any host",
            place=listed.place,
            remedy="Write the network of the ingress's pods, e.g. 10.244.0.0/16",
        )
        return None
    return network

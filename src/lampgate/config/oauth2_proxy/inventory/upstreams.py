"""Options about upstreams and the headers they are sent."""

from __future__ import annotations

from lampgate.config.oauth2_proxy.options import Kind, Option
from lampgate.config.oauth2_proxy.standing import NoEffect, Works

OPTIONS = (
    Option(
        "flush-interval",
        "flush_interval",
        Kind.DURATION,
        1.0,
        NoEffect("lampgate passes every part of a response on at once"),
        beside_alpha=False,
    ),
    Option(
        "pass-host-header",
        "pass_host_header",
        Kind.BOOLEAN,
        True,
        Works("upstreams.pass_host_header"),
        beside_alpha=False,
    ),
    Option(
        "proxy-websockets",
        "proxy_websockets",
        Kind.BOOLEAN,
        True,
        NoEffect(
            "WebSockets are passed on by the same rules as requests; oauth2-proxy's false does not stop them either"
        ),
        beside_alpha=False,
    ),
    Option(
        "ssl-upstream-insecure-skip-verify",
        "ssl_upstream_insecure_skip_verify",
        Kind.BOOLEAN,
        False,
        Works("upstreams.tls.insecure_skip_verify"),
        beside_alpha=False,
    ),
    Option("upstream", "upstreams", Kind.LIST, (), Works("upstreams"), beside_alpha=False),
    Option(
        "upstream-timeout",
        "upstream_timeout",
        Kind.DURATION,
        30.0,
        Works("upstreams.response_timeout"),
        beside_alpha=False,
    ),
    Option(
        "disable-keep-alives",
        "disable_keep_alives",
        Kind.BOOLEAN,
        False,
        Works("upstreams.keep_alive"),
        beside_alpha=False,
    ),
    Option("pass-basic-auth", "pass_basic_auth", Kind.BOOLEAN, True, Works("inject"), beside_alpha=False),
    Option("pass-access-token", "pass_access_token", Kind.BOOLEAN, False, Works("inject"), beside_alpha=False),
    Option("pass-user-headers", "pass_user_headers", Kind.BOOLEAN, True, Works("inject"), beside_alpha=False),
    Option(
        "pass-authorization-header",
        "pass_authorization_header",
        Kind.BOOLEAN,
        False,
        Works("inject"),
        beside_alpha=False,
    ),
    Option(
        "set-basic-auth",
        "set_basic_auth",
        Kind.BOOLEAN,
        False,
        Works("inject_response"),
        beside_alpha=False,
    ),
    Option("set-xauthrequest", "set_xauthrequest", Kind.BOOLEAN, False, Works("inject_response"), beside_alpha=False),
    Option(
        "set-authorization-header",
        "set_authorization_header",
        Kind.BOOLEAN,
        False,
        Works("inject_response"),
        beside_alpha=False,
    ),
    Option(
        "prefer-email-to-user",
        "prefer_email_to_user",
        Kind.BOOLEAN,
        False,
        Works("inject.values.claim"),
        beside_alpha=False,
    ),
    Option(
        "basic-auth-password",
        "basic_auth_password",
        Kind.STRING,
        "",
        Works("inject.values"),
        beside_alpha=False,
    ),
    Option(
        "skip-auth-strip-headers",
        "skip_auth_strip_headers",
        Kind.BOOLEAN,
        True,
        NoEffect("copies of injected headers that a client sent are always dropped"),
        beside_alpha=False,
    ),
)

"""Options about the server itself: addresses, peers, health checks, TLS, metrics."""

from __future__ import annotations

from lampgate.config.oauth2_proxy.options import Kind, Option
from lampgate.config.oauth2_proxy.standing import NoEffect, Works

_PLAIN_METRICS = NoEffect("metrics are served in plain http, at metrics-address")

OPTIONS = (
    Option("reverse-proxy", "reverse_proxy", Kind.BOOLEAN, False, Works("trusted_proxies")),
    Option(
        "real-client-ip-header",
        "real_client_ip_header",
        Kind.STRING,
        "X-Real-IP",
        NoEffect("lampgate decides nothing by a header that names the client"),
    ),
    Option("trusted-proxy-ip", "trusted_proxy_ips", Kind.LIST, (), Works("trusted_proxies")),
    Option(
        "force-https",
        "force_https",
        Kind.BOOLEAN,
        False,
        NoEffect("whoever terminates TLS redirects; with redirect-url every address that lampgate makes is https"),
    ),
    Option("redirect-url", "redirect_url", Kind.STRING, "", Works("public_url")),
    Option(
        "relative-redirect-url",
        "relative_redirect_url",
        Kind.BOOLEAN,
        False,
        NoEffect("the redirect URI is always absolute, with the request's host where redirect-url is not set"),
    ),
    Option("proxy-prefix", "proxy_prefix", Kind.STRING, "/oauth2", Works("portal.prefix")),
    Option("ping-path", "ping_path", Kind.STRING, "/ping", Works("portal.ping_path")),
    Option(
        "ping-user-agent",
        "ping_user_agent",
        Kind.STRING,
        "",
        NoEffect("the health check is found by its path, see ping-path; anybody can send a User-Agent"),
    ),
    Option("ready-path", "ready_path", Kind.STRING, "/ready", Works("portal.ready_path")),
    Option(
        "gcp-healthchecks",
        "gcp_healthchecks",
        Kind.BOOLEAN,
        False,
        NoEffect("the health check is found by its path, see ping-path; anybody can send a User-Agent"),
    ),
    Option("metrics-address", "metrics_address", Kind.STRING, "", Works("metrics"), beside_alpha=False),
    Option("metrics-secure-address", "metrics_secure_address", Kind.STRING, "", _PLAIN_METRICS, beside_alpha=False),
    Option("metrics-tls-cert-file", "metrics_tls_cert_file", Kind.STRING, "", _PLAIN_METRICS, beside_alpha=False),
    Option("metrics-tls-key-file", "metrics_tls_key_file", Kind.STRING, "", _PLAIN_METRICS, beside_alpha=False),
    Option("http-address", "http_address", Kind.STRING, "127.0.0.1:4180", Works("listen"), beside_alpha=False),
    Option("https-address", "https_address", Kind.STRING, ":443", Works("listen"), beside_alpha=False),
    Option("tls-cert-file", "tls_cert_file", Kind.STRING, "", Works("listen"), beside_alpha=False),
    Option("tls-key-file", "tls_key_file", Kind.STRING, "", Works("listen"), beside_alpha=False),
    Option("tls-min-version", "tls_min_version", Kind.STRING, "", Works("listen"), beside_alpha=False),
    Option("tls-cipher-suite", "tls_cipher_suites", Kind.LIST, (), Works("listen"), beside_alpha=False),
)

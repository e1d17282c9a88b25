"""Options about the server itself: addresses, peers, health checks, TLS, metrics."""

from __future__ import annotations

from lampgate.config.oauth2_proxy.options import Kind, Option
from lampgate.config.oauth2_proxy.standing import NoEffect, Refused, Works

_PLAIN_METRICS = Refused("metrics are served in plain http", "Use metrics-address")

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
        Refused("lampgate redirects no http request to https", "Remove it, and let the ingress redirect"),
    ),
    Option("redirect-url", "redirect_url", Kind.STRING, "", Works("public_url")),
    Option(
        "relative-redirect-url",
        "relative_redirect_url",
        Kind.BOOLEAN,
        False,
        Refused("the redirect URI that Entra compares is always an absolute URL"),
    ),
    Option("proxy-prefix", "proxy_prefix", Kind.STRING, "/oauth2", Works("portal.prefix")),
    Option("ping-path", "ping_path", Kind.STRING, "/ping", Works("portal.ping_path")),
    Option(
        "ping-user-agent",
        "ping_user_agent",
        Kind.STRING,
        "",
        Refused(
            "the health check is found by its path alone; anybody can send a User-Agent",
            "Remove it, and use ping-path",
        ),
    ),
    Option("ready-path", "ready_path", Kind.STRING, "/ready", Works("portal.ready_path")),
    Option(
        "gcp-healthchecks",
        "gcp_healthchecks",
        Kind.BOOLEAN,
        False,
        Refused(
            "the health check is found by its path alone; anybody can send a User-Agent",
            "Remove it, and use ping-path",
        ),
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

"""Options about sessions and cookies."""

from __future__ import annotations

from lampgate.config.oauth2_proxy.options import Kind, Option
from lampgate.config.oauth2_proxy.standing import NoEffect, Works

OPTIONS = (
    Option("session-store-type", "session_store_type", Kind.STRING, "cookie", Works("session.store")),
    Option(
        "session-cookie-minimal",
        "session_cookie_minimal",
        Kind.BOOLEAN,
        False,
        NoEffect("the session carries the tokens that the dashboard needs, in a cookie of at most 4 KB"),
    ),
    Option("redis-connection-url", "redis_connection_url", Kind.STRING, "", Works("session.store.addresses")),
    Option("redis-username", "redis_username", Kind.STRING, "", Works("session.store.username")),
    Option("redis-password", "redis_password", Kind.STRING, "", Works("session.store.password")),
    Option("redis-use-sentinel", "redis_use_sentinel", Kind.BOOLEAN, False, Works("session.store.topology")),
    Option("redis-sentinel-password", "redis_sentinel_password", Kind.STRING, "", Works("session.store.sentinel")),
    Option(
        "redis-sentinel-master-name", "redis_sentinel_master_name", Kind.STRING, "", Works("session.store.sentinel")
    ),
    Option("redis-ca-path", "redis_ca_path", Kind.STRING, "", Works("session.store.tls")),
    Option(
        "redis-insecure-skip-tls-verify",
        "redis_insecure_skip_tls_verify",
        Kind.BOOLEAN,
        False,
        Works("session.store.tls"),
    ),
    Option(
        "redis-sentinel-connection-urls",
        "redis_sentinel_connection_urls",
        Kind.LIST,
        (),
        Works("session.store.addresses"),
    ),
    Option("redis-use-cluster", "redis_use_cluster", Kind.BOOLEAN, False, Works("session.store.topology")),
    Option(
        "redis-cluster-connection-urls",
        "redis_cluster_connection_urls",
        Kind.LIST,
        (),
        Works("session.store.addresses"),
    ),
    Option(
        "redis-connection-idle-timeout",
        "redis_connection_idle_timeout",
        Kind.INTEGER,
        0,
        NoEffect("a connection that the server has closed is replaced by a new one"),
    ),
    Option("cookie-name", "cookie_name", Kind.STRING, "_oauth2_proxy", Works("session.cookie.name")),
    Option("cookie-secret", "cookie_secret", Kind.STRING, "", Works("session.cookie.secret")),
    Option("cookie-secret-file", "cookie_secret_file", Kind.STRING, "", Works("session.cookie.secret")),
    Option("cookie-domain", "cookie_domains", Kind.LIST, (), Works("session.cookie.domain")),
    Option(
        "cookie-path",
        "cookie_path",
        Kind.STRING,
        "/",
        NoEffect("the session holds for the whole host; cookie-name tells several gateways of one host apart"),
    ),
    Option("cookie-expire", "cookie_expire", Kind.DURATION, 168 * 3600.0, Works("session.lifetime")),
    Option("cookie-refresh", "cookie_refresh", Kind.DURATION, 0.0, Works("session.renew_after")),
    Option("cookie-secure", "cookie_secure", Kind.BOOLEAN, True, Works("public_url")),
    Option(
        "cookie-httponly", "cookie_httponly", Kind.BOOLEAN, True, NoEffect("scripts never get to see the session")
    ),
    Option("cookie-samesite", "cookie_samesite", Kind.STRING, "", Works("session.cookie.same_site")),
    Option(
        "cookie-csrf-per-request",
        "cookie_csrf_per_request",
        Kind.BOOLEAN,
        False,
        NoEffect("every sign-in has its own cookie anyway", fits=(True,)),
    ),
    Option(
        "cookie-csrf-per-request-limit",
        "cookie_csrf_per_request_limit",
        Kind.INTEGER,
        0,
        NoEffect("lampgate limits the cookies of unfinished sign-ins by itself"),
    ),
    Option("cookie-csrf-expire", "cookie_csrf_expire", Kind.DURATION, 900.0, Works("session.sign_in_timeout")),
    Option(
        "cookie-csrf-samesite",
        "cookie_csrf_samesite",
        Kind.STRING,
        "",
        NoEffect("the sign-in's cookie is always SameSite=Lax, which the way back from the provider needs"),
    ),
)

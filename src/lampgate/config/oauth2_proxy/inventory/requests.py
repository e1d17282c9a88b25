"""Options about which requests and which people may pass."""

from __future__ import annotations

from lampgate.config.oauth2_proxy.options import Kind, Option
from lampgate.config.oauth2_proxy.standing import NoEffect, Works

OPTIONS = (
    Option("trusted-ip", "trusted_ips", Kind.LIST, (), Works("open_access.addresses")),
    Option("skip-auth-regex", "skip_auth_regex", Kind.LIST, (), Works("open_access.routes")),
    Option("skip-auth-route", "skip_auth_routes", Kind.LIST, (), Works("open_access.routes")),
    Option(
        "api-route",
        "api_routes",
        Kind.LIST,
        (),
        Works("portal.api_routes"),
    ),
    Option("skip-provider-button", "skip_provider_button", Kind.BOOLEAN, False, Works("portal.skip_sign_in_page")),
    Option("skip-auth-preflight", "skip_auth_preflight", Kind.BOOLEAN, False, Works("open_access.preflight")),
    Option("skip-jwt-bearer-tokens", "skip_jwt_bearer_tokens", Kind.BOOLEAN, False, Works("bearer.enabled")),
    Option(
        "bearer-token-login-fallback",
        "bearer_token_login_fallback",
        Kind.BOOLEAN,
        True,
        Works("bearer.fall_back"),
    ),
    Option(
        "force-json-errors",
        "force_json_errors",
        Kind.BOOLEAN,
        False,
        NoEffect("lampgate answers scripts with JSON and people with pages by itself"),
    ),
    Option(
        "encode-state", "encode_state", Kind.BOOLEAN, False, NoEffect("lampgate's state parameter is opaque anyway")
    ),
    Option(
        "allow-query-semicolons",
        "allow_query_semicolons",
        Kind.BOOLEAN,
        False,
        NoEffect("queries are passed on as they are"),
    ),
    Option("extra-jwt-issuers", "extra_jwt_issuers", Kind.LIST, (), Works("bearer.issuers")),
    Option("email-domain", "email_domains", Kind.LIST, (), Works("allow.email_domains")),
    Option(
        "whitelist-domain",
        "whitelist_domains",
        Kind.LIST,
        (),
        Works("portal.return_hosts"),
    ),
    Option(
        "authenticated-emails-file",
        "authenticated_emails_file",
        Kind.STRING,
        "",
        Works("allow.emails_file"),
    ),
    Option("htpasswd-file", "htpasswd_file", Kind.STRING, "", Works("passwords.file")),
    Option("htpasswd-user-group", "htpasswd_user_groups", Kind.LIST, (), Works("passwords.groups")),
    Option(
        "signature-key",
        "signature_key",
        Kind.STRING,
        "",
        NoEffect("requests are not signed; oauth2-proxy has deprecated it, too"),
    ),
    Option("display-htpasswd-form", "display_htpasswd_form", Kind.BOOLEAN, True, Works("passwords.form")),
)

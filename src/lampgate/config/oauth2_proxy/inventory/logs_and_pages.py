"""Options about logs and oauth2-proxy's own pages."""

from __future__ import annotations

from lampgate.config.oauth2_proxy.options import Kind, Option
from lampgate.config.oauth2_proxy.standing import NoEffect, Refused, Works

_ONE_LOG = NoEffect("lampgate writes one log, to standard output")
_ONE_FORMAT = NoEffect("log lines have lampgate's own format")

OPTIONS = (
    Option("auth-logging", "auth_logging", Kind.BOOLEAN, True, _ONE_LOG),
    Option("auth-logging-format", "auth_logging_format", Kind.STRING, "", _ONE_FORMAT),
    Option("standard-logging", "standard_logging", Kind.BOOLEAN, True, _ONE_LOG),
    Option("standard-logging-format", "standard_logging_format", Kind.STRING, "", _ONE_FORMAT),
    Option("request-logging", "request_logging", Kind.BOOLEAN, True, Works("log.access")),
    Option("request-logging-format", "request_logging_format", Kind.STRING, "", Works("log.layout")),
    Option("errors-to-info-log", "errors_to_info_log", Kind.BOOLEAN, False, _ONE_LOG),
    Option(
        "exclude-logging-path",
        "exclude_logging_paths",
        Kind.LIST,
        (),
        Works("log.silent_paths"),
    ),
    Option("logging-local-time", "logging_local_time", Kind.BOOLEAN, True, _ONE_LOG),
    Option("silence-ping-logging", "silence_ping_logging", Kind.BOOLEAN, False, Works("log.silence_health")),
    Option(
        "request-id-header",
        "request_id_header",
        Kind.STRING,
        "X-Request-Id",
        NoEffect("lampgate does not read request ids"),
    ),
    Option(
        "logging-filename",
        "logging_filename",
        Kind.STRING,
        "",
        NoEffect("the log goes to standard output, where the container runtime keeps it"),
    ),
    Option(
        "logging-max-size",
        "logging_max_size",
        Kind.INTEGER,
        100,
        NoEffect("it rotates a log file, and the log goes to standard output"),
    ),
    Option(
        "logging-max-age",
        "logging_max_age",
        Kind.INTEGER,
        7,
        NoEffect("it rotates a log file, and the log goes to standard output"),
    ),
    Option(
        "logging-max-backups",
        "logging_max_backups",
        Kind.INTEGER,
        0,
        NoEffect("it rotates a log file, and the log goes to standard output"),
    ),
    Option(
        "logging-compress",
        "logging_compress",
        Kind.BOOLEAN,
        False,
        NoEffect("it rotates a log file, and the log goes to standard output"),
    ),
    Option("custom-templates-dir", "custom_templates_dir", Kind.STRING, "", Refused("lampgate's pages are its own")),
    Option("custom-sign-in-logo", "custom_sign_in_logo", Kind.STRING, "", Works("portal.logo_file")),
    Option("banner", "banner", Kind.STRING, "", Works("portal.banner")),
    Option("footer", "footer", Kind.STRING, "", Works("portal.footer")),
    Option(
        "show-debug-on-error", "show_debug_on_error", Kind.BOOLEAN, False, NoEffect("lampgate's pages are its own")
    ),
)

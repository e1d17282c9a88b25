"""Every option of oauth2-proxy 7.15, one module for each of its areas."""

from __future__ import annotations

from lampgate.config.oauth2_proxy.inventory import (
    logs_and_pages,
    other_providers,
    process,
    provider,
    requests,
    server,
    sessions,
    upstreams,
)
from lampgate.config.oauth2_proxy.options import ENVIRONMENT_PREFIX, Option

OPTIONS: tuple[Option, ...] = (
    *process.OPTIONS,
    *server.OPTIONS,
    *requests.OPTIONS,
    *sessions.OPTIONS,
    *logs_and_pages.OPTIONS,
    *upstreams.OPTIONS,
    *provider.OPTIONS,
    *other_providers.OPTIONS,
)

BY_FLAG: dict[str, Option] = {option.flag: option for option in OPTIONS}
BY_KEY: dict[str, Option] = {key: option for option in OPTIONS for key in option.keys}
BY_VARIABLE: dict[str, Option] = {f"{ENVIRONMENT_PREFIX}{key.upper()}": option for key, option in BY_KEY.items()}

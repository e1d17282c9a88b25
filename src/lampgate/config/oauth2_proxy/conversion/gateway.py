"""Puts the parts together to `lampgate.config.settings.Settings`."""

from __future__ import annotations

from dataclasses import dataclass

from lampgate.config.errors import MissingSettingError
from lampgate.config.oauth2_proxy.conversion.allow import allow_settings
from lampgate.config.oauth2_proxy.conversion.bearer import bearer_settings
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.conversion.headers import header_injections, note_unused_passwords
from lampgate.config.oauth2_proxy.conversion.listeners import listeners
from lampgate.config.oauth2_proxy.conversion.metrics import metrics_settings
from lampgate.config.oauth2_proxy.conversion.open_access import open_access
from lampgate.config.oauth2_proxy.conversion.passwords import password_settings
from lampgate.config.oauth2_proxy.conversion.provider import provider_settings
from lampgate.config.oauth2_proxy.conversion.server import (
    log_settings,
    portal_settings,
    public_url,
    trusted_proxies,
)
from lampgate.config.oauth2_proxy.conversion.session import session_settings
from lampgate.config.oauth2_proxy.conversion.upstreams import upstream_settings
from lampgate.config.oauth2_proxy.resolution import Options
from lampgate.config.oauth2_proxy.written import WrittenGateway
from lampgate.config.settings import DrainSettings, Listener, Place, PortalSettings, ProviderSettings, Settings


@dataclass(frozen=True, slots=True)
class Overrides:
    """What was given on lampgate's own command line; it goes before every file."""

    listen: tuple[Listener, ...] | None = None
    public_url: str | None = None
    workers: int | None = None
    websocket_grace: float | None = None
    pre_stop_delay: float | None = None


def gateway_settings(
    options: Options,
    written: WrittenGateway | None,
    overrides: Overrides,
    draft: Draft,
    *,
    options_place: Place | None,
) -> Settings | None:
    """The settings; None where a part is missing or wrong, which has been reported.

    :param written: what is said about provider, upstreams and headers; None where that could not be read.
    :param options_place: where missing options belong; None where what may hold them could not be read.
    """
    session = session_settings(options, draft)
    portal = portal_settings(options, draft)
    url = public_url(options, overrides.public_url, portal.prefix if portal else PortalSettings().prefix, draft)
    proxies = trusted_proxies(options, draft)
    log = log_settings(options, draft)
    opened = open_access(options, draft)
    bearer = bearer_settings(options, draft)
    passwords = password_settings(options, draft)
    if written is None:
        return None
    provider = _provider(written, draft)
    upstreams = upstream_settings(written.upstreams, written.section, draft)
    further = _further_claims(written)
    note_unused_passwords(options, draft)
    headers = header_injections(written.headers, draft, "inject", further)
    response_headers = header_injections(written.response_headers, draft, "inject_response", further)
    allow = allow_settings(options, written.provider, options_place, draft)
    metrics = metrics_settings(written.metrics, draft)
    listen = listeners(written.listeners, overrides.listen, draft)
    if session is None or portal is None or provider is None or allow is None or listen is None or not upstreams:
        return None
    return Settings(
        public_url=url,
        listen=listen,
        provider=provider,
        session=session,
        allow=allow,
        upstreams=upstreams,
        inject=headers,
        inject_response=response_headers,
        open_access=opened,
        bearer=bearer,
        passwords=passwords,
        portal=portal,
        trusted_proxies=proxies,
        metrics=metrics,
        log=log,
        workers=overrides.workers if overrides.workers is not None else 1,
        drain=_drain(overrides),
    )


def _drain(overrides: Overrides) -> DrainSettings:
    given = {"websocket_grace": overrides.websocket_grace, "pre_stop_delay": overrides.pre_stop_delay}
    return DrainSettings.model_validate({name: value for name, value in given.items() if value is not None})


def _further_claims(written: WrittenGateway) -> dict[str, str]:
    claims = written.provider.additional_claims if written.provider is not None else None
    return {name: f"claim:{name}" for name in claims.value if name} if claims is not None else {}


def _provider(written: WrittenGateway, draft: Draft) -> ProviderSettings | None:
    if written.provider is None:
        draft.findings.error(
            MissingSettingError,
            "There is no provider, so nobody could sign in",
            place=written.section.place_of("providers"),
            remedy="Add one with id, provider: oidc, clientID and oidcConfig.issuerURL",
        )
        return None
    return provider_settings(written.provider, draft)

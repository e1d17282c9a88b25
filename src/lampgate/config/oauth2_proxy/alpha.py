"""Reads oauth2-proxy's alpha configuration into its common form (`written`).

Both forms of header values are taken: ``claim`` directly below ``values`` (up to oauth2-proxy 7.13) and below
``claimSource`` (since 7.14).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lampgate.config.errors import InvalidValueError, MissingSettingError, UnsupportedSettingError
from lampgate.config.findings import Findings
from lampgate.config.nodes import Mapping
from lampgate.config.oauth2_proxy import alpha_keys
from lampgate.config.oauth2_proxy.alpha_sections import AlphaSection
from lampgate.config.oauth2_proxy.written import (
    Section,
    Written,
    WrittenEndpoints,
    WrittenGateway,
    WrittenHeader,
    WrittenHeaderValue,
    WrittenListeners,
    WrittenParameter,
    WrittenProvider,
    WrittenSecret,
    WrittenTls,
    WrittenUpstream,
)

_TOP_KEYS = {"providers": "providers", "upstreams": "upstreamConfig.upstreams"}
_PROVIDER_KEYS = {
    "kind": "provider",
    "client_id": "clientID",
    "client_secret": "clientSecret",
    "issuer_url": "oidcConfig.issuerURL",
    "scope": "scope",
}
_SECRET_KEYS = ("value", "fromEnv", "fromFile")
#: Of an old Google API; oauth2-proxy's own defaults have it.
_GOOGLES = ("approval_prompt",)
_UPSTREAM_KEYS = {"id": "id", "path": "path", "url": "uri"}


def read_alpha(document: Mapping, findings: Findings) -> WrittenGateway:
    """What the document says. Environment variables have been put in before."""
    top = AlphaSection(document, alpha_keys.TOP, findings)
    server = top.section("server", alpha_keys.SERVER)
    metrics = top.section("metricsServer", alpha_keys.METRICS_SERVER)
    return WrittenGateway(
        section=Section(top.place, _TOP_KEYS),
        provider=_provider(top, findings),
        upstreams=_upstreams(top),
        headers=tuple(
            _header(section, findings) for section in top.sections("injectRequestHeaders", alpha_keys.HEADER)
        ),
        response_headers=tuple(
            _header(section, findings) for section in top.sections("injectResponseHeaders", alpha_keys.HEADER)
        ),
        listeners=_listeners(server, findings) if server is not None else WrittenListeners(),
        metrics=metrics.text("bindAddress") if metrics is not None else None,
    )


def _listeners(server: AlphaSection, findings: Findings) -> WrittenListeners:
    tls = server.section("tls", alpha_keys.TLS)
    written = None
    if tls is not None:
        written = WrittenTls(
            at=Written(None, tls.place),
            certificate_file=_file(tls, "cert", findings),
            key_file=_file(tls, "key", findings),
            min_version=tls.text("minVersion"),
            cipher_suites=tls.texts("cipherSuites"),
        )
    return WrittenListeners(plain=server.text("bindAddress"), secure=server.text("secureBindAddress"), tls=written)


def _file(tls: AlphaSection, name: str, findings: Findings) -> Written[str] | None:
    source = tls.section(name, alpha_keys.TLS_SOURCE)
    if source is None:
        return None
    path = source.text("fromFile")
    if path is None and not source.has("value") and not source.has("fromEnv"):
        findings.error(
            MissingSettingError,
            f"{name} names no file",
            place=tls.place_of(name),
            remedy="Add fromFile with the path",
        )
    return path


def _provider(top: AlphaSection, findings: Findings) -> WrittenProvider | None:
    sections = list(top.sections("providers", alpha_keys.PROVIDER))
    for section in sections[1:]:
        findings.error(
            UnsupportedSettingError,
            "A second provider is not supported; oauth2-proxy ignores it without a word",
            place=section.place,
            remedy="Keep one provider",
        )
    if not sections:
        return None
    section = sections[0]
    written = WrittenProvider(
        section=Section(section.place, _PROVIDER_KEYS),
        id=section.text("id"),
        kind=section.text("provider"),
        display_name=section.text("name"),
        client_id=section.text("clientID"),
        client_secret=section.text("clientSecret"),
        client_secret_file=section.text("clientSecretFile"),
        scope=section.text("scope"),
        code_challenge_method=section.text("code_challenge_method"),
        ca_files=section.texts("caFiles"),
        login_parameters=tuple(_login_parameters(section, findings)),
        allowed_groups=section.texts("allowedGroups"),
        additional_claims=section.texts("additionalClaims"),
        system_authorities=section.flag("useSystemTrustStore"),
        backend_logout_url=section.text("backendLogoutURL"),
    )
    oidc = section.section("oidcConfig", alpha_keys.OIDC)
    if oidc is not None:
        written = replace(
            written,
            issuer_url=oidc.text("issuerURL"),
            allow_unverified_email=oidc.flag("insecureAllowUnverifiedEmail"),
            email_claim=oidc.text("emailClaim") or oidc.text("userIDClaim"),
            groups_claim=oidc.text("groupsClaim"),
            audience_claims=oidc.texts("audienceClaims"),
            extra_audiences=oidc.texts("extraAudiences"),
            signing_algorithms=oidc.texts("enabledSigningAlgs"),
            endpoints=_endpoints(section, oidc),
        )
    entra = section.section("microsoftEntraIDConfig", alpha_keys.ENTRA)
    if entra is not None:
        written = replace(
            written,
            federated_token=entra.flag("federatedTokenAuth"),
            allowed_tenants=entra.texts("allowedTenants"),
        )
    return written


def _endpoints(provider: AlphaSection, oidc: AlphaSection) -> WrittenEndpoints | None:
    skip = oidc.flag("skipDiscovery")
    if skip is None:
        return None
    return WrittenEndpoints(skip, provider.text("loginURL"), provider.text("redeemURL"), oidc.text("jwksURL"))


def _login_parameters(provider: AlphaSection, findings: Findings) -> Iterator[WrittenParameter]:
    for section in provider.sections("loginURLParameters", alpha_keys.LOGIN_PARAMETER):
        name, values = section.text("name"), section.texts("default")
        if name is None:
            findings.error(
                MissingSettingError,
                "A parameter has no name",
                place=section.place,
                remedy="Add name, e.g. prompt, or remove it",
            )
        elif values is not None and len(values.value) > 1:
            findings.error(
                UnsupportedSettingError,
                "A parameter of the sign-in request can have one value",
                place=values.place,
                remedy="Keep one",
            )
        elif values is not None and values.value and name.value not in _GOOGLES:
            yield WrittenParameter(name.value, Written(values.value[0], values.place))


def _upstreams(top: AlphaSection) -> tuple[WrittenUpstream, ...]:
    config = top.section("upstreamConfig", alpha_keys.UPSTREAM_CONFIG)
    if config is None:
        return ()
    return tuple(
        WrittenUpstream(
            section=Section(section.place, _UPSTREAM_KEYS),
            id=section.text("id"),
            path=section.text("path"),
            url=section.text("uri"),
            rewrite_target=section.text("rewriteTarget"),
            static=section.flag("static"),
            static_code=section.integer("staticCode"),
            insecure_skip_verify=section.flag("insecureSkipTLSVerify"),
            disable_keep_alives=section.flag("disableKeepAlives"),
            pass_host_header=section.flag("passHostHeader"),
            response_timeout=section.seconds("timeout"),
        )
        for section in config.sections("upstreams", alpha_keys.UPSTREAM)
    )


def _header(section: AlphaSection, findings: Findings) -> WrittenHeader:
    name = section.text("name")
    if name is None:
        findings.error(
            MissingSettingError, "A header has no name", place=section.place, remedy="Add name, e.g. Authorization"
        )
    sources = list(section.sections("values", alpha_keys.HEADER_VALUE))
    if not sources:
        findings.error(
            MissingSettingError,
            "A header has no values",
            place=section.place_of("values"),
            remedy="Add values, e.g. claimSource with claim: access_token",
        )
    values = [_header_value(source, findings) for source in sources]
    return WrittenHeader(name, tuple(value for value in values if value is not None), section.place)


def _header_value(section: AlphaSection, findings: Findings) -> WrittenHeaderValue | None:
    nested = section.section("claimSource", alpha_keys.CLAIM_SOURCE)
    claim, prefix = section.text("claim"), section.text("prefix")
    password = _secret_source(section, "basicAuthPassword", findings, is_base64=True)
    if nested is not None:
        if claim is not None or prefix is not None:
            findings.error(
                InvalidValueError,
                "A header value is written in the old form and in the new one at once",
                place=section.place,
                remedy="Keep claimSource, and put claim and prefix below it",
            )
        claim, prefix = nested.text("claim"), nested.text("prefix")
        password = _secret_source(nested, "basicAuthPassword", findings, is_base64=False) or password
    secret = _secret_source(section, "secretSource", findings, is_base64=False)
    if any(section.has(name) for name in _SECRET_KEYS):
        secret = _secret(section, findings, is_base64=True) or secret
    if claim is not None and secret is None:
        return WrittenHeaderValue(claim, prefix, password)
    if secret is not None and claim is None:
        return WrittenHeaderValue(secret=secret)
    if claim is not None:
        findings.error(
            InvalidValueError,
            "A header value has a claim and a secret, and one of them counts",
            place=section.place,
            remedy="Make two values of it, or remove one",
        )
    elif not section.has("secretSource") and not any(section.has(name) for name in _SECRET_KEYS):
        findings.error(
            MissingSettingError,
            "A header value names no claim",
            place=section.place,
            remedy="Add claim, e.g. claim: access_token",
        )
    return None


def _secret_source(section: AlphaSection, name: str, findings: Findings, *, is_base64: bool) -> WrittenSecret | None:
    source = section.section(name, alpha_keys.SECRET_SOURCE)
    return _secret(source, findings, is_base64=is_base64) if source is not None else None


def _secret(section: AlphaSection, findings: Findings, *, is_base64: bool) -> WrittenSecret | None:
    """The secret that one of three keys gives; ``value`` was base64 as long as header values had their old form."""
    given = [(key, written) for key in _SECRET_KEYS if (written := section.text(key)) is not None]
    if len(given) != 1:
        findings.error(
            InvalidValueError if given else MissingSettingError,
            "A secret comes from exactly one of value, fromEnv and fromFile",
            place=section.place,
            remedy="Keep one of them, best fromEnv or fromFile" if given else "Add fromEnv or fromFile",
        )
        return None
    ((key, written),) = given
    if key == "value":
        return WrittenSecret("base64" if is_base64 else "value", written)
    return WrittenSecret("env" if key == "fromEnv" else "file", written)

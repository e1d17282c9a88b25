"""Brings oauth2-proxy's older options about provider, upstreams and headers into the common form (`written`).

Used where there is no alpha configuration; what oauth2-proxy does by default is done here as well.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from lampgate.config.oauth2_proxy.resolution import Options
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
from lampgate.config.settings import Place

_TOP_KEYS = {"providers": "provider", "upstreams": "upstreams"}
_PROVIDER_KEYS = {
    "kind": "provider",
    "client_id": "client_id",
    "client_secret": "client_secret",
    "issuer_url": "oidc_issuer_url",
    "scope": "scope",
}
_UPSTREAM_KEYS = {"id": "upstreams", "path": "upstreams", "url": "upstreams"}

#: What ``pass-user-headers`` sends (oauth2-proxy, legacy_options.go).
_USER_HEADERS = (
    ("X-Forwarded-Groups", "groups"),
    ("X-Forwarded-User", "user"),
    ("X-Forwarded-Email", "email"),
    ("X-Forwarded-Preferred-Username", "preferred_username"),
)

#: The same with ``prefer-email-to-user``.
_EMAIL_HEADERS = (
    ("X-Forwarded-Groups", "groups"),
    ("X-Forwarded-User", "email"),
    ("X-Forwarded-Preferred-Username", "preferred_username"),
)

#: What ``set-xauthrequest`` adds to answers.
_RESPONSE_HEADERS = (
    ("X-Auth-Request-User", "user"),
    ("X-Auth-Request-Email", "email"),
    ("X-Auth-Request-Preferred-Username", "preferred_username"),
    ("X-Auth-Request-Groups", "groups"),
)


def legacy_gateway(options: Options, place: Place) -> WrittenGateway:
    """What the options say about provider, upstreams and headers.

    :param place: of the configuration as a whole, where missing settings belong.
    """
    return WrittenGateway(
        section=Section(place, _TOP_KEYS),
        provider=_provider(options, place),
        upstreams=_upstreams(options),
        headers=_headers(options, place),
        response_headers=_response_headers(options),
        listeners=_listeners(options),
        metrics=_text(options, "metrics-address"),
    )


def _listeners(options: Options) -> WrittenListeners:
    """Either plain http or TLS: with a certificate oauth2-proxy gives the plain address up."""
    certificate, key = _text(options, "tls-cert-file"), _text(options, "tls-key-file")
    at = certificate or key
    if at is None:
        return WrittenListeners(plain=options.written("http-address", str))
    secure = options.written("https-address", str)
    return WrittenListeners(
        secure=secure if secure is not None else Written(options.default("https-address", str), at.place),
        tls=WrittenTls(
            at=at,
            certificate_file=certificate,
            key_file=key,
            min_version=_text(options, "tls-min-version"),
            cipher_suites=_texts(options, "tls-cipher-suite"),
        ),
    )


def _provider(options: Options, place: Place) -> WrittenProvider:
    return WrittenProvider(
        section=Section(place, _PROVIDER_KEYS),
        kind=_text(options, "provider"),
        display_name=_text(options, "provider-display-name"),
        client_id=_text(options, "client-id"),
        client_secret=_text(options, "client-secret"),
        client_secret_file=_text(options, "client-secret-file"),
        federated_token=options.written("entra-id-federated-token-auth", bool),
        issuer_url=_text(options, "oidc-issuer-url"),
        scope=_text(options, "scope"),
        code_challenge_method=_text(options, "code-challenge-method"),
        email_claim=_text(options, "oidc-email-claim") or _text(options, "user-id-claim"),
        login_parameters=tuple(
            WrittenParameter(name, value)
            for name, flag in (("prompt", "prompt"), ("acr_values", "acr-values"))
            if (value := _text(options, flag)) is not None and value.value
        ),
        groups_claim=_text(options, "oidc-groups-claim"),
        audience_claims=_texts(options, "oidc-audience-claim"),
        extra_audiences=_texts(options, "oidc-extra-audience"),
        allow_unverified_email=options.written("insecure-oidc-allow-unverified-email", bool),
        ca_files=_texts(options, "provider-ca-file"),
        allowed_groups=_texts(options, "allowed-group"),
        allowed_roles=_texts(options, "allowed-role"),
        allowed_tenants=_texts(options, "entra-id-allowed-tenant"),
        system_authorities=options.written("use-system-trust-store", bool),
        signing_algorithms=_texts(options, "oidc-enabled-signing-alg"),
        backend_logout_url=_text(options, "backend-logout-url"),
        endpoints=_endpoints(options),
    )


def _endpoints(options: Options) -> WrittenEndpoints | None:
    skip = options.written("skip-oidc-discovery", bool)
    if skip is None:
        return None
    return WrittenEndpoints(
        skip, _text(options, "login-url"), _text(options, "redeem-url"), _text(options, "oidc-jwks-url")
    )


def _upstreams(options: Options) -> tuple[WrittenUpstream, ...]:
    written = options.written("upstream", tuple)
    if written is None:
        return ()
    pass_host_header = options.written("pass-host-header", bool)
    timeout = options.written("upstream-timeout", float)
    place = written.place
    upstreams = []
    for url in written.value:
        route = _route(url)
        upstreams.append(
            WrittenUpstream(
                section=Section(place, _UPSTREAM_KEYS),
                id=Written(route.id, place),
                path=Written(route.path, place),
                url=Written(route.url, place),
                insecure_skip_verify=options.written("ssl-upstream-insecure-skip-verify", bool),
                pass_host_header=pass_host_header,
                disable_keep_alives=options.written("disable-keep-alives", bool),
                response_timeout=timeout,
            )
        )
    return tuple(upstreams)


class _Route(NamedTuple):
    id: str
    path: str
    url: str


def _route(url: str) -> _Route:
    """An older upstream's URL says by its path (a file's by its fragment) which requests are for it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return _Route("/", "/", url)
    path = parts.path or "/"
    match parts.scheme:
        case "http" | "https":
            return _Route(path, path, parts._replace(path="").geturl())
        case "file":
            path = parts.fragment or path
            return _Route(path, path, url.partition("#")[0])
        case "unix":
            return _Route(path, "/", url)
        case "static":
            return _Route(url, "/", url)
        case _:
            return _Route("/", "/", url)


def _headers(options: Options, place: Place) -> tuple[WrittenHeader, ...]:
    headers: list[WrittenHeader] = []
    password = _text(options, "basic-auth-password")
    if options.value("pass-basic-auth", bool) and password is not None:
        headers.append(_basic(options, password, password.place))
    # Two options for one thing: the user's headers go out unless both are off.
    passing = options.written("pass-user-headers", bool) or options.written("pass-basic-auth", bool)
    if options.value("pass-basic-auth", bool) or options.value("pass-user-headers", bool):
        at = passing.place if passing is not None else Place(place.file, 0, f"{place.key}pass_user_headers")
        names = _USER_HEADERS if not options.value("prefer-email-to-user", bool) else _EMAIL_HEADERS
        headers.extend(_header(name, claim, "", at) for name, claim in names)
    access_token = options.written("pass-access-token", bool)
    if access_token is not None and access_token.value:
        headers.append(_header("X-Forwarded-Access-Token", "access_token", "", access_token.place))
    authorization = options.written("pass-authorization-header", bool)
    if authorization is not None and authorization.value:
        headers.append(_header("Authorization", "id_token", "Bearer ", authorization.place))
    return tuple(headers)


def _response_headers(options: Options) -> tuple[WrittenHeader, ...]:
    headers: list[WrittenHeader] = []
    basic = options.written("set-basic-auth", bool)
    password = _text(options, "basic-auth-password")
    if basic is not None and basic.value and password is not None:
        headers.append(_basic(options, password, basic.place))
    users = options.written("set-xauthrequest", bool)
    if users is not None and users.value:
        headers.extend(_header(name, claim, "", users.place) for name, claim in _RESPONSE_HEADERS)
        access_token = options.written("pass-access-token", bool)
        if access_token is not None and access_token.value:
            headers.append(_header("X-Auth-Request-Access-Token", "access_token", "", access_token.place))
    authorization = options.written("set-authorization-header", bool)
    if authorization is not None and authorization.value:
        headers.append(_header("Authorization", "id_token", "Bearer ", authorization.place))
    return tuple(headers)


def _basic(options: Options, password: Written[str], place: Place) -> WrittenHeader:
    """The person, with a password that all share: the upstream trusts whoever knows it."""
    claim = "email" if options.value("prefer-email-to-user", bool) else "user"
    value = WrittenHeaderValue(Written(claim, place), basic_password=WrittenSecret("value", password))
    return WrittenHeader(Written("Authorization", place), (value,), place)


def _header(name: str, claim: str, prefix: str, place: Place) -> WrittenHeader:
    value = WrittenHeaderValue(Written(claim, place), Written(prefix, place))
    return WrittenHeader(Written(name, place), (value,), place)


def _text(options: Options, flag: str) -> Written[str] | None:
    written = options.written(flag, str)
    return written if written is not None and written.value else None


def _texts(options: Options, flag: str) -> Written[tuple[str, ...]] | None:
    written = options.written(flag, tuple)
    return written if written is not None and written.value else None

"""Every key of oauth2-proxy's alpha configuration (7.15, and the flat header form up to 7.13), as data."""

from __future__ import annotations

from dataclasses import dataclass

from lampgate.config.oauth2_proxy.standing import NoEffect, Refused, Standing, Works


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a mapping.

    :ivar default: oauth2-proxy's; given explicitly, nothing has to be said about it.
    """

    name: str
    standing: Standing
    default: object = None


_OTHER_PROVIDER = Refused(
    "lampgate signs people in with OpenID Connect only", "Remove it, and use provider oidc or entra-id"
)
_DISCOVERED = NoEffect("it comes from the discovery document, in oauth2-proxy too")
_TLS_FILES = Refused(
    "certificates and keys are read from files, and read anew when these change",
    "Mount the secret, and write fromFile with the path",
)

TOP = (
    Key("upstreamConfig", Works("upstreams")),
    Key("injectRequestHeaders", Works("inject")),
    Key("injectResponseHeaders", Works("inject_response")),
    Key("server", Works("listen")),
    Key("metricsServer", Works("metrics")),
    Key("providers", Works("provider")),
)

_PLAIN_METRICS = NoEffect("metrics are served in plain http, at bindAddress")

LOGIN_PARAMETER = (
    Key("name", Works("provider.login_parameters")),
    Key("default", Works("provider.login_parameters")),
    Key("allow", NoEffect("parameters of the start address are not passed on, but for prompt")),
)

METRICS_SERVER = (
    Key("bindAddress", Works("metrics")),
    Key("secureBindAddress", _PLAIN_METRICS),
    Key("tls", _PLAIN_METRICS),
)

SERVER = (
    Key("bindAddress", Works("listen")),
    Key("secureBindAddress", Works("listen")),
    Key("tls", Works("listen")),
)

TLS = (
    Key("key", Works("listen")),
    Key("cert", Works("listen")),
    Key("minVersion", Works("listen")),
    Key("cipherSuites", Works("listen")),
)

TLS_SOURCE = (
    Key("value", _TLS_FILES),
    Key("fromEnv", _TLS_FILES),
    Key("fromFile", Works("listen")),
)

UPSTREAM_CONFIG = (
    Key(
        "proxyRawPath",
        Refused(
            "an encoded slash means different things to different servers, so requests with one are refused",
            "Remove it; the bytes of every other path are passed on as they came",
        ),
        False,
    ),
    Key("upstreams", Works("upstreams")),
)

UPSTREAM = (
    Key("id", Works("upstreams.id")),
    Key("path", Works("upstreams.path")),
    Key("rewriteTarget", Works("upstreams.rewrite_target")),
    Key("uri", Works("upstreams.url")),
    Key("insecureSkipTLSVerify", Works("upstreams.tls.insecure_skip_verify")),
    Key("static", Works("upstreams.url")),
    Key("staticCode", Works("upstreams.url")),
    Key("flushInterval", NoEffect("lampgate passes every part of a response on at once"), "1s"),
    Key("passHostHeader", Works("upstreams.pass_host_header")),
    Key(
        "proxyWebSockets",
        NoEffect(
            "WebSockets are passed on by the same rules as requests; oauth2-proxy's false does not stop them either"
        ),
        True,
    ),
    Key("timeout", Works("upstreams.response_timeout")),
    Key("disableKeepAlives", Works("upstreams.keep_alive")),
)

HEADER = (
    Key("name", Works("inject.name")),
    Key(
        "preserveRequestValue",
        NoEffect("copies of injected headers that a client sent are always dropped"),
        False,
    ),
    Key(
        "InsecureSkipHeaderNormalization",
        NoEffect("a client's copies are dropped in every spelling"),
        False,
    ),
    Key("values", Works("inject.values")),
)

#: ``claim`` and ``prefix`` directly below ``values``: the form up to oauth2-proxy 7.13.
HEADER_VALUE = (
    Key("claimSource", Works("inject.values")),
    Key("secretSource", Works("inject.values")),
    Key("claim", Works("inject.values.claim")),
    Key("prefix", Works("inject.values.prefix")),
    Key("basicAuthPassword", Works("inject.values")),
    Key("value", Works("inject.values")),
    Key("fromEnv", Works("inject.values")),
    Key("fromFile", Works("inject.values")),
)

SECRET_SOURCE = (
    Key("value", Works("inject.values.secret")),
    Key("fromEnv", Works("inject.values.secret")),
    Key("fromFile", Works("inject.values.secret")),
)

CLAIM_SOURCE = (
    Key("claim", Works("inject.values.claim")),
    Key("prefix", Works("inject.values.prefix")),
    Key("basicAuthPassword", Works("inject.values")),
)

PROVIDER = (
    Key("id", Works("provider.id")),
    Key("provider", Works("provider.kind")),
    Key("name", Works("provider.display_name")),
    Key("clientID", Works("provider.client_id")),
    Key("clientSecret", Works("provider.client_authentication")),
    Key("clientSecretFile", Works("provider.client_authentication")),
    Key("caFiles", Works("provider.ca_files")),
    Key("useSystemTrustStore", Works("provider.system_authorities")),
    Key("loginURL", Works("provider.endpoints")),
    Key("redeemURL", Works("provider.endpoints")),
    Key("profileURL", _DISCOVERED),
    Key("validateURL", _DISCOVERED),
    Key(
        "resource",
        NoEffect("it is for other providers; with OpenID Connect the resource is named by the scope"),
    ),
    Key("scope", Works("provider.scopes")),
    Key("allowedGroups", Works("allow.groups")),
    Key("code_challenge_method", Works("provider")),
    Key(
        "authRequestResponseMode",
        NoEffect("the provider always answers in the query of the callback", fits=("", "query")),
    ),
    Key(
        "skipClaimsFromProfileURL",
        NoEffect("lampgate never asks the profile URL: all claims come from the ID token"),
        False,
    ),
    Key("additionalClaims", Works("inject.values.claim")),
    Key("backendLogoutURL", Works("provider.backend_logout_url")),
    Key("loginURLParameters", Works("provider.login_parameters")),
    Key("oidcConfig", Works("provider")),
    Key("microsoftEntraIDConfig", Works("provider")),
    Key(
        "azureConfig",
        Refused(
            "oauth2-proxy's azure provider is deprecated and cannot fetch tokens for AKS",
            "Remove it, and use provider entra-id or oidc",
        ),
    ),
    Key("ADFSConfig", _OTHER_PROVIDER),
    Key("keycloakConfig", _OTHER_PROVIDER),
    Key("bitbucketConfig", _OTHER_PROVIDER),
    Key("githubConfig", _OTHER_PROVIDER),
    Key("gitlabConfig", _OTHER_PROVIDER),
    Key("googleConfig", _OTHER_PROVIDER),
    Key("loginGovConfig", _OTHER_PROVIDER),
)

ENTRA = (
    Key("allowedTenants", Works("allow.tenants")),
    Key("federatedTokenAuth", Works("provider.client_authentication")),
)

OIDC = (
    Key("issuerURL", Works("provider.issuer_url")),
    Key("insecureAllowUnverifiedEmail", Works("provider.allow_unverified_email")),
    Key(
        "insecureSkipIssuerVerification",
        NoEffect("the issuer is always checked; that of Entra's common authorities with each token's own tenant"),
        False,
    ),
    Key("insecureSkipNonce", NoEffect("the nonce is always sent and checked", fits=(False,))),
    Key("skipDiscovery", Works("provider.endpoints")),
    Key("jwksURL", Works("provider.endpoints")),
    Key("publicKeyFiles", NoEffect("keys always come from where the provider publishes them")),
    Key("emailClaim", Works("provider.email_claim")),
    Key("groupsClaim", Works("provider.groups_claim")),
    Key("userIDClaim", Works("provider.email_claim")),
    Key("audienceClaims", Works("provider.audience_claims")),
    Key("extraAudiences", Works("provider.extra_audiences")),
    Key("enabledSigningAlgs", Works("provider.signing_algorithms")),
)

"""The one settings model. Every dialect is turned into it; nothing else in lampgate reads configuration.

Field names are lampgate's own and follow the field's standard terms. Times are seconds. The model holds values
only: where each came from is in `LoadedSettings.places`, so that an error met later (an issuer that does not
answer) can still name the file and the key.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretBytes, SecretStr, field_validator, model_validator

from lampgate.config import entra_authority
from lampgate.config.client_credentials import ClientAuthentication as ClientAuthentication
from lampgate.config.client_credentials import ClientCertificate as ClientCertificate
from lampgate.config.client_credentials import ClientSecret as ClientSecret
from lampgate.config.client_credentials import ClientSecretFile as ClientSecretFile
from lampgate.config.client_credentials import FederatedToken as FederatedToken
from lampgate.config.client_credentials import ManagedIdentity as ManagedIdentity
from lampgate.config.client_credentials import PublicClient as PublicClient
from lampgate.config.entra_authority import Cloud
from lampgate.config.re2 import compile_re2, parse_replacement

Seconds = Annotated[float, Field(ge=0)]
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

#: The cipher suites of TLS 1.2 that are offered: forward secrecy and authenticated encryption (RFC 9325 section 4.2).
CipherSuite = Literal[
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TlsSettings(_Frozen):
    """TLS on a listener (RFC 9325): the certificate, read anew when its files change, and what is negotiated."""

    #: PEM: the server's certificate first, then the intermediate ones.
    certificate_file: Path
    #: PEM, without a passphrase.
    key_file: Path
    min_version: Literal["1.2", "1.3"] = "1.2"
    #: Of TLS 1.2, by their IANA names; empty: all of `CipherSuite`. Those of TLS 1.3 are always on.
    cipher_suites: tuple[CipherSuite, ...] = ()
    #: Offer HTTP/2 to browsers; their WebSockets stay on HTTP/1.1.
    http2: bool = True
    #: From the connection to the end of the handshake.
    handshake_timeout: Annotated[float, Field(gt=0)] = 10.0


class _Listener(_Frozen):
    #: None: plain http.
    tls: TlsSettings | None = None
    #: Peers that begin each connection with a PROXY header, and whose word on the client's address counts; ``unix``
    #: is whoever connects to a local socket. Where anybody is listed, everybody else is refused.
    proxy_protocol_from: tuple[IPNetwork | Literal["unix"], ...] = ()


class ListenAddress(_Listener):
    """Where to accept connections: a TCP address."""

    kind: Literal["tcp"] = "tcp"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 4180

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class UnixSocket(_Listener):
    """A local socket, for a server in front on the same machine or in the same pod."""

    kind: Literal["unix"] = "unix"
    path: Path
    #: Permissions of the socket: who may write to it may connect.
    mode: Annotated[int, Field(ge=0, le=0o777)] = 0o660

    def __str__(self) -> str:
        return f"unix://{self.path}"


class InheritedSocket(_Listener):
    """A socket that is open already, as systemd passes it (sd_listen_fds(3)). 3 is the first."""

    kind: Literal["fd"] = "fd"
    descriptor: Annotated[int, Field(ge=3)]

    def __str__(self) -> str:
        return f"fd:{self.descriptor}"


Listener = Annotated[ListenAddress | UnixSocket | InheritedSocket, Field(discriminator="kind")]


#: The name of a further token; none of them is a name that sessions use themselves (``access_token``).
TokenName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


#: What makes a sign-in request one, which no setting may change.
RESERVED_PARAMETERS = frozenset(
    (
        "client_id", "response_type", "response_mode", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method", "claims", "request", "request_uri",
    )
)  # fmt: skip


#: Asymmetric ones (RFC 7518 section 3.1): with HMAC whoever knows the client secret could sign.
SigningAlgorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]

#: A provider reached over TLS must not send secrets in the clear; plain http is for this machine.
ENDPOINT_URL = r"^(?:https://[^/?#@\s]+|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]+)?)(?:[/?][^#\s]*)?$"
EndpointUrl = Annotated[str, Field(pattern=ENDPOINT_URL)]
ABSOLUTE_URL = r"^https?://[^/?#@\s]+(?:[/?]\S*)?$"


class ProviderEndpoints(_Frozen):
    """What a discovery document would say (OpenID Connect Discovery 1.0 section 3)."""

    authorization: EndpointUrl
    token: EndpointUrl
    jwks: EndpointUrl
    end_session: EndpointUrl | None = None


class ProviderSettings(_Frozen):
    """The OpenID provider, and lampgate's registration with it.

    With ``kind`` ``entra`` a ``tenant`` is enough to find the provider, the scopes are those an AKS cluster's
    dashboard needs, and the client authenticates with AKS workload identity unless something else is said.
    """

    id: str = "default"
    kind: Literal["oidc", "entra"] = "oidc"
    display_name: str = ""
    #: Entra only: the tenant's id or one of its domains, or ``common``, ``organizations``, ``consumers``, which need
    #: `AllowSettings.tenants`. May be left out where ``issuer_url`` says it.
    tenant: str = ""
    #: Entra only: whose authority ``tenant`` is with.
    cloud: Cloud = "public"
    issuer_url: str
    client_id: str
    client_authentication: ClientAuthentication
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    #: Added to the sign-in request: ``prompt``, ``acr_values``, ``domain_hint`` …
    login_parameters: dict[str, str] = Field(default_factory=dict)
    #: Further tokens by name, each for the scopes of one other resource (Entra). Injected as ``token:<name>``.
    tokens: dict[TokenName, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(default_factory=dict)
    #: Claims of the ID token that may carry the audience; the first one present is checked.
    audience_claims: tuple[str, ...] = ("aud",)
    extra_audiences: tuple[str, ...] = ()
    email_claim: str = "email"
    groups_claim: str = "groups"
    roles_claim: str = "roles"
    #: Accept an e-mail address that the provider says it has not verified.
    allow_unverified_email: bool = False
    #: Signature algorithms that are accepted, of those the provider announces; empty: every asymmetric one.
    signing_algorithms: tuple[SigningAlgorithm, ...] = ()
    #: For providers without a discovery document, which then nobody asks for.
    endpoints: ProviderEndpoints | None = None
    #: Asked for (GET) when somebody signs out; ``{id_token}`` in it is replaced. What it answers changes nothing.
    backend_logout_url: Annotated[str, Field(pattern=ABSOLUTE_URL)] | None = None
    #: PEM files that are trusted for the provider's TLS certificate; empty: the system's.
    ca_files: tuple[Path, ...] = ()
    #: With `ca_files`: trust the system's authorities as well.
    system_authorities: bool = False
    clock_leeway: Seconds = 60.0
    timeout: Seconds = 10.0

    @field_validator("login_parameters")
    @classmethod
    def _reserves(cls, parameters: dict[str, str]) -> dict[str, str]:
        for name in parameters:
            if name in RESERVED_PARAMETERS:
                raise ValueError(f"{name} is part of every sign-in request, and lampgate's own")
        return parameters

    @model_validator(mode="before")
    @classmethod
    def _entra_preset(cls, values: Any) -> Any:
        """What Entra alone makes known. Only what was not written is filled in."""
        if not isinstance(values, dict) or values.get("kind") != "entra":
            return values
        preset: dict[str, Any] = {
            "client_authentication": FederatedToken(),
            "scopes": entra_authority.AKS_SCOPES,
        }
        tenant, cloud = values.get("tenant"), values.get("cloud", "public")
        if isinstance(tenant, str) and tenant and cloud in entra_authority.AUTHORITY_HOSTS:
            preset["issuer_url"] = entra_authority.issuer_url(tenant, cloud)
        return preset | values

    @model_validator(mode="after")
    def _tenant_is_one(self) -> Self:
        if self.tenant and self.kind != "entra":
            raise ValueError("tenant is Entra's; write the provider's issuer_url instead")
        if self.tenant and not entra_authority.is_tenant(self.tenant):
            raise ValueError("tenant is a tenant's id or domain, or common, organizations or consumers")
        if self.tenant and entra_authority.tenant_of(self.issuer_url) != self.tenant.lower():
            raise ValueError("tenant and issuer_url name different tenants; keep one of them")
        return self

    @property
    def is_tenantless(self) -> bool:
        """Whether accounts of any tenant of Entra can sign in, as far as the provider is concerned."""
        return entra_authority.is_tenantless(self.issuer_url, known_to_be_entra=self.kind == "entra")


class CookieSettings(_Frozen):
    """The session cookie."""

    #: Without prefix; ``__Host-`` is put in front on https with path ``/`` and no domain.
    name: str = "lampgate"
    #: None: a random one for this process, which ends every session at a restart.
    secret: SecretBytes | None = None
    #: Earlier secrets: they open what they sealed, and seal nothing any more.
    earlier_secrets: tuple[SecretBytes, ...] = ()
    #: Where the secrets were read from, one a line; it is read again when it changes.
    secret_file: Path | None = None
    domain: str | None = None
    same_site: Literal["lax", "strict", "none"] = "lax"


class CookieStoreSettings(_Frozen):
    """Sessions are kept in the browser's cookie alone."""

    kind: Literal["cookie"] = "cookie"


class StoreAddress(_Frozen):
    """Where a server of the session store, or a sentinel, is reached."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 6379

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class StoreTlsSettings(_Frozen):
    """TLS to the session store. The files are read at each connection, so that they can be rotated."""

    #: A PEM file that is trusted as well as the system's.
    ca_file: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    #: Off: anybody on the way can pose as the store.
    verify: bool = True


class SentinelSettings(_Frozen):
    """The sentinels that know which server is the primary. ``RedisStoreSettings.addresses`` are theirs."""

    master_name: Annotated[str, Field(min_length=1)]
    username: str = ""
    password: SecretStr | None = None


class RedisStoreSettings(_Frozen):
    """Sessions are kept in Valkey or Redis, shared by all replicas; the cookie holds a ticket."""

    kind: Literal["redis"] = "redis"
    topology: Literal["standalone", "sentinel", "cluster"] = "standalone"
    #: The server; the sentinels; or some members of the cluster, which name the others.
    addresses: tuple[StoreAddress, ...] = Field(min_length=1)
    sentinel: SentinelSettings | None = None
    username: str = ""
    password: SecretStr | None = None
    #: As `password`, read at each connection, so that it can be rotated.
    password_file: Path | None = None
    #: A cluster has no other than 0.
    database: Annotated[int, Field(ge=0)] = 0
    #: None: without TLS.
    tls: StoreTlsSettings | None = None
    #: In front of every key, so that several gateways can share a store.
    key_prefix: str = "lampgate:"
    connect_timeout: Annotated[float, Field(gt=0)] = 1.0
    operation_timeout: Annotated[float, Field(gt=0)] = 2.0

    @model_validator(mode="after")
    def _fits_its_topology(self) -> Self:
        if (self.topology == "sentinel") != (self.sentinel is not None):
            raise ValueError("sentinel settings belong to the topology “sentinel”, and it needs them")
        if self.topology == "standalone" and len(self.addresses) != 1:
            raise ValueError("a standalone store has exactly one address")
        if self.topology == "cluster" and self.database:
            raise ValueError("a cluster has no other database than 0")
        if self.password is not None and self.password_file is not None:
            raise ValueError("a password and a password file cannot both be given")
        return self


StoreSettings = Annotated[CookieStoreSettings | RedisStoreSettings, Field(discriminator="kind")]


class SessionSettings(_Frozen):
    """How long a session lives and where it is kept."""

    cookie: CookieSettings = CookieSettings()
    store: StoreSettings = CookieStoreSettings()
    #: Absolute lifetime from sign-in.
    lifetime: Annotated[float, Field(gt=0)] = 168 * 3600.0
    #: The session ends when the person has done nothing for so long; what a dashboard polls by itself does not
    #: count. None: only the lifetime counts.
    idle_timeout: Annotated[float, Field(ge=60)] | None = None
    #: The age at which tokens are renewed at the latest. None: shortly before they expire.
    renew_after: Annotated[float, Field(gt=0)] | None = None
    #: How long a sign-in may take, from the redirect to the provider to the callback.
    sign_in_timeout: Annotated[float, Field(gt=0)] = 15 * 60.0


class ClaimRule(_Frozen):
    """A claim of the ID token that has to have one of some values."""

    #: The claim, or a dotted path into nested objects.
    claim: str = Field(min_length=1)
    values: tuple[str, ...] = Field(min_length=1)


class AllowSettings(_Frozen):
    """Who of those the provider has signed in may pass.

    A person has to be named by one of ``email_domains``, ``emails_file`` and ``users``, and to meet every other rule
    that is given. With none of those three nobody passes.
    """

    #: ``*`` allows every address and accounts without one.
    email_domains: tuple[str, ...] = ()
    #: A file with one address a line; read again when it changes.
    emails_file: Path | None = None
    #: Single people: e-mail addresses, or object ids of Entra.
    users: tuple[str, ...] = ()
    #: At least one of these groups (values of the groups claim) is needed; None: no such rule.
    groups: tuple[str, ...] | None = None
    #: At least one of these application roles (values of the roles claim) is needed; None: no such rule.
    roles: tuple[str, ...] | None = None
    #: Ids of the tenants of Entra whose accounts may pass; None: no such rule.
    tenants: tuple[str, ...] | None = None
    #: Every one of these has to be met.
    claims: tuple[ClaimRule, ...] = ()

    @field_validator("tenants")
    @classmethod
    def _tenants_are_ids(cls, tenants: tuple[str, ...] | None) -> tuple[str, ...] | None:
        # A token names its tenant by id only.
        if tenants is not None and not all(entra_authority.is_tenant_id(tenant) for tenant in tenants):
            raise ValueError("each tenant is given by its id, as the overview of the tenant in Entra shows it")
        return tuple(tenant.lower() for tenant in tenants) if tenants is not None else None


#: What a session can always say.
BuiltInClaim = Literal["access_token", "id_token", "user", "email", "groups", "preferred_username"]


class InjectedValue(_Frozen):
    """One value of an injected header: ``prefix`` + the value of ``claim``, or a secret.

    An empty claim adds nothing; a secret is sent for everybody, also where a request needs no session.
    """

    #: One of `BuiltInClaim`, ``token:<name>`` (one of `ProviderSettings.tokens`), or ``claim:<name>`` (a claim of the
    #: ID token, or a dotted path).
    claim: Annotated[
        str, Field(pattern=rf"^(?:{'|'.join(get_args(BuiltInClaim))}|token:[a-z][a-z0-9-]{{0,31}}|claim:.+)?$")
    ] = ""
    prefix: str = ""
    #: The value is HTTP Basic (RFC 7617): the claim as the user, and this as the password.
    basic_password: SecretStr | None = None
    #: Instead of a claim: one text that is the same for everybody.
    secret: SecretStr | None = None

    @field_validator("basic_password", "secret")
    @classmethod
    def _fits_into_a_header(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not re.fullmatch(r"[\t\x20-\x7e\x80-\U0010ffff]*", secret.get_secret_value()):
            raise ValueError("a header's secret is one line of text")
        return secret

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if bool(self.claim) == (self.secret is not None):
            raise ValueError("a header's value has a claim or a secret, and one of them")
        if self.basic_password is not None and (self.secret is not None or self.prefix):
            raise ValueError("basic_password goes with a claim, and without a prefix")
        return self

    @property
    def token_name(self) -> str:
        """The name of the further token this is; empty where it is something else."""
        return self.claim.removeprefix("token:") if self.claim.startswith("token:") else ""

    @property
    def claim_name(self) -> str:
        """The claim of the ID token this is; empty where it is something else."""
        return self.claim.removeprefix("claim:") if self.claim.startswith("claim:") else ""


class HeaderInjection(_Frozen):
    """A request header that lampgate sets. The client's copies are always dropped."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^`|~-]+$")]
    values: tuple[InjectedValue, ...] = Field(min_length=1)


class UpstreamTLSSettings(_Frozen):
    """How an https upstream is recognised, and how lampgate shows it who is calling.

    The files are PEM and may be replaced while lampgate runs: new connections use what they hold then.
    """

    #: Trusted for the upstream's certificate, instead of the system's authorities.
    ca_files: tuple[Path, ...] = ()
    #: lampgate's own certificate (with its chain) and its private key, for upstreams that ask for one.
    certificate_file: Path | None = None
    key_file: Path | None = None
    #: Sent as SNI and expected in the certificate, instead of the host of the URL.
    server_name: str | None = None
    #: Accept any certificate: whoever is on the way to the upstream can read and change everything.
    insecure_skip_verify: bool = False

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if self.key_file is not None and self.certificate_file is None:
            raise ValueError("a private key is of no use without its certificate")
        return self


class UpstreamSettings(_Frozen):
    """A server that requests are sent on to."""

    id: str
    #: A prefix where it ends in ``/``, else an exact path. The longest match wins. With ``rewrite_target`` a regular
    #: expression in Go's syntax (RE2); these are tried first.
    path: str = "/"
    #: What to ask for instead of what ``path`` matches: a path, with ``$1`` or ``${name}`` for its groups, and
    #: perhaps ``?`` and parameters to add to the query. Empty: the path is passed on as it is.
    rewrite_target: str = ""
    #: ``http://host[:port]``, ``https://host[:port]`` (a path in these is refused), ``unix:///path`` of a socket,
    #: ``file:///path`` of a directory, or ``static://200``, a fixed answer with that status code.
    url: str
    tls: UpstreamTLSSettings = UpstreamTLSSettings()
    pass_host_header: bool = True
    #: Use a connection for further requests.
    keep_alive: bool = True
    #: For the connection to be made, TLS included.
    connect_timeout: Annotated[float, Field(gt=0)] = 10.0
    #: From the end of the request to the head of the response.
    response_timeout: Annotated[float, Field(gt=0)] = 30.0
    #: Without a byte of the response's body from the upstream; 0: no limit, as watches and log streams are silent.
    stream_idle_timeout: Seconds = 0.0
    #: What the upstream is: ``headlamp`` adds that dashboard's rules (cookies it would prefer to our header).
    profile: Literal["plain", "headlamp"] = "headlamp"
    #: A request's body, in bytes; None: `LimitSettings.body_bytes` counts.
    body_bytes: Annotated[int, Field(ge=0)] | None = None
    #: Paths that are asked for without anybody's doing, so that they do not keep an idle session going: a prefix
    #: where it ends in ``/``, else an exact path. The profile's own come on top.
    passive_paths: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.scheme not in ("http", "https", "unix", "file", "static"):
            raise ValueError("no upstream can be reached by a URL of that kind")
        if self.rewrite_target:
            parse_replacement(self.rewrite_target, compile_re2(self.path))
        elif not self.path.startswith("/"):
            raise ValueError("a path starts with /")
        return self

    @property
    def scheme(self) -> str:
        """What kind of upstream it is: ``http``, ``https``, ``unix``, ``file`` or ``static``."""
        return self.url.partition(":")[0]

    @property
    def is_server(self) -> bool:
        """Whether it is a server to forward to; else lampgate itself answers from files or with a fixed code."""
        return self.scheme not in ("file", "static")


class OpenRoute(_Frozen):
    """Requests that pass without a session, by path."""

    #: A regular expression in Go's syntax (RE2), looked for anywhere in the canonical path unless it is anchored.
    path: str
    #: None given: every method.
    methods: tuple[str, ...] = ()
    #: What the expression does *not* fit passes.
    negate: bool = False


class OpenAccessSettings(_Frozen):
    """What passes without a session. Nothing by default."""

    routes: tuple[OpenRoute, ...] = ()
    #: Preflight requests of browsers (OPTIONS with ``Access-Control-Request-Method``), which never carry cookies.
    preflight: bool = False
    #: Addresses of clients. Behind a proxy that is not in `Settings.trusted_proxies` everybody has the proxy's.
    addresses: tuple[IPNetwork, ...] = ()


class BearerIssuer(_Frozen):
    """An issuer whose tokens requests may bring, beside the provider."""

    issuer_url: str
    audience: Annotated[str, Field(min_length=1)]


class PasswordSettings(_Frozen):
    """People and programs that sign in with a password of a file, beside those whom the provider signs in.

    They bring no token: the dashboard gets nothing but headers about the person. Being in the file is enough to be
    admitted by name; rules about groups, roles and claims hold for them, too.
    """

    #: As Apache's htpasswd writes it, with bcrypt (``htpasswd -B``) or ``{SHA}``; read again when it changes.
    file: Path
    #: The groups of everybody in the file.
    groups: tuple[str, ...] = ()
    #: The names stand for e-mail addresses, too, in headers and for proxies in front.
    names_are_addresses: bool = False
    #: Ask for name and password on the sign-in page. Else only requests with HTTP Basic can bring them.
    form: bool = True


class BearerSettings(_Frozen):
    """Requests that bring a JWT in ``Authorization`` instead of a session: programs, ``kubectl``."""

    enabled: bool = False
    #: The provider's own tokens are taken where they are made out to the client id or to an extra audience.
    issuers: tuple[BearerIssuer, ...] = ()
    #: Ask for a session where a token is not good. Off: such a request is refused whatever else it brings.
    fall_back: bool = True


class StepUpRule(_Frozen):
    """Requests that need more than a sign-in: an authentication context of Entra's Conditional Access."""

    #: A regular expression that has to fit a whole canonical path, e.g. ``/clusters/[^/]+/api/.*/exec``.
    path: str
    #: None given: every method.
    methods: tuple[str, ...] = ()
    #: The context's id, ``c1`` to ``c99``.
    context: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{1,100}$")]

    @field_validator("path")
    @classmethod
    def _compiles(cls, path: str) -> str:
        try:
            re.compile(path)
        except re.error as error:
            raise ValueError(f"it is not a regular expression: {error}") from None
        return path


#: A host that may be returned to, and its subdomains with a dot in front; at least two labels then.
RETURN_HOST = r"^(?:\*?\.(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*|(?:[a-z0-9-]+\.)*[a-z][a-z0-9-]*)(?::(?:[0-9]{1,5}|\*))?$"
ReturnHost = Annotated[str, Field(pattern=RETURN_HOST)]


class PortalSettings(_Frozen):
    """The gateway's own pages and endpoints."""

    prefix: Annotated[str, Field(pattern=r"^/[^/]")] = "/oauth2"
    ping_path: str = "/ping"
    ready_path: str = "/ready"
    #: Go straight to the provider instead of showing a page with a button.
    skip_sign_in_page: bool = True
    #: On the sign-in page, in place of its own words; plain text. None: its own.
    banner: str | None = None
    #: At the bottom of every page; plain text. None: lampgate's name.
    footer: str | None = None
    #: At the top of every page: lampgate's mark, or none.
    logo: Literal["lampgate", "none"] = "lampgate"
    #: A PNG, JPEG, GIF, WebP or SVG of up to 128 KiB in the place of lampgate's mark.
    logo_file: Path | None = None
    #: Hosts beside lampgate's own that a sign-in or a sign-out may return to: ``host``, or ``.host`` for it and every
    #: one below it, perhaps with ``:port`` or ``:*``. Needed where one gateway signs in for dashboards on several.
    return_hosts: tuple[ReturnHost, ...] = ()
    #: Requests that are never led to a sign-in, even where a browser seems to ask for a page: they get a 401 with
    #: JSON. Regular expressions in Go's syntax (RE2), looked for anywhere in the path and the query.
    api_routes: tuple[str, ...] = ()
    #: A sign-out here goes on to the provider's, so that the next sign-in asks who it is.
    provider_sign_out: bool = False
    #: Where the provider sends people who have signed out there. Has to be registered with it; None: it shows a page
    #: of its own.
    post_logout_redirect_uri: str | None = None

    @field_validator("api_routes")
    @classmethod
    def _compile(cls, routes: tuple[str, ...]) -> tuple[str, ...]:
        for route in routes:
            compile_re2(route)
        return routes


class LimitSettings(_Frozen):
    """How much and how long the gateway puts up with. None of these limits the length of a stream."""

    #: Clients' connections at a time, in all and from one address. Behind an ingress all come from a few addresses.
    connections: Annotated[int, Field(gt=0)] = 10_000
    connections_per_client: Annotated[int, Field(gt=0)] = 5_000
    #: Open WebSockets, in all and of one session. A dashboard's map of a big cluster opens about a hundred.
    websockets: Annotated[int, Field(ge=0)] = 8_000
    websockets_per_session: Annotated[int, Field(ge=0)] = 500
    #: Request line and headers together. A browser's cookies alone can be 16 KB.
    head_bytes: Annotated[int, Field(ge=1024, le=1024 * 1024)] = 64 * 1024
    #: A request's body; None: any length. An upstream may have a limit of its own.
    body_bytes: Annotated[int, Field(ge=0)] | None = None
    #: From a request head's first byte to its last: the defence against slow senders.
    head_timeout: Annotated[float, Field(gt=0)] = 10.0
    #: A client's connection without a request.
    idle_timeout: Annotated[float, Field(gt=0)] = 120.0
    #: An unused upstream connection; below Headlamp's own limit of 120 s, so that it is never the one to close.
    upstream_idle_timeout: Annotated[float, Field(gt=0)] = 60.0
    #: Unused connections kept to one upstream.
    upstream_idle_connections: Annotated[int, Field(ge=0)] = 256
    #: Between two pings to the browser of an open WebSocket; below the 60 s after which ingresses close silent ones.
    ping_interval: Annotated[float, Field(gt=0)] = 25.0
    #: For requests in flight, when the process is asked to stop.
    drain_timeout: Seconds = 25.0


class DrainSettings(_Frozen):
    """How the process stops. Requests in flight have `LimitSettings.drain_timeout`."""

    #: How long WebSockets go on, once no connection is accepted any more: by then a roll-out's new pod should be
    #: there for them to connect to. Never longer than the requests in flight have.
    websocket_grace: Seconds = 5.0
    #: How long connections are still accepted after the signal, while readiness already says no, so that whoever
    #: balances the load learns of it first.
    pre_stop_delay: Seconds = 0.0


class MetricsSettings(_Frozen):
    """Where Prometheus asks. On an address of its own, because numbers about the gateway are not for the public."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)]


class LogSettings(_Frozen):
    """What is written, to standard output."""

    access: bool = True
    #: How the lines of the access log look: lampgate's own JSON, or oauth2-proxy's default layout.
    layout: Literal["json", "oauth2-proxy"] = "json"
    silence_health: bool = False
    #: Further paths whose requests are not logged.
    silent_paths: tuple[str, ...] = ()


class Settings(_Frozen):
    """All of lampgate's configuration."""

    #: ``https://dash.example.com``: origin of every URL lampgate makes. None: taken from each request's Host.
    public_url: str | None = None
    listen: Annotated[tuple[Listener, ...], Field(min_length=1)] = (ListenAddress(),)
    #: Processes that serve. One is enough for hundreds of people; more use more cores.
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    provider: ProviderSettings
    session: SessionSettings = SessionSettings()
    allow: AllowSettings = AllowSettings()
    upstreams: tuple[UpstreamSettings, ...] = Field(min_length=1)
    inject: tuple[HeaderInjection, ...] = ()
    #: Headers about the person on answers: for a proxy in front that asks ``/auth``, and on what is forwarded.
    inject_response: tuple[HeaderInjection, ...] = ()
    open_access: OpenAccessSettings = OpenAccessSettings()
    bearer: BearerSettings = BearerSettings()
    #: None: only the provider signs people in.
    passwords: PasswordSettings | None = None
    #: What needs a stronger sign-in. The first rule that fits and is not met counts.
    step_up: tuple[StepUpRule, ...] = ()
    portal: PortalSettings = PortalSettings()
    #: Peers whose ``X-Forwarded-*`` headers count. Nobody by default.
    trusted_proxies: tuple[IPNetwork, ...] = ()
    log: LogSettings = LogSettings()
    limits: LimitSettings = LimitSettings()
    drain: DrainSettings = DrainSettings()
    #: None: no metrics are served.
    metrics: MetricsSettings | None = None

    @model_validator(mode="after")
    def _tenants_are_chosen(self) -> Self:
        if self.provider.is_tenantless and not self.allow.tenants:
            raise ValueError(
                "accounts of every organisation could sign in: name the tenants that may in allow.tenants, or the "
                "one tenant in the provider's"
            )
        return self

    @model_validator(mode="after")
    def _tokens_are_known(self) -> Self:
        for header in (*self.inject, *self.inject_response):
            for value in header.values:
                if value.token_name and value.token_name not in self.provider.tokens:
                    raise ValueError(f"the injected {value.claim} is not among the provider's tokens")
        return self


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value was written: the file, the line (from 1; 0 where there is none) and the key's path.

    :ivar column: from 1; 0 where it is not known, as in documents inside other ones.
    """

    file: str
    line: int
    key: str
    column: int = field(default=0, compare=False)

    def __str__(self) -> str:
        place = f"{self.file} line {self.line}" if self.line else self.file
        place = f"{place} column {self.column}" if self.line and self.column else place
        return f"{place}, {self.key}" if self.key else place


@dataclass(frozen=True, slots=True)
class Note:
    """Something the operator should know about a configuration that nevertheless runs.

    ``code`` is stable (``config.reverse-proxy-trusts-nobody``); ``sentence`` says what is the case and what to do.
    """

    code: str
    sentence: str
    place: Place | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}" if self.place else self.sentence


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings together with where they came from.

    :ivar places: by dotted path in the model, e.g. ``provider.issuer_url``, ``upstreams.0.url``.
    """

    settings: Settings
    places: Mapping[str, Place] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    def place_of(self, path: str) -> str:
        """The place of a setting in words, or its own path where it was not written anywhere (a default)."""
        place = self.places.get(path)
        return str(place) if place else path

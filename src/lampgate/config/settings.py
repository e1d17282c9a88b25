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
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretBytes, SecretStr, field_validator, model_validator

from lampgate.config.re2 import compile_re2, parse_replacement

Seconds = Annotated[float, Field(ge=0)]
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ListenAddress(_Frozen):
    """Where to accept connections: a TCP address."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 4180

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class ClientSecret(_Frozen):
    """The client authenticates with a shared secret (RFC 6749 section 2.3.1)."""

    kind: Literal["secret"] = "secret"
    secret: SecretStr


class ClientSecretFile(_Frozen):
    """As `ClientSecret`, with the secret read from a file at each use, so that it can be rotated."""

    kind: Literal["secret-file"] = "secret-file"
    path: Path


class FederatedToken(_Frozen):
    """The client authenticates with a token that somebody else issued for it (RFC 7521, RFC 7523 section 2.2).

    With AKS workload identity it is the projected service account token. The kubelet rotates the file, so it is
    read at each use. ``path`` is None where only the environment (``AZURE_FEDERATED_TOKEN_FILE``) names it.
    """

    kind: Literal["federated-token"] = "federated-token"
    path: Path | None = None


class PublicClient(_Frozen):
    """The client has no credential and relies on PKCE alone (RFC 7636)."""

    kind: Literal["public"] = "public"


ClientAuthentication = Annotated[
    ClientSecret | ClientSecretFile | FederatedToken | PublicClient, Field(discriminator="kind")
]


class ProviderSettings(_Frozen):
    """The OpenID provider, and lampgate's registration with it."""

    id: str = "default"
    kind: Literal["oidc", "entra"] = "oidc"
    display_name: str = ""
    issuer_url: str
    client_id: str
    client_authentication: ClientAuthentication
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    #: Claims of the ID token that may carry the audience; the first one present is checked.
    audience_claims: tuple[str, ...] = ("aud",)
    extra_audiences: tuple[str, ...] = ()
    email_claim: str = "email"
    groups_claim: str = "groups"
    #: Accept an e-mail address that the provider says it has not verified.
    allow_unverified_email: bool = False
    #: PEM files that are trusted for the provider's TLS certificate; empty: the system's.
    ca_files: tuple[Path, ...] = ()
    clock_leeway: Seconds = 60.0
    timeout: Seconds = 10.0


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


class SessionSettings(_Frozen):
    """How long a session lives and where it is kept."""

    cookie: CookieSettings = CookieSettings()
    #: Absolute lifetime from sign-in.
    lifetime: Annotated[float, Field(gt=0)] = 168 * 3600.0
    #: The session ends when the person has done nothing for so long; what a dashboard polls by itself does not
    #: count. None: only the lifetime counts.
    idle_timeout: Annotated[float, Field(ge=60)] | None = None
    #: The age at which tokens are renewed at the latest. None: shortly before they expire.
    renew_after: Annotated[float, Field(gt=0)] | None = None
    #: How long a sign-in may take, from the redirect to the provider to the callback.
    sign_in_timeout: Annotated[float, Field(gt=0)] = 15 * 60.0


class AllowSettings(_Frozen):
    """Who of those the provider has signed in may pass. Empty tuples allow nobody by that rule."""

    #: ``*`` allows every address and accounts without one.
    email_domains: tuple[str, ...] = ()
    #: At least one of these groups (values of the groups claim) is needed; None: no such rule.
    groups: tuple[str, ...] | None = None


class InjectedValue(_Frozen):
    """One value of an injected header: ``prefix`` + the value of ``claim``. An empty claim adds nothing."""

    #: ``access_token``, ``id_token``, ``user``, ``email``, ``groups``, ``preferred_username``.
    claim: Literal["access_token", "id_token", "user", "email", "groups", "preferred_username"]
    prefix: str = ""


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


class PortalSettings(_Frozen):
    """The gateway's own pages and endpoints."""

    prefix: Annotated[str, Field(pattern=r"^/[^/]")] = "/oauth2"
    ping_path: str = "/ping"
    ready_path: str = "/ready"
    #: Go straight to the provider instead of showing a page with a button.
    skip_sign_in_page: bool = True


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


class MetricsSettings(_Frozen):
    """Where Prometheus asks. On an address of its own, because numbers about the gateway are not for the public."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)]


class LogSettings(_Frozen):
    """What is written, to standard output."""

    access: bool = True
    silence_health: bool = False


class Settings(_Frozen):
    """All of lampgate's configuration."""

    #: ``https://dash.example.com``: origin of every URL lampgate makes. None: taken from each request's Host.
    public_url: str | None = None
    listen: tuple[ListenAddress, ...] = (ListenAddress(),)
    provider: ProviderSettings
    session: SessionSettings = SessionSettings()
    allow: AllowSettings = AllowSettings()
    upstreams: tuple[UpstreamSettings, ...] = Field(min_length=1)
    inject: tuple[HeaderInjection, ...] = ()
    #: What needs a stronger sign-in. The first rule that fits and is not met counts.
    step_up: tuple[StepUpRule, ...] = ()
    portal: PortalSettings = PortalSettings()
    #: Peers whose ``X-Forwarded-*`` headers count. Nobody by default.
    trusted_proxies: tuple[IPNetwork, ...] = ()
    log: LogSettings = LogSettings()
    limits: LimitSettings = LimitSettings()
    #: None: no metrics are served.
    metrics: MetricsSettings | None = None


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

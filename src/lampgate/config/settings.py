"""The one settings model. Every dialect is turned into it; nothing else in lampgate reads configuration.

Field names are lampgate's own and follow the field's standard terms. Times are seconds. The model holds values
only: where each came from is in `LoadedSettings.places`, so that an error met later (an issuer that does not
answer) can still name the file and the key.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretBytes, SecretStr, model_validator

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


class UpstreamSettings(_Frozen):
    """A server that requests are sent on to."""

    id: str
    #: A prefix where it ends in ``/``, else an exact path. The longest match wins.
    path: Annotated[str, Field(pattern=r"^/")] = "/"
    #: ``http://host[:port]``; a path in it is refused.
    url: str
    pass_host_header: bool = True
    connect_timeout: Annotated[float, Field(gt=0)] = 10.0
    #: From the end of the request to the head of the response.
    response_timeout: Annotated[float, Field(gt=0)] = 30.0
    #: What the upstream is: ``headlamp`` adds that dashboard's rules (cookies it would prefer to our header).
    profile: Literal["plain", "headlamp"] = "headlamp"


class PortalSettings(_Frozen):
    """The gateway's own pages and endpoints."""

    prefix: Annotated[str, Field(pattern=r"^/[^/]")] = "/oauth2"
    ping_path: str = "/ping"
    ready_path: str = "/ready"
    #: Go straight to the provider instead of showing a page with a button.
    skip_sign_in_page: bool = True


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
    portal: PortalSettings = PortalSettings()
    #: Peers whose ``X-Forwarded-*`` headers count. Nobody by default.
    trusted_proxies: tuple[IPNetwork, ...] = ()
    log: LogSettings = LogSettings()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value was written: the file, the line (from 1; 0 where there is none) and the key's path."""

    file: str
    line: int
    key: str

    def __str__(self) -> str:
        place = f"{self.file} line {self.line}" if self.line else self.file
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

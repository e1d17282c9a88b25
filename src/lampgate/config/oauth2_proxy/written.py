"""What a configuration says, once its dialect is gone: the common form of the alpha YAML and the older options.

Nothing is judged here. A value that was not written is None, so that defaults are applied in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from lampgate.config.settings import Place

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Written(Generic[T_co]):
    """A value and where it was written."""

    value: T_co = field(repr=False)
    place: Place


@dataclass(frozen=True, slots=True)
class Section:
    """Where a group of settings was written, to say where a missing one belongs.

    :ivar keys: the dialect's key of each field that may be missing.
    """

    place: Place
    keys: Mapping[str, str]

    def place_of(self, name: str) -> Place:
        """The place where the field ``name`` would stand."""
        key = self.keys[name]
        path = f"{self.place.key}.{key}" if self.place.key and not self.place.key.endswith(": ") else key
        return Place(self.place.file, self.place.line, path)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenProvider:
    """The provider and the registration with it."""

    section: Section
    id: Written[str] | None = None
    kind: Written[str] | None = None
    display_name: Written[str] | None = None
    client_id: Written[str] | None = None
    client_secret: Written[str] | None = None
    client_secret_file: Written[str] | None = None
    federated_token: Written[bool] | None = None
    issuer_url: Written[str] | None = None
    scope: Written[str] | None = None
    code_challenge_method: Written[str] | None = None
    email_claim: Written[str] | None = None
    groups_claim: Written[str] | None = None
    audience_claims: Written[tuple[str, ...]] | None = None
    extra_audiences: Written[tuple[str, ...]] | None = None
    allow_unverified_email: Written[bool] | None = None
    ca_files: Written[tuple[str, ...]] | None = None
    login_parameters: tuple[WrittenParameter, ...] = ()
    allowed_groups: Written[tuple[str, ...]] | None = None
    allowed_roles: Written[tuple[str, ...]] | None = None
    allowed_tenants: Written[tuple[str, ...]] | None = None
    additional_claims: Written[tuple[str, ...]] | None = None
    system_authorities: Written[bool] | None = None
    signing_algorithms: Written[tuple[str, ...]] | None = None
    backend_logout_url: Written[str] | None = None
    endpoints: WrittenEndpoints | None = None


@dataclass(frozen=True, slots=True)
class WrittenEndpoints:
    """What stands for a discovery document.

    :ivar skip_discovery: whether it does; else discovery goes first, and nothing here counts.
    """

    skip_discovery: Written[bool]
    login_url: Written[str] | None = None
    redeem_url: Written[str] | None = None
    jwks_url: Written[str] | None = None


@dataclass(frozen=True, slots=True)
class WrittenParameter:
    """A parameter that is added to the sign-in request."""

    name: str
    value: Written[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenUpstream:
    """A server behind the gateway."""

    section: Section
    id: Written[str] | None = None
    path: Written[str] | None = None
    url: Written[str] | None = None
    rewrite_target: Written[str] | None = None
    static: Written[bool] | None = None
    static_code: Written[int] | None = None
    insecure_skip_verify: Written[bool] | None = None
    pass_host_header: Written[bool] | None = None
    disable_keep_alives: Written[bool] | None = None
    response_timeout: Written[float] | None = None


@dataclass(frozen=True, slots=True)
class WrittenSecret:
    """A secret, or where it is.

    :ivar kind: what the text is: the secret, the secret in base64 (oauth2-proxy up to 7.13), a variable, a file.
    """

    kind: Literal["value", "base64", "env", "file"]
    text: Written[str]


@dataclass(frozen=True, slots=True)
class WrittenHeaderValue:
    """One value of an injected header: a claim, or a secret.

    :ivar basic_password: makes HTTP Basic of the claim.
    """

    claim: Written[str] | None = None
    prefix: Written[str] | None = None
    basic_password: WrittenSecret | None = None
    secret: WrittenSecret | None = None


@dataclass(frozen=True, slots=True)
class WrittenHeader:
    """A request header to inject. ``name`` is None where it is missing, which has been reported."""

    name: Written[str] | None
    values: tuple[WrittenHeaderValue, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTls:
    """The certificate of the secure address, and what is negotiated.

    :ivar at: any of its settings, as the place of the whole.
    """

    at: Written[object]
    certificate_file: Written[str] | None = None
    key_file: Written[str] | None = None
    min_version: Written[str] | None = None
    cipher_suites: Written[tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenListeners:
    """Where to listen, on plain http and with TLS."""

    plain: Written[str] | None = None
    secure: Written[str] | None = None
    tls: WrittenTls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenGateway:
    """Everything that the alpha configuration can say, and the older options as well.

    :ivar section: the whole document's.
    """

    section: Section
    provider: WrittenProvider | None = None
    upstreams: tuple[WrittenUpstream, ...] = ()
    headers: tuple[WrittenHeader, ...] = ()
    response_headers: tuple[WrittenHeader, ...] = ()
    listeners: WrittenListeners = WrittenListeners()
    metrics: Written[str] | None = None

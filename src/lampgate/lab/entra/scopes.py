"""What a scope string asks for, and which one resource a token request means.

Pure. An authorization request may name several resources; a token is for exactly one. Follows Microsoft's "Scopes
and permissions in the Microsoft identity platform" and the recorded behaviour of the token endpoint.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lampgate.lab.entra.applications import Application
from lampgate.lab.entra.errors import EntraError
from lampgate.lab.entra.resources import GRAPH, Resource, find_resource

OIDC_SCOPES: Final = ("openid", "profile", "email", "offline_access")
DEFAULT: Final = ".default"


@dataclass(frozen=True, slots=True)
class ResourceScopes:
    """The permissions asked of one resource.

    :ivar prefix: the resource as the client wrote it, with the slash; empty for unqualified scopes.
    :ivar names: permissions in the resource's own spelling, or only ``.default``.
    """

    resource: Resource
    prefix: str
    names: tuple[str, ...]

    @property
    def is_default(self) -> bool:
        """Asks for everything already granted."""
        return self.names == (DEFAULT,)


@dataclass(frozen=True, slots=True)
class Scopes:
    """A scope string, read. ``resources`` are in the order of their first mention."""

    oidc: frozenset[str]
    resources: tuple[ResourceScopes, ...]

    def of(self, resource: Resource) -> ResourceScopes | None:
        """What is asked of a resource."""
        return next((scopes for scopes in self.resources if scopes.resource == resource), None)

    @property
    def first(self) -> ResourceScopes:
        """What a token is for when a request does not say: the first resource named, else Graph."""
        return self.resources[0] if self.resources else ResourceScopes(GRAPH, "", ())


@dataclass(frozen=True, slots=True)
class TokenScopes:
    """What one token request comes to: one resource, and the OpenID Connect scopes in force."""

    oidc: frozenset[str]
    asked: ResourceScopes

    @property
    def resource(self) -> Resource:
        """The audience of the access token."""
        return self.asked.resource


def read_scopes(text: str, client: Application, resources: Iterable[Resource], tenant_name: str) -> Scopes:
    """Read a scope string. A scope without a resource is one of Graph's.

    :raises EntraError: 500011, 650053, 650057, 70011.
    """
    known = tuple(resources)
    oidc: set[str] = set()
    asked: dict[str, tuple[Resource, str, list[str]]] = {}
    for scope in text.split():
        if scope.casefold() in OIDC_SCOPES:
            oidc.add(scope.casefold())
            continue
        resource, prefix, name = _read_scope(scope, client, known, tenant_name)
        names = asked.setdefault(resource.app_id, (resource, prefix, []))[2]
        if name not in names:
            names.append(name)
    for _, _, names in asked.values():
        if DEFAULT in names and len(names) > 1:
            raise EntraError(70011, scope=text)
    return Scopes(frozenset(oidc), tuple(ResourceScopes(r, prefix, tuple(n)) for r, prefix, n in asked.values()))


def _read_scope(
    scope: str, client: Application, resources: tuple[Resource, ...], tenant_name: str
) -> tuple[Resource, str, str]:
    identifier, slash, name = scope.rpartition("/")
    resource = find_resource(identifier, resources) if slash else GRAPH
    if resource is None:
        raise EntraError(500011, resource=identifier, tenant=tenant_name)
    if slash and name == DEFAULT:
        if resource.app_id not in client.required_resource_access:
            raise EntraError(
                650057,
                app_id=client.app_id,
                name=client.name,
                resource=identifier,
                resource_id=resource.app_id,
                valid=", ".join(client.required_resource_access),
            )
        return resource, f"{identifier}/", DEFAULT
    canonical = resource.scope(name)
    if canonical is None:
        raise EntraError(650053, name=client.name, scope=name, resource_id=resource.app_id)
    return resource, identifier + slash, canonical


def scopes_to_redeem(text: str | None, granted: Scopes, asked: Scopes | None, *, refresh: bool) -> TokenScopes:
    """Which resource a code or a refresh token is redeemed for.

    :param text: the request's ``scope`` as written; None where it has none.
    :param granted: the scopes of the authorization request.
    :param asked: ``text``, read; None where ``text`` is.
    :param refresh: a refresh token is good for any resource, a code only for those it was asked with.
    :raises EntraError: 28000, 28002, 28003.
    """
    if text is None or asked is None:
        return TokenScopes(granted.oidc, granted.first)
    if not text.strip():
        raise EntraError(28003)
    if len(asked.resources) > 1:
        raise EntraError(28000, scope=text)
    wanted = asked.first
    if not refresh and not _covered(wanted, granted):
        raise EntraError(28002, scope=text)
    return TokenScopes(asked.oidc & granted.oidc, wanted)


def _covered(wanted: ResourceScopes, granted: Scopes) -> bool:
    """Whether the authorization request asked for this, too. ``.default`` on either side covers the resource."""
    if not wanted.names:
        return True
    original = granted.of(wanted.resource)
    if original is None:
        return False
    return wanted.is_default or original.is_default or set(wanted.names) <= set(original.names)


def resource_of_client_credentials(text: str | None, asked: Scopes | None) -> Resource:
    """The resource an application asks a token of its own for: one, with ``.default``.

    :raises EntraError: 70011, 900144.
    """
    if not text or asked is None:
        raise EntraError(900144, parameter="scope")
    if asked.oidc or len(asked.resources) != 1 or not asked.first.is_default:
        raise EntraError(70011, scope=text)
    return asked.first.resource


def missing_permissions(asked: ResourceScopes, granted: frozenset[str], client: Application) -> tuple[str, ...]:
    """The permissions a request needs and nobody has consented to yet.

    ``.default`` means what is granted already, and the registration's list only where nothing is.
    """
    if asked.is_default or not asked.names:
        return () if granted else client.required_resource_access.get(asked.resource.app_id, ("openid",))
    return tuple(name for name in asked.names if name not in granted)


def response_scope(scopes: TokenScopes, granted: Iterable[str]) -> str:
    """The ``scope`` of a token response: the permissions in the token, spelled with the client's prefix.

    OpenID Connect scopes are permissions of Graph, so they appear for Graph only.
    """
    prefix = scopes.asked.prefix
    words = [
        name if name in OIDC_SCOPES else prefix + name for name in permissions_in_token(scopes.resource, granted)
    ]
    if scopes.asked.is_default:
        words.append(prefix + DEFAULT)
    return " ".join(words)


def permissions_in_token(resource: Resource, granted: Iterable[str]) -> list[str]:
    """The ``scp`` of an access token: all that is granted; ``offline_access`` is never listed."""
    return [name for name in sorted(granted, key=str.casefold) if name != "offline_access" and resource.scope(name)]

"""Which scopes go into a request: those of OpenID Connect, and those of exactly one resource.

An access token is for one resource (audience). Entra issues a code for scopes of several and then picks the first,
or refuses (AADSTS28000), depending on what the token request says; so lampgate names one resource, explicitly, in
every request. The remaining scopes are kept: a refresh token can fetch their tokens separately. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: OpenID Connect Core section 5.4 and 11: scopes about the person and the grant, of no resource.
_OIDC_SCOPES = frozenset({"openid", "profile", "email", "address", "phone", "offline_access"})

#: Microsoft Graph under its application id; a scope without a resource is Graph's.
_GRAPH_NAMES = frozenset({"00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com"})

GRAPH = "https://graph.microsoft.com"


@dataclass(frozen=True, slots=True)
class ScopePlan:
    """The configured scopes, sorted out.

    :ivar request: the scopes of the authorization and the token request, in the configured order.
    :ivar resource: the resource they are for; empty where the provider knows no resources or none was named.
    :ivar other: the scopes left out, by resource.
    """

    request: tuple[str, ...]
    resource: str
    other: dict[str, tuple[str, ...]]

    @property
    def parameter(self) -> str:
        """The value of the ``scope`` parameter."""
        return " ".join(self.request)


def plan(scopes: Sequence[str], *, entra: bool, graph_host: str = "") -> ScopePlan:
    """Sort out the configured scopes.

    :param entra: whether the provider reads ``resource/scope`` and gives unqualified scopes to Graph. Other
        providers have one name space for all scopes, and everything is sent to them as configured.
    :param graph_host: Graph's host in this cloud, from the discovery document.
    """
    wanted = tuple(dict.fromkeys(scopes))
    if "openid" not in wanted:
        wanted = ("openid", *wanted)
    if not entra:
        return ScopePlan(wanted, "", {})
    graph_names = _GRAPH_NAMES | ({f"https://{graph_host.lower()}"} if graph_host else set())
    by_resource: dict[str, list[str]] = {}
    for scope in wanted:
        if scope not in _OIDC_SCOPES:
            by_resource.setdefault(_resource(scope, graph_names), []).append(scope)
    primary = next(iter(by_resource), "")
    left_out = {resource: tuple(named) for resource, named in by_resource.items() if resource != primary}
    dropped = {scope for named in left_out.values() for scope in named}
    return ScopePlan(tuple(scope for scope in wanted if scope not in dropped), primary, left_out)


def _resource(scope: str, graph_names: frozenset[str] | set[str]) -> str:
    # The last slash ends the resource: `https://management.azure.com//.default` is of `https://management.azure.com/`.
    resource, separator, _ = scope.rpartition("/")
    if not separator or resource.lower().rstrip("/") in graph_names:
        return GRAPH
    return resource.lower()

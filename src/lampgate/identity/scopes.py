"""Which scopes go into a request: those of OpenID Connect, and those of exactly one resource.

An access token is for one resource (audience). Entra issues a code for scopes of several and then picks the first,
or refuses (AADSTS28000), depending on what the token request says; so lampgate names one resource, explicitly, in
every request. The remaining scopes are kept: a refresh token can fetch their tokens separately.

Without ``offline_access`` Entra issues no refresh token, and every session would end within 90 minutes; so it is
asked for even where the configuration does not name it. Whether it may be is the tenant's to say: a sign-in that
fails for want of that consent goes on as configured, which is noted in its attempt and nowhere else. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lampgate.entra.aadsts import numbers

#: OpenID Connect Core section 5.4 and 11: scopes about the person and the grant, of no resource.
_OIDC_SCOPES = frozenset({"openid", "profile", "email", "address", "phone", "offline_access"})

#: Microsoft Graph under its application id; a scope without a resource is Graph's.
_GRAPH_NAMES = frozenset({"00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com"})

OFFLINE_ACCESS = "offline_access"

#: Entra: nobody has consented; only an administrator may. It comes under several OAuth codes, and what follows from
#: a number is no more than asking again for less.
_NO_CONSENT = frozenset({65001, 90094})

GRAPH = "https://graph.microsoft.com"


@dataclass(frozen=True, slots=True)
class ScopePlan:
    """The configured scopes, sorted out.

    :ivar request: the scopes of the authorization and the token request, in the configured order.
    :ivar resource: the resource they are for; empty where the provider knows no resources or none was named.
    :ivar other: the scopes left out, by resource.
    :ivar added: scopes of ``request`` that are not configured, and that a sign-in can do without.
    """

    request: tuple[str, ...]
    resource: str
    other: dict[str, tuple[str, ...]]
    added: tuple[str, ...] = ()

    @property
    def parameter(self) -> str:
        """The value of the ``scope`` parameter."""
        return " ".join(self.request)

    @property
    def as_configured(self) -> str:
        """The value of the ``scope`` parameter without what was added."""
        return " ".join(scope for scope in self.request if scope not in self.added)

    def lacks_consent(self, error: str, description: str = "", error_codes: object = None) -> bool:
        """Whether a refusal may be owed to what was added, so that it is worth trying without.

        :param error: the OAuth error code or suberror.
        :param description: the error's text.
        """
        if not self.added:
            return False
        return error == "consent_required" or not _NO_CONSENT.isdisjoint(numbers(description, error_codes))


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
    added = () if OFFLINE_ACCESS in wanted else (OFFLINE_ACCESS,)
    wanted += added
    graph_names = _GRAPH_NAMES | ({f"https://{graph_host.lower()}"} if graph_host else set())
    by_resource: dict[str, list[str]] = {}
    for scope in wanted:
        if scope not in _OIDC_SCOPES:
            by_resource.setdefault(_resource(scope, graph_names), []).append(scope)
    primary = next(iter(by_resource), "")
    left_out = {resource: tuple(named) for resource, named in by_resource.items() if resource != primary}
    dropped = {scope for named in left_out.values() for scope in named}
    return ScopePlan(tuple(scope for scope in wanted if scope not in dropped), primary, left_out, added)


def _resource(scope: str, graph_names: frozenset[str] | set[str]) -> str:
    # The last slash ends the resource: `https://management.azure.com//.default` is of `https://management.azure.com/`.
    resource, separator, _ = scope.rpartition("/")
    if not separator or resource.lower().rstrip("/") in graph_names:
        return GRAPH
    return resource.lower()

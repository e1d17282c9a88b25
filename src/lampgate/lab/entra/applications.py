"""App registrations: who may ask this tenant to sign people in, and how a redirect URI is compared.

Follows Microsoft's "Redirect URI (reply URL) restrictions and limitations".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlsplit

from lampgate.lab import world
from lampgate.lab.entra.resources import AKS_SERVER, GRAPH

_LOOPBACK_HOSTS: Final = frozenset({"localhost", "127.0.0.1"})


@dataclass(frozen=True, slots=True)
class FederatedCredential:
    """Whose tokens the application may present instead of a secret. All three are compared exactly."""

    issuer: str
    subject: str
    audience: str = world.FEDERATION_AUDIENCE


@dataclass(frozen=True, slots=True)
class Application:
    """An app registration together with its service principal.

    :ivar platform: ``web`` has to authenticate at the token endpoint, ``public`` must not.
    :ivar secrets: the values of its client secrets.
    :ivar certificates: PEM certificates whose keys may sign its assertions.
    :ivar app_roles: the application roles assigned to people, by object id.
    :ivar required_resource_access: permissions by resource; the administrator has consented to them.
    :ivar group_membership_claims: put group ids into ID tokens.
    :ivar optional_claims: of the ID token: ``auth_time``, ``login_hint``, ``sid``.
    :ivar multi_tenant: may be used through ``common`` and ``organizations``.
    """

    app_id: str
    name: str
    redirect_uris: tuple[str, ...]
    platform: Literal["web", "public"] = "web"
    secrets: tuple[str, ...] = field(default=(), repr=False)
    federated_credentials: tuple[FederatedCredential, ...] = ()
    certificates: tuple[bytes, ...] = ()
    app_roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    required_resource_access: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    group_membership_claims: bool = False
    optional_claims: tuple[str, ...] = ()
    multi_tenant: bool = False

    def accepts_redirect_uri(self, uri: str) -> bool:
        """Whether the browser may be sent to this address.

        Exact and case-sensitive. For a public client the port of ``http://localhost`` and ``http://127.0.0.1`` is
        not compared, because a native application takes any free one (RFC 8252 section 7.3).
        """
        if uri in self.redirect_uris:
            return True
        return self.platform == "public" and any(_same_loopback(uri, known) for known in self.redirect_uris)


def _same_loopback(uri: str, registered: str) -> bool:
    try:
        left, right = urlsplit(uri), urlsplit(registered)
        # Reading the port raises where it is not a number.
        left.port, right.port  # noqa: B018 - the access is the check
    except ValueError:
        return False
    return (
        left.scheme == right.scheme == "http"
        and left.hostname in _LOOPBACK_HOSTS
        and left.hostname == right.hostname
        and "@" not in left.netloc
        and (left.path or "/") == (right.path or "/")
        and left.query == right.query
        and not left.fragment
    )


_AKS_AND_GRAPH: Final[Mapping[str, tuple[str, ...]]] = {
    AKS_SERVER.app_id: ("user.read",),
    GRAPH.app_id: ("email", "offline_access", "openid", "profile", "User.Read"),
}

#: The public client of kubelogin; present in every tenant.
AKS_CLIENT: Final = Application(
    app_id=world.AKS_CLIENT_APP_ID,
    name="Azure Kubernetes Service AAD Client",
    redirect_uris=("http://localhost", "http://127.0.0.1"),
    platform="public",
    required_resource_access=_AKS_AND_GRAPH,
    multi_tenant=True,
)


def gateway_application(
    redirect_uris: Iterable[str],
    federated_issuer: str | None,
    *,
    secrets: Iterable[str] = (),
    group_membership_claims: bool = False,
) -> Application:
    """The gateway's registration, as its setup guide tells people to make it.

    :param redirect_uris: its callback, and where it wants people sent after they signed out.
    :param federated_issuer: the cluster's OIDC issuer, with its trailing slash; None: no federated credential.
    """
    credentials = (FederatedCredential(federated_issuer, world.GATEWAY_SERVICE_ACCOUNT),) if federated_issuer else ()
    return Application(
        app_id=world.GATEWAY_APP_ID,
        name=world.GATEWAY_APP_NAME,
        redirect_uris=tuple(redirect_uris),
        secrets=tuple(secrets),
        federated_credentials=credentials,
        required_resource_access=_AKS_AND_GRAPH,
        group_membership_claims=group_membership_claims,
    )

"""The APIs that tokens are issued for: the first-party service principals of the tenant.

Both issue v1.0 access tokens whatever the client or endpoint version, because a resource chooses the version of its
own tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lampgate.lab import world


@dataclass(frozen=True, slots=True)
class Resource:
    """A service principal that exposes delegated permissions.

    :ivar identifiers: what may stand before the ``/`` of a scope, in lower case and without a trailing slash.
    :ivar scopes: the permissions, as the application spells them.
    """

    app_id: str
    name: str
    identifiers: tuple[str, ...]
    scopes: tuple[str, ...]

    def scope(self, name: str) -> str | None:
        """The permission of that name in its own spelling. Entra does not look at case here."""
        return next((scope for scope in self.scopes if scope.casefold() == name.casefold()), None)


AKS_SERVER: Final = Resource(
    app_id=world.AKS_SERVER_APP_ID,
    name="Azure Kubernetes Service AAD Server",
    identifiers=(world.AKS_SERVER_APP_ID, f"api://{world.AKS_SERVER_APP_ID}"),
    scopes=("user.read",),
)
GRAPH: Final = Resource(
    app_id=world.GRAPH_APP_ID,
    name="Microsoft Graph",
    identifiers=(world.GRAPH_APP_ID, "https://graph.microsoft.com"),
    scopes=(
        "email",
        "offline_access",
        "openid",
        "profile",
        "User.Read",
        "User.ReadBasic.All",
        "GroupMember.Read.All",
    ),
)

FIRST_PARTY: Final = (AKS_SERVER, GRAPH)


def find_resource(identifier: str, resources: Iterable[Resource]) -> Resource | None:
    """The resource a scope or a caller names."""
    wanted = identifier.casefold().removesuffix("/")
    return next((resource for resource in resources if wanted in resource.identifiers), None)

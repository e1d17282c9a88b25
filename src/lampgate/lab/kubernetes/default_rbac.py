"""The Kubernetes RBAC every cluster is born with, as far as it concerns people: `system:authenticated` may look
around (discovery, version, health) and ask about itself.

Decides nothing else: RoleBindings stored in the lab's cluster are not evaluated, so they cannot be written either.
Follows plugin/pkg/auth/authorizer/rbac/bootstrappolicy of Kubernetes.
"""

from __future__ import annotations

from typing import Final

from lampgate.lab.kubernetes.authorization import AUTHENTICATED, Attributes, Decision, Rules, Verdict

_DISCOVERY_PATHS: Final = (
    "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version",
    "/version/",
)  # fmt: skip
#: group -> what a basic user may create.
_SELF_REVIEWS: Final = {
    "authentication.k8s.io": ("selfsubjectreviews",),
    "authorization.k8s.io": ("selfsubjectaccessreviews", "selfsubjectrulesreviews"),
}


class DefaultRbac:
    """The ClusterRoles `system:discovery` and `system:basic-user`, bound to `system:authenticated`."""

    def authorize(self, attributes: Attributes) -> Decision:
        """Allow, or have no opinion: RBAC never denies."""
        if AUTHENTICATED in attributes.user.groups:
            if not attributes.resource:
                if attributes.verb in ("get", "head") and _matches_discovery(attributes.path):
                    return _allowed_by("system:discovery")
            elif attributes.verb == "create" and attributes.resource in _SELF_REVIEWS.get(attributes.group, ()):
                return _allowed_by("system:basic-user")
        return Decision(Verdict.NO_OPINION)

    def rules(self) -> Rules:
        """The same permissions as a rules review lists them."""
        return Rules(
            resource_rules=[
                {"verbs": ["create"], "apiGroups": [group], "resources": list(resources)}
                for group, resources in _SELF_REVIEWS.items()
            ],
            non_resource_rules=[{"verbs": ["get"], "nonResourceURLs": list(_DISCOVERY_PATHS)}],
        )


def _matches_discovery(path: str) -> bool:
    return any(
        path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern for pattern in _DISCOVERY_PATHS
    )


def _allowed_by(role: str) -> Decision:
    return Decision(
        Verdict.ALLOW,
        f'RBAC: allowed by ClusterRoleBinding "{role}" of ClusterRole "{role}" to Group "{AUTHENTICATED}"',
    )

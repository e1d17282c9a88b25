"""May this user do this? The question, the answer, and the chain of authorizers that is asked.

The first authorizer with an opinion decides, as in k8s.io/apiserver/pkg/authorization/union. On AKS Kubernetes RBAC
comes before the Azure webhook, so Azure can only add to what RBAC allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from lampgate.lab.kubernetes import status
from lampgate.lab.kubernetes.request_info import RequestInfo
from lampgate.lab.kubernetes.status import StatusError

AUTHENTICATED = "system:authenticated"
#: What the API server answers a rules review with when a webhook is in the chain (apiserver, webhook authorizer).
RULES_EVALUATION_ERROR = "webhook authorizer does not support user rule resolution"


@dataclass(frozen=True, slots=True)
class User:
    """Who the API server holds the caller to be (``authentication.k8s.io`` UserInfo)."""

    name: str
    groups: tuple[str, ...] = ()
    extra: dict[str, list[str]] = field(default_factory=dict)
    uid: str = ""

    @property
    def oid(self) -> str:
        """The Entra object id; empty for anybody who did not come through Entra."""
        values = self.extra.get("oid")
        return values[0] if values else ""


@dataclass(frozen=True, slots=True)
class Attributes:
    """One question. For a non-resource path ``resource`` is empty and ``path`` set."""

    user: User
    verb: str
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @classmethod
    def of(cls, user: User, info: RequestInfo) -> Attributes:
        """The question a request asks."""
        return cls(
            user=user,
            verb=info.verb,
            group=info.group,
            version=info.version,
            resource=info.resource,
            subresource=info.subresource,
            namespace=info.namespace,
            name=info.name,
            path="" if info.is_resource else info.path,
        )


class Verdict(Enum):
    """What an authorizer says."""

    ALLOW = "allow"
    DENY = "deny"
    NO_OPINION = "no opinion"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and the reason a person reads."""

    verdict: Verdict
    reason: str = ""

    @property
    def allowed(self) -> bool:
        """Whether the request may go on."""
        return self.verdict is Verdict.ALLOW


@dataclass(frozen=True, slots=True)
class Rules:
    """What a rules review lists for a user."""

    resource_rules: list[dict[str, list[str]]]
    non_resource_rules: list[dict[str, list[str]]]


class Authorizer(Protocol):
    """Decides on one question.

    :raises StatusError: where the authorizer itself fails, e.g. on a wildcard it cannot expand.
    """

    def authorize(self, attributes: Attributes) -> Decision:
        """Decide."""
        ...


class Chain:
    """Authorizers in order; the reasons of those without opinion are gathered."""

    def __init__(self, authorizers: Sequence[Authorizer]) -> None:
        self._authorizers = tuple(authorizers)

    def authorize(self, attributes: Attributes) -> Decision:
        """The first opinion; without one, no opinion with every reason given."""
        reasons: list[str] = []
        for authorizer in self._authorizers:
            decision = authorizer.authorize(attributes)
            if decision.verdict is not Verdict.NO_OPINION:
                return decision
            if decision.reason:
                reasons.append(decision.reason)
        return Decision(Verdict.NO_OPINION, "\n".join(reasons))


def forbidden(attributes: Attributes, reason: str) -> StatusError:
    """403 in the API server's words (k8s.io/apiserver, responsewriters/errors.go), the authorizer's reason last."""
    user, verb = attributes.user.name, attributes.verb
    if not attributes.resource:
        message = f'User "{user}" cannot {verb} path "{attributes.path}"'
        return StatusError(403, "Forbidden", f"forbidden: {_with_reason(message, reason)}", details={})
    resource = f"{attributes.resource}/{attributes.subresource}" if attributes.subresource else attributes.resource
    where = f'in the namespace "{attributes.namespace}"' if attributes.namespace else "at the cluster scope"
    message = f'User "{user}" cannot {verb} resource "{resource}" in API group "{attributes.group}" {where}'
    subject = status.qualified(attributes.resource, attributes.group)
    if attributes.name:
        subject += f' "{attributes.name}"'
    details = {"name": attributes.name, "group": attributes.group, "kind": attributes.resource}
    return StatusError(
        403,
        "Forbidden",
        f"{subject} is forbidden: {_with_reason(message, reason)}",
        details={key: value for key, value in details.items() if value},
    )


def _with_reason(message: str, reason: str) -> str:
    return f"{message}: {reason}" if reason else message

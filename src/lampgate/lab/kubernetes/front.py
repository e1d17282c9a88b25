"""What the API front is made of, and one call to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers

from lampgate.lab.kubernetes.authentication import Authenticator
from lampgate.lab.kubernetes.authorization import Authorizer, User
from lampgate.lab.kubernetes.cluster import Cluster
from lampgate.lab.kubernetes.request_info import RequestInfo
from lampgate.lab.kubernetes.service_accounts import ServiceAccountIssuer


@dataclass(frozen=True, slots=True)
class Front:
    """The parts behind the API, each replaceable in a test."""

    cluster: Cluster
    authenticator: Authenticator
    authorizer: Authorizer
    service_accounts: ServiceAccountIssuer


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was admitted: authenticated and authorized.

    :ivar query: the first value of each parameter.
    """

    front: Front
    user: User
    info: RequestInfo
    query: Mapping[str, str]
    headers: Headers

    def number(self, name: str) -> int | None:
        """A whole number of the query; None if absent or not a number."""
        value = self.query.get(name, "")
        return int(value) if value.isdigit() else None

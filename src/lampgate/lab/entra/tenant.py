"""The tenant: its directory, keys, grants, browsers and consents, and the switches tests turn to make it refuse.

All state of the lab's Entra is here or in the objects this one holds; it lives in memory and ends with the process.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import randbelow
from typing import Final
from uuid import uuid4

import httpx

from lampgate.lab import world
from lampgate.lab.entra.applications import AKS_CLIENT, Application
from lampgate.lab.entra.assertions import AssertionVerifier
from lampgate.lab.entra.authorization_request import Directory
from lampgate.lab.entra.browser_sessions import BrowserSessions, SignIn
from lampgate.lab.entra.errors import EntraError, iso7
from lampgate.lab.entra.grants import Grants
from lampgate.lab.entra.keys import SigningKeys
from lampgate.lab.entra.resources import AKS_SERVER, FIRST_PARTY, GRAPH, Resource
from lampgate.lab.entra.scopes import permissions_in_token
from lampgate.lab.entra.tokens import (
    ClientAuthenticationClass,
    Issuers,
    access_token_claims,
    application_token_claims,
    sign,
    sign_for_graph,
)
from lampgate.lab.world import Account

#: Seconds: Entra draws the lifetime of an access token from this range.
_LIFETIME_RANGE: Final = (3600, 5400)
#: Seconds: what an application gets for AKS with a federated credential.
_APPLICATION_LIFETIME: Final = 86399


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An access token. Times in seconds; ``expires_on`` since the epoch."""

    value: str
    expires_in: int
    expires_on: int

    def __repr__(self) -> str:
        return f"IssuedToken(<hidden>, expires_on={self.expires_on})"


@dataclass(slots=True)
class _Standing:
    """What administrators have done to an account. The counters make what was issued before a turn invalid."""

    mfa_round: int = 0
    revocation: int = 0
    valid_from: float = 0.0


class Tenant:
    """One Entra tenant.

    :param origin: the authority, e.g. ``http://127.0.0.1:8081``.
    :param applications: the app registrations. The AKS client application is always there.
    :param accounts: the people.
    :param resources: the service principals tokens can be had for.
    :param clock: seconds since the epoch.
    :param federation_ca_file: PEM file trusted for the issuers of federated credentials.
    :param federation_transport: how those issuers are reached; None: the network.
    :param access_token_lifetime: seconds; None: random, as Entra does.
    :param keys: None: new ones.
    """

    def __init__(
        self,
        origin: str,
        *,
        applications: Iterable[Application],
        accounts: Iterable[Account] = world.ACCOUNTS,
        resources: Iterable[Resource] = FIRST_PARTY,
        clock: Callable[[], float] = time.time,
        federation_ca_file: Path | None = None,
        federation_transport: httpx.AsyncBaseTransport | None = None,
        access_token_lifetime: int | None = None,
        keys: SigningKeys | None = None,
    ) -> None:
        self.origin = origin.rstrip("/")
        self.id = world.TENANT_ID
        self.name = world.TENANT_NAME
        self.domain = world.TENANT_DOMAIN
        self.accounts = tuple(accounts)
        self.clock = clock
        self.access_token_lifetime = access_token_lifetime
        registered = {application.app_id.lower(): application for application in (AKS_CLIENT, *applications)}
        self.directory = Directory(self.name, registered, tuple(resources))
        self.keys = keys or SigningKeys(clock())
        self.grants = Grants(clock)
        self.browsers = BrowserSessions(clock)
        self.assertions = AssertionVerifier(clock, ca_file=federation_ca_file, transport=federation_transport)
        self._standing = {account.oid: _Standing() for account in self.accounts}
        self._consents = {
            (application.app_id, resource_id): frozenset(permissions)
            for application in registered.values()
            for resource_id, permissions in application.required_resource_access.items()
        }
        self._faults: deque[EntraError] = deque()
        self._graph_faults: deque[int] = deque()

    async def aclose(self) -> None:
        """Close the connections to the issuers of federated credentials."""
        await self.assertions.aclose()

    # Addresses.

    @property
    def issuer(self) -> str:
        """The v2.0 issuer: of ID tokens. Without a trailing slash."""
        return f"{self.origin}/{self.id}/v2.0"

    @property
    def v1_issuer(self) -> str:
        """The v1.0 issuer: of access tokens for AKS and Graph. With a trailing slash."""
        return f"{self.origin}/sts/{self.id}/"

    @property
    def issuers(self) -> Issuers:
        """Both issuers."""
        return Issuers(self.id, self.v1_issuer, self.issuer)

    @property
    def authorization_endpoint(self) -> str:
        """Where browsers are sent to sign in."""
        return f"{self.origin}/{self.id}/oauth2/v2.0/authorize"

    @property
    def token_endpoint(self) -> str:
        """Where codes and refresh tokens are redeemed."""
        return f"{self.origin}/{self.id}/oauth2/v2.0/token"

    @property
    def end_session_endpoint(self) -> str:
        """Where browsers are sent to sign out."""
        return f"{self.origin}/{self.id}/oauth2/v2.0/logout"

    @property
    def jwks_uri(self) -> str:
        """The signing keys."""
        return f"{self.origin}/{self.id}/discovery/v2.0/keys"

    @property
    def userinfo_endpoint(self) -> str:
        """Graph's user info; of Graph itself the lab has only what tells a person's groups."""
        return f"{self.origin}/oidc/userinfo"

    # The directory.

    def canonical_authority(self, name: str) -> str:
        """The tenant part of an address: the id for id and domain, ``common`` and ``organizations`` as they are.

        :raises EntraError: 90002.
        """
        folded = name.casefold()
        if folded in (self.id, self.domain):
            return self.id
        if folded in ("common", "organizations"):
            return folded
        raise EntraError(90002, tenant=name)

    def account(self, username: str) -> Account | None:
        """A person by user name. Case does not matter, and the tenant's own domain may be left out."""
        wanted = username.strip().casefold()
        names = {wanted, f"{wanted}@{self.domain}"}
        return next((account for account in self.accounts if account.username.casefold() in names), None)

    def new_sign_in(self, account: Account, methods: tuple[str, ...]) -> SignIn:
        """A sign-in of this moment."""
        standing = self._standing[account.oid]
        return SignIn(account, self.clock(), methods, str(uuid4()), standing.mfa_round, standing.revocation)

    def is_revoked(self, sign_in: SignIn) -> bool:
        """Whether sessions and grants of that sign-in have been revoked since."""
        return sign_in.revocation != self._standing[sign_in.account.oid].revocation

    def needs_mfa(self, sign_in: SignIn) -> bool:
        """Whether a new approval has been demanded since."""
        return sign_in.mfa_round != self._standing[sign_in.account.oid].mfa_round

    def valid_from(self, account: Account) -> str:
        """When the account's grants were last revoked, as Entra writes it."""
        return iso7(self._standing[account.oid].valid_from)

    def consented(self, application: Application, resource: Resource) -> frozenset[str]:
        """The permissions granted to an application on a resource."""
        return self._consents.get((application.app_id, resource.app_id), frozenset())

    def consent(self, application: Application, resource: Resource, permissions: Iterable[str]) -> None:
        """Grant permissions in addition to those already granted."""
        granted = self.consented(application, resource) | frozenset(permissions)
        self._consents[application.app_id, resource.app_id] = granted

    # Tokens.

    def issue_access_token(
        self,
        account: Account,
        *,
        app_id: str,
        resource: Resource = AKS_SERVER,
        lifetime: int | None = None,
    ) -> IssuedToken:
        """An access token for a person without any sign-in, as after one with MFA.

        :param app_id: the client it is issued to.
        :param lifetime: seconds; None: the tenant's.
        :raises EntraError: 700016, 65001.
        """
        application = self.directory.applications.get(app_id.lower())
        if application is None:
            raise EntraError(700016, app_id=app_id, tenant=self.name)
        authenticated: ClientAuthenticationClass = "0" if application.platform == "public" else "2"
        sign_in = self.new_sign_in(account, ("pwd", "mfa"))
        return self.access_token(application, authenticated, sign_in, resource, lifetime)

    def access_token(
        self,
        application: Application,
        authenticated: ClientAuthenticationClass,
        sign_in: SignIn,
        resource: Resource,
        lifetime: int | None = None,
    ) -> IssuedToken:
        """An access token for a signed-in person.

        :raises EntraError: 65001.
        """
        granted = self.consented(application, resource)
        if not granted:
            raise EntraError(65001, app_id=application.app_id, name=application.name)
        now = int(self.clock())
        seconds = lifetime or self.access_token_lifetime or _random_lifetime()
        permissions = permissions_in_token(resource, granted)
        claims = access_token_claims(
            self.issuers, resource, application, authenticated, sign_in, permissions, now, seconds
        )
        signer = sign_for_graph if resource == GRAPH else sign
        return IssuedToken(signer(claims, self.keys.signing), seconds, now + seconds)

    def application_token(
        self, application: Application, authenticated: ClientAuthenticationClass, resource: Resource
    ) -> IssuedToken:
        """An access token for an application itself."""
        now = int(self.clock())
        seconds = self.access_token_lifetime or _APPLICATION_LIFETIME
        claims = application_token_claims(self.issuers, resource, application, authenticated, now, seconds)
        signer = sign_for_graph if resource == GRAPH else sign
        return IssuedToken(signer(claims, self.keys.signing), seconds, now + seconds)

    # Switches for tests.

    def fail_next_token_request(self, code: int, *, claims: str = "", times: int = 1, **parameters: str) -> None:
        """Answer the next well-formed requests to the token endpoint with an error. Nothing is redeemed by them."""
        self._faults.extend(EntraError(code, claims=claims, **parameters) for _ in range(times))

    def raise_fault(self) -> None:
        """Raise the error that was ordered for this token request, if there is one."""
        if self._faults:
            raise self._faults.popleft()

    def fail_next_graph_request(self, status: int = 503, *, times: int = 1) -> None:
        """Answer the next requests to Graph with this HTTP status."""
        self._graph_faults.extend([status] * times)

    def next_graph_fault(self) -> int | None:
        """The status that was ordered for this request to Graph."""
        return self._graph_faults.popleft() if self._graph_faults else None

    def require_mfa(self, username: str) -> None:
        """Demand a new approval of a person: grants answer 50076, and the next sign-in asks again."""
        self._known(username).mfa_round += 1

    def revoke_refresh_tokens(self, username: str) -> None:
        """Revoke a person's grants and browser sessions, as ``revokeSignInSessions`` does: 50173."""
        standing = self._known(username)
        standing.revocation += 1
        standing.valid_from = self.clock()

    def withdraw_consent(self, app_id: str, resource: Resource = AKS_SERVER) -> None:
        """Take an application's permissions on a resource away: 65001, and the sign-in asks for consent."""
        self._consents.pop((app_id, resource.app_id), None)

    def roll_keys(self, *, keep_old: bool = True) -> None:
        """Sign with a new key from now on; see `SigningKeys.roll`."""
        self.keys.roll(self.clock(), keep_old=keep_old)

    def _known(self, username: str) -> _Standing:
        account = self.account(username)
        if account is None:
            raise ValueError(f"{username!r} is not an account of the tenant")
        return self._standing[account.oid]


def mfa_claims(sign_in: SignIn) -> Mapping[str, object]:
    """The claims challenge Entra sends with 50076."""
    return {"access_token": {"polids": {"essential": True, "values": [sign_in.session_id]}}}


def _random_lifetime() -> int:
    shortest, longest = _LIFETIME_RANGE
    return shortest + randbelow(longest - shortest + 1)

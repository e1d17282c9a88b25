"""The OpenID provider, as the rest of lampgate sees it: is it there, where to send a browser, who came back.

Discovery and keys are fetched in the background and again now and then; a provider that is away stops no process and
ends no session, it only makes new sign-ins wait. What is sent is decided here: authorization code flow with PKCE
(RFC 7636, always S256, whether advertised or not), state and nonce, and the scopes of exactly one resource, named in
the authorization request and again in the token request.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from lampgate.config.settings import BearerSettings, ProviderSettings
from lampgate.errors import LampgateError
from lampgate.identity import id_token
from lampgate.identity.attempt import SignInAttempt
from lampgate.identity.bearer import Bearers, Issuer
from lampgate.identity.client_authentication import ClientAuthenticator
from lampgate.identity.errors import (
    IdTokenInvalidError,
    ProviderKeysError,
    ProviderMetadataError,
    ProviderNotReadyError,
    ProviderUnreachableError,
)
from lampgate.identity.fetch import ProviderClient
from lampgate.identity.groups import GroupLookup
from lampgate.identity.keys import SigningKeys, VerificationKey, read_keys
from lampgate.identity.logout_token import SignedOut, signed_out
from lampgate.identity.metadata import ProviderMetadata, discovery_url, read_metadata, written_document
from lampgate.identity.renewal import outcome_of
from lampgate.identity.scopes import ScopePlan, plan
from lampgate.identity.subject import SubjectNeeds, contexts_of, provider_session_of, subject_of
from lampgate.identity.token_response import TokenResponse, read_token_response
from lampgate.session.record import Session, Subject, Token
from lampgate.session.renewal import Refused, Renewal, Renewed, Unsure

if TYPE_CHECKING:
    import httpx

_log = logging.getLogger("lampgate.identity")

#: Seconds between attempts to reach a provider that is not there, doubling.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
#: Seconds until discovery and keys are looked at again. Entra allows a day; changes should arrive sooner.
_METADATA_AGE = 3_600.0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and with which tokens. No ``repr`` shows the tokens.

    :ivar contexts: authentication contexts that were met.
    :ivar provider_session: the provider's own session, by which it can end ours; mostly empty.
    """

    subject: Subject
    access_token: Token
    id_token: str
    refresh_token: str
    contexts: tuple[str, ...] = ()
    provider_session: str = ""

    def __repr__(self) -> str:
        return f"SignedIn({self.subject.key})"


class Provider:
    """One OpenID provider and our registration with it.

    :param place_of: where a setting was written, by its path in the model (``provider.issuer_url``).
    :param clock: seconds since the epoch.
    :param needs: what rules and headers want to know about a person.
    :param http_transport: replaces the network, in tests.
    :param sleep: how to wait between attempts.
    :param jitter: a number from 0 to 1 that spreads the replicas' attempts.
    """

    def __init__(
        self,
        settings: ProviderSettings,
        *,
        place_of: Callable[[str], str],
        clock: Callable[[], float],
        needs: SubjectNeeds = SubjectNeeds(),  # noqa: B008 - immutable
        http_transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self.metadata: ProviderMetadata | None = None
        self.problem: LampgateError | None = ProviderNotReadyError(
            "The OpenID provider has not answered yet", remedy="Try again in a moment."
        )
        self._place_of = place_of
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._client = ProviderClient(
            timeout=settings.timeout,
            ca_files=settings.ca_files,
            system_authorities=settings.system_authorities,
            place=place_of("provider.issuer_url"),
            transport=http_transport,
        )
        self._authenticator = ClientAuthenticator(
            settings, clock=clock, place=place_of("provider.client_authentication"), transport=http_transport
        )
        self._keys = SigningKeys(self._fetch_keys, clock)
        self._scopes = plan(settings.scopes, entra=settings.kind == "entra")
        self._needs = needs
        self._groups = GroupLookup(needs, redeem=self._graph_token, client=self._client, clock=clock)

    @property
    def ready(self) -> bool:
        """Whether people can sign in: discovery and keys were read at least once."""
        return self.metadata is not None

    @property
    def is_entra(self) -> bool:
        """Whether the provider is Microsoft Entra ID, by its discovery document or by configuration."""
        return self.settings.kind == "entra" or (self.metadata is not None and self.metadata.is_entra)

    @property
    def display_name(self) -> str:
        """The provider's name for people."""
        if self.settings.display_name:
            return self.settings.display_name
        return "Microsoft Entra ID" if self.is_entra else urlsplit(self.settings.issuer_url).netloc

    @property
    def scopes(self) -> ScopePlan:
        """What is asked for, and which configured scopes are not."""
        return self._scopes

    async def run(self) -> None:
        """Keep discovery and keys current until cancelled. Failures are logged once each, never raised."""
        pause, said = _FIRST_PAUSE, ""
        try:
            while True:
                try:
                    await self.refresh_metadata()
                except Exception as error:
                    if not isinstance(error, LampgateError):
                        _log.exception("reading the provider's metadata failed; this is a mistake in lampgate")
                    elif str(error) != said:
                        said = str(error)
                        _log.warning("provider not usable: %s", said)
                    # A provider that answered once is only late with its news: sign-ins go on with what is known.
                    await self._sleep(pause * (0.5 + 0.5 * self._jitter()))
                    pause = min(pause * 2, _LONGEST_PAUSE)
                else:
                    pause, said = _FIRST_PAUSE, ""
                    await self._sleep(_METADATA_AGE * (0.9 + 0.1 * self._jitter()))
        finally:
            await self._client.close()
            await self._authenticator.close()

    async def refresh_metadata(self) -> None:
        """Read discovery and keys once.

        :raises LampgateError: what is wrong; also in `problem`, unless an earlier reading is still in use.
        """
        try:
            metadata = await self._fetch_metadata()
            first = self.metadata is None
            # The keys are read from where the new document says, before anything of it is used.
            keys = await self._fetch_keys(metadata)
        except LampgateError as error:
            if self.metadata is None:
                self.problem = error
            raise
        self._keys.replace(keys)
        self.metadata = metadata
        self.problem = None
        self._scopes = plan(self.settings.scopes, entra=self.is_entra, graph_host=metadata.graph_host)
        if first:
            self._announce(metadata)

    def authorization_url(
        self,
        attempt: SignInAttempt,
        redirect_uri: str,
        *,
        prompt: str | None = None,
        login_hint: str | None = None,
        claims: str | None = None,
    ) -> str:
        """Where to send the browser (OpenID Connect Core section 3.1.2.1).

        :param prompt: e.g. ``select_account``.
        :param claims: a claims challenge, as the token endpoint sent it.
        :raises LampgateError: the provider is not ready; see `problem`.
        """
        metadata = self._ready_metadata()
        parameters = {
            "client_id": self.settings.client_id,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": self._scope_of(attempt),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.code_challenge,
            "code_challenge_method": "S256",
        }
        # Its own come last: nothing that is configured takes their place.
        parameters = dict(self.settings.login_parameters) | parameters
        optional = {"prompt": prompt, "login_hint": login_hint, "claims": claims}
        parameters |= {name: value for name, value in optional.items() if value}
        return _with_query(metadata.authorization_endpoint, parameters)

    async def redeem(self, code: str, attempt: SignInAttempt, redirect_uri: str) -> SignedIn:
        """Exchange a code for tokens, and verify who signed in. The caller has compared the state before.

        :raises LampgateError: one class a kind of failure; see `lampgate.identity.errors`.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": attempt.code_verifier,
        }
        hide = (code, attempt.code_verifier, attempt.state, attempt.nonce)
        asked_at = self._clock()
        tokens = await self._request_tokens(form, hide, scope=self._scope_of(attempt))
        claims = await self._verified(tokens.id_token, attempt.nonce)
        subject = await self._groups.complete(self._subject(claims), self._ready_metadata(), tokens.refresh_token)
        return SignedIn(
            subject,
            _access_token(tokens, asked_at),
            tokens.id_token,
            tokens.refresh_token,
            contexts_of(claims),
            provider_session_of(claims),
        )

    async def refresh(self, session: Session) -> Renewal:
        """New tokens for a session, from its refresh token (RFC 6749 section 6, OpenID Connect Core section 12).

        Never raises: what went wrong is either the end of the session or may pass; see `outcome_of`.
        """
        if not session.refresh_token:
            return Refused("no-refresh-token")
        form = {"grant_type": "refresh_token", "refresh_token": session.refresh_token}
        asked_at = self._clock()
        try:
            # Entra has to be told the resource each time. Elsewhere what was granted stays granted, and asking for
            # scopes that were not (offline_access is often dropped) would be an error (RFC 6749 section 6).
            scope = None if self.is_entra else ""
            tokens = await self._request_tokens(form, (session.refresh_token,), scope=scope, renewal=True)
            subject = await self._same_subject(tokens.id_token, session.subject)
            subject = await self._groups.complete(
                subject,
                self._ready_metadata(),
                tokens.refresh_token or session.refresh_token,
                session.subject,
            )
        except LampgateError as error:
            outcome = outcome_of(error)
            if isinstance(outcome, Unsure) and not isinstance(error, ProviderUnreachableError):
                _log.error("renewing a session failed for a reason on this side: %s", error)
            return outcome
        return Renewed(
            msgspec.structs.replace(
                session,
                subject=subject,
                tokens=session.tokens | {"access_token": _access_token(tokens, asked_at)},
                refresh_token=tokens.refresh_token or session.refresh_token,
                # A cookie may have had no room for the earlier one.
                id_token=(tokens.id_token or session.id_token) if self._needs.id_token else "",
                generation=session.generation + 1,
            )
        )

    async def redeem_for(self, refresh_token: str, scopes: tuple[str, ...]) -> Token | Refused | Unsure:
        """A token for another resource, from a session's refresh token; the session itself does not change.

        Never raises; see `refresh`.
        """
        if not self.is_entra:
            # Redeeming it might use up the refresh token (RFC 9700 section 4.14.2), and the session with it.
            return Refused("not-entra", "Further tokens can be had from Microsoft Entra ID only.")
        try:
            return await self._token_for(refresh_token, " ".join(scopes))
        except LampgateError as error:
            outcome = outcome_of(error)
            if isinstance(outcome, Unsure) and not isinstance(error, ProviderUnreachableError):
                _log.error("a further token cannot be had for a reason on this side: %s", error)
            return outcome

    async def bearer_claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that a request brought, if the provider has made it out to us.

        :raises LampgateError: it is not acceptable, or cannot be judged now.
        """
        return await self._verified(token, None)

    def bearers(self, settings: BearerSettings) -> Bearers:
        """What judges the tokens that requests bring."""
        issuers = [Issuer(issuer, self.settings, self._client, self._clock) for issuer in settings.issuers]
        return Bearers(
            self.bearer_claims, issuers, self.settings, is_entra=lambda: self.is_entra, keep=self._needs.claims
        )

    async def call_logout(self, id_token: str) -> None:
        """Tell whoever is configured that somebody has signed out. Whatever comes of it is logged only."""
        url = self.settings.backend_logout_url
        if url is None:
            return
        told = quote(id_token, safe="")
        try:
            answer = await self._client.get(url.replace("{id_token}", told))
        except ProviderUnreachableError as error:
            # What the client says may hold the address, and that holds the token.
            cause = error.cause.replace(told, "…") if told else error.cause
            _log.warning("the backend logout URL was not reached: %s", cause)
            return
        if answer.status >= 400:
            _log.warning("the backend logout URL answered with HTTP status %d", answer.status)

    def end_session_url(self, *, post_logout_redirect_uri: str | None = None, logout_hint: str = "") -> str | None:
        """Where a person ends the session with the provider itself (OpenID Connect RP-Initiated Logout 1.0).

        :param post_logout_redirect_uri: has to be registered with the provider; without it the provider shows a
            page of its own.
        :param logout_hint: who signs out; spares the choice between accounts.
        :returns: None where the provider offers no such thing, or is not known yet.
        """
        if self.metadata is None or self.metadata.end_session_endpoint is None:
            return None
        parameters = {"client_id": self.settings.client_id}
        if post_logout_redirect_uri:
            parameters["post_logout_redirect_uri"] = post_logout_redirect_uri
        if logout_hint:
            parameters["logout_hint"] = logout_hint
        return _with_query(self.metadata.end_session_endpoint, parameters)

    def _scope_of(self, attempt: SignInAttempt) -> str:
        return self._scopes.as_configured if attempt.as_configured else self._scopes.parameter

    def _ready_metadata(self) -> ProviderMetadata:
        if self.metadata is None:
            raise self.problem or ProviderNotReadyError("The OpenID provider has not answered yet")
        return self.metadata

    async def _fetch_metadata(self) -> ProviderMetadata:
        place = self._place_of("provider.issuer_url")
        if self.settings.endpoints is not None:
            document = written_document(self.settings.endpoints, self.settings.issuer_url)
            return self._read(document, self._place_of("provider.endpoints"))
        url = discovery_url(self.settings.issuer_url)
        answer = await self._client.get(url)
        if answer.status >= 500:
            raise ProviderUnreachableError(
                f"The OpenID provider answers {url} with a server error",
                cause=f"HTTP status {answer.status}",
                remedy="Wait until the provider has recovered; lampgate keeps trying.",
                place=place,
            )
        if answer.status != 200:
            raise ProviderMetadataError(
                f"There is no discovery document at {url}",
                cause=f"HTTP status {answer.status}",
                remedy="Check the issuer; with Entra it is https://<authority>/<tenant id>/v2.0.",
                place=place,
            )
        return self._read(answer.document, place)

    def _read(self, document: Any, place: str) -> ProviderMetadata:
        algorithms = self.settings.signing_algorithms
        return read_metadata(document, self.settings.issuer_url, algorithms=algorithms, place=place)

    async def _fetch_keys(self, metadata: ProviderMetadata | None = None) -> tuple[VerificationKey, ...]:
        url = (metadata or self._ready_metadata()).jwks_uri
        place = self._place_of("provider.issuer_url")
        answer = await self._client.get(url)
        if answer.status != 200:
            raise ProviderKeysError(
                f"The OpenID provider does not hand out its keys at {url}",
                cause=f"HTTP status {answer.status}",
                remedy="Wait until the provider has recovered; lampgate keeps trying.",
                place=place,
            )
        return read_keys(answer.document, place=place)

    async def _request_tokens(
        self, grant: dict[str, str], hide: tuple[str, ...], *, scope: str | None = None, renewal: bool = False
    ) -> TokenResponse:
        """One request to the token endpoint, with our credentials and the scopes of one resource.

        :param scope: None: those of the dashboard's token. Empty: the parameter is left out.
        """
        metadata = self._ready_metadata()
        own = await self._authenticator.credentials(metadata)
        scope = self._scopes.parameter if scope is None else scope
        form = {**grant, **({"scope": scope} if scope else {}), **own.form}
        answer = await self._client.post_form(metadata.token_endpoint, form, own.headers)
        return read_token_response(
            answer, hide=(*hide, own.secret), place=self._place_of("provider.scopes"), renewal=renewal
        )

    async def _token_for(self, refresh_token: str, scope: str) -> Token:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        asked_at = self._clock()
        return _access_token(await self._request_tokens(form, (refresh_token,), scope=scope, renewal=True), asked_at)

    async def _graph_token(self, refresh_token: str, scope: str) -> str:
        return (await self._token_for(refresh_token, scope)).value

    async def _verified(self, token: str, nonce: str | None) -> dict[str, Any]:
        """The claims of an ID token that passes every check.

        :param nonce: of the sign-in; None after a renewal, whose ID token has none.
        """
        claims = await self._signed_claims(token)
        id_token.check_claims(claims, self._expectations(nonce))
        return claims

    async def signed_out(self, token: str) -> SignedOut:
        """What a logout token says, if it passes every check (OpenID Connect Back-Channel Logout section 2.6).

        :raises LampgateError: it is not acceptable, or cannot be judged now.
        """
        claims = await self._signed_claims(token)
        id_token.check_issuance(claims, self._expectations(None))
        return signed_out(claims)

    async def _signed_claims(self, token: str) -> dict[str, Any]:
        """The claims of a token that the provider has signed; nothing else of it was looked at."""
        metadata = self._ready_metadata()
        header = id_token.read_header(token, metadata.signing_algorithms)
        key = await self._keys.find(header.kid, header.algorithm)
        if key is None:
            raise IdTokenInvalidError(
                "The ID token that the provider issued is not acceptable",
                reason="key",
                cause="it does not say which of the provider's keys signed it"
                if header.kid is None
                else "it is signed with a key that the provider does not publish",
                remedy="Sign in again; if it happens again, the provider or something on the way to it is at fault.",
            )
        return id_token.verified_claims(token, header, key)

    def _expectations(self, nonce: str | None) -> id_token.Expectations:
        return id_token.Expectations(
            metadata=self._ready_metadata(),
            audiences=(self.settings.client_id, *self.settings.extra_audiences),
            audience_claims=self.settings.audience_claims,
            nonce=nonce,
            now=self._clock(),
            leeway=self.settings.clock_leeway,
        )

    def _subject(self, claims: Mapping[str, Any]) -> Subject:
        return subject_of(claims, self.settings, entra=self.is_entra, keep=self._needs.claims)

    async def _same_subject(self, token: str, known: Subject) -> Subject:
        """The person after a renewal: the same one, with what is new about them (OpenID Connect Core section 12.2).

        :raises IdTokenInvalidError: it is somebody else's ID token, or not a good one.
        """
        if not token:
            return known
        subject = self._subject(await self._verified(token, None))
        if (subject.issuer, subject.sub, subject.key) != (known.issuer, known.sub, known.key):
            raise IdTokenInvalidError(
                "The renewed ID token is somebody else's",
                reason="subject",
                cause="its issuer or subject differs from that of the sign-in",
                remedy="Sign in again.",
            )
        # A renewal's ID token may say less than the first one. Entra's says everything: no groups there are none.
        return msgspec.structs.replace(
            subject,
            name=subject.name or known.name,
            email=subject.email or known.email,
            preferred_username=subject.preferred_username or known.preferred_username,
            groups=subject.groups or (() if self.is_entra else known.groups),
            roles=subject.roles or (() if self.is_entra else known.roles),
            claims=subject.claims if self.is_entra else known.claims | subject.claims,
        )

    def _announce(self, metadata: ProviderMetadata) -> None:
        _log.info("provider ready: issuer=%s", metadata.issuer)
        if metadata.is_multi_tenant:
            _log.warning("accounts of every tenant can sign in at %s; only the allow rules decide", metadata.issuer)
        if self._scopes.added:
            _log.info("asking for %s as well, so that sessions can be renewed", " ".join(self._scopes.added))
        if self._scopes.other:
            left_out = " ".join(scope for named in self._scopes.other.values() for scope in named)
            _log.info(
                "scopes of one resource are asked for at a time: now those of %s; left out: %s",
                self._scopes.resource,
                left_out,
            )


def _access_token(tokens: TokenResponse, asked_at: float) -> Token:
    # Counted from before the request was sent: a token never lives longer than its issuer thinks.
    return Token(tokens.access_token, int(asked_at) + tokens.expires_in, int(asked_at))


def _with_query(url: str, parameters: dict[str, str]) -> str:
    """``url`` with parameters added; a query it already has stays (RFC 6749 section 3.1)."""
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(parameters)}"

"""The provider's description of itself (OpenID Connect Discovery 1.0 section 3), read and checked. Pure.

Two things Entra does differently are understood. Its multi-tenant authorities (``common``, ``organizations``) say
``{tenantid}`` in the issuer, to be replaced by each token's ``tid``. And an authority written with a domain name
answers with the tenant's identifier in the issuer. Hosts are never hard-coded: every cloud brings its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlsplit

from lampgate.config.settings import ProviderEndpoints, SigningAlgorithm
from lampgate.identity.errors import IssuerMismatchError, ProviderMetadataError, quoted

#: Signature algorithms of ID tokens that are accepted (RFC 7518 section 3.1): asymmetric ones only.
#: With ``none`` nothing is proven, and with HMAC whoever knows the client secret could sign.
ACCEPTED_ALGORITHMS: tuple[str, ...] = get_args(SigningAlgorithm)

#: What Entra writes for the tenant in the issuer of its multi-tenant authorities.
_TENANT_TEMPLATE = "{tenantid}"
_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")

#: Members that only Entra's discovery document has, in every cloud.
_ENTRA_MEMBERS = ("tenant_region_scope", "cloud_instance_name", "msgraph_host")


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """What is used of a discovery document.

    :ivar issuer: as tokens name it; may hold ``{tenantid}``.
    :ivar sends_issuer: whether authorization responses carry ``iss`` (RFC 9207).
    :ivar graph_host: Microsoft Graph's in this cloud; empty where the document names none.
    :ivar token_endpoint_auth_algorithms: what client assertions may be signed with; empty: it does not say.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None
    token_endpoint_auth_methods: tuple[str, ...]
    signing_algorithms: tuple[str, ...]
    sends_issuer: bool
    is_entra: bool
    graph_host: str
    token_endpoint_auth_algorithms: tuple[str, ...] = ()

    @property
    def is_multi_tenant(self) -> bool:
        """Whether accounts of any tenant of Entra sign in here."""
        return _TENANT_TEMPLATE in self.issuer

    def issues(self, issuer: str, tid: str | None = None) -> bool:
        """Whether ``issuer`` is this provider.

        :param tid: the tenant of a token, which a multi-tenant issuer has to agree with; None where none is known.
        """
        if not self.is_multi_tenant:
            return issuer == self.issuer
        tenant = re.escape(tid) if tid is not None and re.fullmatch(_GUID, tid) else _GUID if tid is None else r"(?!)"
        return re.fullmatch(re.escape(self.issuer).replace(re.escape(_TENANT_TEMPLATE), tenant), issuer) is not None


def discovery_url(issuer_url: str) -> str:
    """Where the document is (OpenID Connect Discovery section 4)."""
    return f"{issuer_url.rstrip('/')}/.well-known/openid-configuration"


def written_document(endpoints: ProviderEndpoints, issuer_url: str) -> Mapping[str, Any]:
    """The discovery document that a provider would have whose endpoints the operator has written down."""
    document = {
        "issuer": issuer_url,
        "authorization_endpoint": endpoints.authorization,
        "token_endpoint": endpoints.token,
        "jwks_uri": endpoints.jwks,
        "end_session_endpoint": endpoints.end_session,
        # Nobody has said which; that of the keys decides.
        "id_token_signing_alg_values_supported": list(ACCEPTED_ALGORITHMS),
    }
    return {name: value for name, value in document.items() if value is not None}


def read_metadata(
    document: Any, issuer_url: str, *, algorithms: Sequence[str] = (), place: str = ""
) -> ProviderMetadata:
    """What a discovery document says.

    :param document: the decoded JSON.
    :param issuer_url: the configured issuer, which the document has to be of.
    :param algorithms: signature algorithms that are accepted; empty: every asymmetric one.
    :param place: where the issuer is configured, for errors.
    :raises ProviderMetadataError: no discovery document, or one without a member that is needed.
    :raises IssuerMismatchError: the document of another issuer.
    """
    if not isinstance(document, dict):
        raise _not_a_document("it is not a JSON object", issuer_url, place)
    issuer = document.get("issuer")
    if not isinstance(issuer, str) or not issuer:
        raise _not_a_document('it has no member "issuer"', issuer_url, place)
    is_entra = any(member in document for member in _ENTRA_MEMBERS)
    if not _is_expected(issuer, issuer_url, is_entra=is_entra):
        raise IssuerMismatchError(
            f"The provider at {issuer_url} says that its issuer is another one",
            cause=f'Its discovery document names "{quoted(issuer)}"',
            remedy="Write the issuer exactly as the provider does, with or without the slash at its end.",
            place=place,
        )

    def endpoint(member: str, *, needed: bool = True) -> str | None:
        value = document.get(member)
        if value is None and not needed:
            return None
        url = urlsplit(value) if isinstance(value, str) else None
        # A provider reached over TLS must not send secrets in the clear.
        if url is None or not url.netloc or url.scheme not in {"https", urlsplit(issuer_url).scheme}:
            raise _not_a_document(f'its member "{member}" is missing or not an https URL', issuer_url, place)
        return value if isinstance(value, str) else None

    announced = _strings(document.get("id_token_signing_alg_values_supported")) or ("RS256",)
    accepted = tuple(algorithms) or ACCEPTED_ALGORITHMS
    usable = tuple(name for name in ACCEPTED_ALGORITHMS if name in announced and name in accepted)
    if not usable:
        raise _not_a_document(
            f"it signs ID tokens with {quoted(', '.join(announced))} only; accepted are {', '.join(accepted)}",
            issuer_url,
            place,
        )
    graph_host = document.get("msgraph_host")
    return ProviderMetadata(
        issuer=issuer,
        authorization_endpoint=endpoint("authorization_endpoint") or "",
        token_endpoint=endpoint("token_endpoint") or "",
        jwks_uri=endpoint("jwks_uri") or "",
        end_session_endpoint=endpoint("end_session_endpoint", needed=False),
        # The default of OpenID Connect Discovery section 3.
        token_endpoint_auth_methods=_strings(document.get("token_endpoint_auth_methods_supported"))
        or ("client_secret_basic",),
        signing_algorithms=usable,
        sends_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        is_entra=is_entra,
        graph_host=graph_host if isinstance(graph_host, str) and _HOST.fullmatch(graph_host) else "",
        token_endpoint_auth_algorithms=_strings(document.get("token_endpoint_auth_signing_alg_values_supported")),
    )


def _is_expected(issuer: str, configured: str, *, is_entra: bool) -> bool:
    if issuer == configured:
        return True
    if not is_entra:
        return False
    theirs, ours = urlsplit(issuer), urlsplit(configured)
    their_tenant, _, their_rest = theirs.path.lstrip("/").partition("/")
    our_tenant, _, our_rest = ours.path.lstrip("/").partition("/")
    if (theirs.scheme, theirs.netloc, their_rest) != (ours.scheme, ours.netloc, our_rest):
        return False
    if our_tenant in {"common", "organizations"}:
        return their_tenant == _TENANT_TEMPLATE
    if our_tenant == "consumers" or "." in our_tenant:
        return re.fullmatch(_GUID, their_tenant) is not None
    return False


def _strings(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _not_a_document(what: str, issuer_url: str, place: str) -> ProviderMetadataError:
    return ProviderMetadataError(
        f"What {discovery_url(issuer_url)} answers is not the discovery document of an OpenID provider",
        cause=f"About the answer: {what}",
        remedy="Check that the issuer is an OpenID provider's; with Entra it ends in /<tenant id>/v2.0.",
        place=place,
    )

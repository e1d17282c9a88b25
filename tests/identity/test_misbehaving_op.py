"""What the relying party does with providers that misbehave. Names are those of the OpenID conformance modules."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from lampgate.config.settings import (
    ClientAuthentication,
    ClientSecret,
    ClientSecretFile,
    FederatedToken,
    ProviderSettings,
    PublicClient,
)
from lampgate.identity import attempt as attempts
from lampgate.identity.errors import (
    ClientCredentialError,
    IdTokenInvalidError,
    IssuerMismatchError,
    ProviderKeysError,
    ProviderMetadataError,
    ProviderNotReadyError,
    ProviderUnreachableError,
    TokenEndpointError,
    TokenResponseError,
)
from lampgate.identity.provider import Provider, SignedIn
from tests.identity.misbehaving_op import ABSENT, ACCESS_TOKEN, CLIENT_ID, ISSUER, OP, REFRESH_TOKEN, TENANT, Clock

CALLBACK = "https://dash.example.com/oauth2/callback"


@pytest.fixture
def op() -> OP:
    return OP(Clock())


def provider_for(op: OP, **changes: Any) -> Provider:
    values: dict[str, Any] = {
        "issuer_url": ISSUER,
        "client_id": CLIENT_ID,
        "client_authentication": PublicClient(),
    } | changes
    return Provider(
        ProviderSettings(**values),
        place_of=lambda path: f"gateway.yaml line 3, {path}",
        clock=op.clock,
        http_transport=op.transport,
    )


async def sign_in(op: OP, provider: Provider | None = None) -> SignedIn:
    if provider is None:
        provider = provider_for(op)
        await provider.refresh_metadata()
    attempt = attempts.begin(return_path="/", redirect_uri=CALLBACK, now=op.clock())
    back = op.sign_in(provider.authorization_url(attempt, CALLBACK))
    assert back["state"] == attempt.state
    return await provider.redeem(back["code"], attempt, CALLBACK)


async def refused(op: OP) -> str:
    with pytest.raises(IdTokenInvalidError) as caught:
        await sign_in(op)
    return caught.value.reason


async def test_oidcc_client_test(op: OP) -> None:
    signed_in = await sign_in(op)
    assert signed_in.subject.sub == "subject-of-rita"
    assert signed_in.subject.groups == ("readers",)
    assert signed_in.access_token.value == ACCESS_TOKEN
    assert signed_in.access_token.expires_at == op.clock.now + 3599
    assert signed_in.refresh_token == REFRESH_TOKEN


async def test_oidcc_client_test_idtoken_sig_rs256(op: OP) -> None:
    op.header = {"alg": "RS256"}
    assert (await sign_in(op)).subject.sub == "subject-of-rita"


@pytest.mark.parametrize("algorithm", ["PS256", "RS512"])
async def test_other_asymmetric_algorithms(op: OP, algorithm: str) -> None:
    op.header = {"alg": algorithm}
    op.discovery = {"id_token_signing_alg_values_supported": [algorithm]}
    assert (await sign_in(op)).subject.sub == "subject-of-rita"


async def test_algorithm_the_provider_does_not_announce(op: OP) -> None:
    op.header = {"alg": "PS256"}
    assert await refused(op) == "algorithm"


async def test_oidcc_client_test_invalid_iss(op: OP) -> None:
    op.claims = {"iss": "https://other.example"}
    assert await refused(op) == "issuer"


async def test_oidcc_client_test_missing_sub(op: OP) -> None:
    op.claims = {"sub": ABSENT}
    assert await refused(op) == "subject"


@pytest.mark.parametrize("audience", ["other-client", ["other-client"], [], ABSENT, 7, {"aud": CLIENT_ID}, None])
async def test_oidcc_client_test_invalid_aud(op: OP, audience: object) -> None:
    op.claims = {"aud": audience}
    assert await refused(op) == "audience"


async def test_oidcc_client_test_missing_iat(op: OP) -> None:
    op.claims = {"iat": ABSENT}
    assert await refused(op) == "times"


async def test_oidcc_client_test_kid_absent_single_jwks(op: OP) -> None:
    op.header = {"kid": ABSENT}
    assert (await sign_in(op)).subject.sub == "subject-of-rita"


async def test_oidcc_client_test_kid_absent_multiple_jwks(op: OP) -> None:
    op.header = {"kid": ABSENT}
    op.published = ["key-1", "key-2"]
    assert await refused(op) == "key"


async def test_oidcc_client_test_idtoken_sig_none(op: OP) -> None:
    op.header = {"alg": "none", "kid": ABSENT}
    assert await refused(op) == "algorithm"


async def test_sig_none_stays_refused_where_the_provider_announces_it(op: OP) -> None:
    op.header = {"alg": "none"}
    op.discovery = {"id_token_signing_alg_values_supported": ["none", "RS256"]}
    assert await refused(op) == "algorithm"


async def test_oidcc_client_test_invalid_sig_rs256(op: OP) -> None:
    def spoil(token: str) -> str:
        head, _, signature = token.rpartition(".")
        return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"

    op.change_token = spoil
    assert await refused(op) == "signature"


async def test_signed_by_somebody_else_under_a_published_key_id(op: OP) -> None:
    op.signs_with, op.header = "key-2", {"kid": "key-1"}
    assert await refused(op) == "signature"


@pytest.mark.parametrize("nonce", ["another-nonce", ABSENT, 7, ""])
async def test_oidcc_client_test_nonce_invalid(op: OP, nonce: object) -> None:
    op.claims = {"nonce": nonce}
    assert await refused(op) == "nonce"


async def test_oidcc_client_test_signing_key_rotation(op: OP) -> None:
    provider = provider_for(op)
    await provider.refresh_metadata()
    await sign_in(op, provider)
    op.published, op.signs_with = ["key-2", "key-1"], "key-2"
    await sign_in(op, provider)
    assert op.asked_for("/keys") == 2


async def test_oidcc_client_test_signing_key_rotation_just_before_signing(op: OP) -> None:
    provider = provider_for(op)
    await provider.refresh_metadata()
    op.published, op.signs_with = ["key-2"], "key-2"
    assert (await sign_in(op, provider)).subject.sub == "subject-of-rita"


async def test_unknown_key_ids_do_not_make_us_hammer_the_provider(op: OP) -> None:
    provider = provider_for(op)
    await provider.refresh_metadata()
    op.signs_with = "key-2"
    for _ in range(3):
        with pytest.raises(IdTokenInvalidError, match="not acceptable"):
            await sign_in(op, provider)
    assert op.asked_for("/keys") == 2
    op.clock.now += 31
    op.published = ["key-2"]
    await sign_in(op, provider)
    assert op.asked_for("/keys") == 3


async def test_oidcc_client_test_discovery_openid_config(op: OP) -> None:
    provider = provider_for(op)
    before = provider.problem
    assert isinstance(before, ProviderNotReadyError)
    await provider.refresh_metadata()
    assert provider.ready
    assert provider.problem is None


async def test_oidcc_client_test_discovery_jwks_uri_keys(op: OP) -> None:
    op.published = []
    with pytest.raises(ProviderKeysError):
        await provider_for(op).refresh_metadata()


@pytest.mark.parametrize("issuer", ["https://other.example", f"{ISSUER}/", ISSUER.upper(), f"{ISSUER}/{{tenantid}}"])
async def test_oidcc_client_test_discovery_issuer_mismatch(op: OP, issuer: str) -> None:
    op.issuer = issuer
    provider = provider_for(op)
    with pytest.raises(IssuerMismatchError) as caught:
        await provider.refresh_metadata()
    assert provider.problem is caught.value
    assert "gateway.yaml line 3, provider.issuer_url" in str(caught.value)
    assert issuer in caught.value.cause


async def test_oidcc_client_test_client_secret_basic(op: OP) -> None:
    op.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_basic"]}
    provider = provider_for(op, client_authentication=ClientSecret(secret=SecretStr("a b+c%:ü")))
    await provider.refresh_metadata()
    await sign_in(op, provider)
    scheme, _, pair = op.requests[-1].headers["authorization"].partition(" ")
    assert scheme == "Basic"
    # RFC 6749 section 2.3.1: form-encoded before it is put together.
    assert b64decode(pair) == b"gateway-client:a+b%2Bc%25%3A%C3%BC"
    assert "client_secret" not in op.forms[-1]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": ABSENT}, "times"),
        ({"exp": "soon"}, "times"),
        ({"exp": True}, "times"),
        ({"exp": 1e300}, "times"),
        ({"exp": 1_800_000_000 - 60}, "expired"),
        ({"exp": 1_800_000_000 - 59}, None),
        ({"iat": 1_800_000_000 + 61}, "not-yet-valid"),
        ({"iat": 1_800_000_000 + 60}, None),
        ({"nbf": 1_800_000_000 + 61}, "not-yet-valid"),
        ({"aud": ["other", CLIENT_ID]}, "authorized-party"),
        ({"aud": ["other", CLIENT_ID], "azp": "other"}, "authorized-party"),
        ({"aud": ["other", CLIENT_ID], "azp": CLIENT_ID}, None),
        ({"azp": "other"}, "authorized-party"),
        ({"sub": ""}, "subject"),
        ({"sub": "s" * 256}, "subject"),
        ({"iss": ABSENT}, "issuer"),
    ],
)
async def test_claims(op: OP, changes: dict[str, Any], reason: str | None) -> None:
    op.claims = changes
    if reason is None:
        assert (await sign_in(op)).subject.sub == "subject-of-rita"
    else:
        assert await refused(op) == reason


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c.d", "....", "bnVsbA.bnVsbA.", "é.é.é"])
async def test_what_is_no_jwt_is_refused(op: OP, token: str) -> None:
    op.change_token = lambda _: token
    with pytest.raises((IdTokenInvalidError, TokenResponseError)):
        await sign_in(op)


async def test_audience_of_another_claim(op: OP) -> None:
    op.claims = {"aud": "other", "client": "trusted"}
    provider = provider_for(op, audience_claims=("client", "aud"), extra_audiences=("trusted",))
    await provider.refresh_metadata()
    assert (await sign_in(op, provider)).subject.sub == "subject-of-rita"


ENTRA = {"tenant_region_scope": "WW", "msgraph_host": "graph.microsoft.com"}
AUTHORITY = "https://login.microsoftonline.com"


@pytest.mark.parametrize(
    ("configured", "said", "token_issuer", "tid", "reason"),
    [
        (f"{AUTHORITY}/{TENANT}/v2.0", f"{AUTHORITY}/{TENANT}/v2.0", f"{AUTHORITY}/{TENANT}/v2.0", TENANT, None),
        (
            f"{AUTHORITY}/contoso.example/v2.0",
            f"{AUTHORITY}/{TENANT}/v2.0",
            f"{AUTHORITY}/{TENANT}/v2.0",
            TENANT,
            None,
        ),
        (f"{AUTHORITY}/common/v2.0", f"{AUTHORITY}/{{tenantid}}/v2.0", f"{AUTHORITY}/{TENANT}/v2.0", TENANT, None),
        (f"{AUTHORITY}/common/v2.0", f"{AUTHORITY}/{{tenantid}}/v2.0", f"{AUTHORITY}/other/v2.0", TENANT, "issuer"),
        (f"{AUTHORITY}/common/v2.0", f"{AUTHORITY}/{{tenantid}}/v2.0", f"{AUTHORITY}/x/v2.0", "x", "issuer"),
        (f"{AUTHORITY}/common/v2.0", f"{AUTHORITY}/{{tenantid}}/v2.0", f"{AUTHORITY}/{TENANT}/v2.0", "", "issuer"),
        (
            f"{AUTHORITY}/common/v2.0",
            f"{AUTHORITY}/{{tenantid}}/v2.0",
            f"{AUTHORITY}/{{tenantid}}/v2.0",
            "{tenantid}",
            "issuer",
        ),
    ],
)
async def test_entra_issuers(
    op: OP, configured: str, said: str, token_issuer: str, tid: str, reason: str | None
) -> None:
    op.issuer, op.discovery = said, ENTRA
    op.claims = {"iss": token_issuer, "tid": tid, "oid": "b2d8f1ef-2c30-4a7b-9f42-1e806caf3b02"}
    provider = provider_for(op, issuer_url=configured)
    await provider.refresh_metadata()
    assert provider.display_name == "Microsoft Entra ID"
    if reason is None:
        subject = (await sign_in(op, provider)).subject
        assert subject.key == f"{TENANT}/b2d8f1ef-2c30-4a7b-9f42-1e806caf3b02"
    else:
        with pytest.raises(IdTokenInvalidError) as caught:
            await sign_in(op, provider)
        assert caught.value.reason == reason


@pytest.mark.parametrize(
    "configured", [f"{AUTHORITY}/0f3c9a52-6f0e-4c57-9d43-6a1f2b7c8d11/v2.0", "https://op.example", AUTHORITY]
)
async def test_entra_issuer_of_another_tenant(op: OP, configured: str) -> None:
    op.issuer, op.discovery = f"{AUTHORITY}/{TENANT}/v2.0", ENTRA
    with pytest.raises(IssuerMismatchError):
        await provider_for(op, issuer_url=configured).refresh_metadata()


async def test_tid_and_oid_of_another_provider_identify_nobody(op: OP) -> None:
    op.claims = {"tid": TENANT, "oid": "chosen-by-the-person"}
    assert (await sign_in(op)).subject.key == f"{ISSUER}#subject-of-rita"


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ([], ProviderMetadataError),
        ({"issuer": 7}, ProviderMetadataError),
        ({"authorization_endpoint": ABSENT}, ProviderMetadataError),
        ({"token_endpoint": "http://op.example/token"}, ProviderMetadataError),
        ({"jwks_uri": "//op.example/keys"}, ProviderMetadataError),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, ProviderMetadataError),
    ],
)
async def test_discovery_documents_that_are_none(op: OP, document: Any, error: type[Exception]) -> None:
    if isinstance(document, dict):
        op.discovery = document
        provider = provider_for(op)
    else:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, json=document))
        provider = Provider(provider_for(op).settings, place_of=str, clock=op.clock, http_transport=transport)
    with pytest.raises(error):
        await provider.refresh_metadata()
    assert not provider.ready


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (lambda: httpx.Response(302, headers={"location": "https://evil.example/"}), "redirect"),
        (lambda: httpx.Response(200, content=b"x" * (1024 * 1024 + 1)), "larger"),
        (lambda: httpx.Response(503), "503"),
    ],
)
async def test_answers_that_count_as_none(op: OP, answer: Callable[[], httpx.Response], cause: str) -> None:
    op.token_answer = answer
    with pytest.raises(ProviderUnreachableError) as caught:
        await sign_in(op)
    assert cause in caught.value.cause
    assert len(op.forms) == 1


async def test_a_provider_that_never_finishes_its_answer_is_given_up(op: OP) -> None:
    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            import asyncio

            yield b"{"
            await asyncio.Event().wait()

    op.token_answer = lambda: httpx.Response(200, stream=Endless())
    provider = provider_for(op, timeout=0.05)
    await provider.refresh_metadata()
    with pytest.raises(ProviderUnreachableError, match=r"https://op\.example/token"):
        await sign_in(op, provider)


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"access_token": ABSENT}, "no access token"),
        ({"access_token": "two\r\nlines"}, "no access token"),
        ({"id_token": ABSENT}, "no ID token"),
        ({"token_type": "mac"}, "bearer"),
        ({"expires_in": 0}, "how long"),
        ({"expires_in": "soon"}, "how long"),
    ],
)
async def test_token_responses_that_are_not_usable(op: OP, members: dict[str, Any], problem: str) -> None:
    op.token_members = members
    with pytest.raises(TokenResponseError) as caught:
        await sign_in(op)
    assert problem in caught.value.cause


@pytest.mark.parametrize(("expires_in", "lifetime"), [("5302", 5302), (ABSENT, 3600), (None, 3600), (90.5, 90)])
async def test_expires_in_is_always_used(op: OP, expires_in: object, lifetime: int) -> None:
    op.token_members = {"expires_in": expires_in}
    assert (await sign_in(op)).access_token.expires_at == op.clock.now + lifetime


async def test_entra_error_bodies_are_kept_and_explained(op: OP) -> None:
    op.token_answer = lambda: httpx.Response(
        400,
        json={
            "error": "invalid_grant",
            "suberror": "basic_action",
            "error_description": "AADSTS50076: Due to a change\r\nyou must use MFA. Trace ID: 3f",
            "error_codes": [50076],
            "claims": '{"access_token":{"polids":{"essential":true}}}',
        },
    )
    with pytest.raises(TokenEndpointError) as caught:
        await sign_in(op)
    error = caught.value
    assert (error.error, error.suberror, error.aadsts) == ("invalid_grant", "basic_action", 50076)
    assert error.claims.startswith('{"access_token"')
    assert error.sentence == "A second factor is needed for this sign-in."
    assert error.cause == "AADSTS50076: Due to a change you must use MFA. Trace ID: 3f"


async def test_an_error_text_that_echoes_our_secrets_is_cleaned(op: OP) -> None:
    op.token_answer = lambda: httpx.Response(
        401, json={"error": "invalid_client", "error_description": f"bad request: {op.forms[-1]}"}
    )
    provider = provider_for(op, client_authentication=ClientSecret(secret=SecretStr("s3cret-of-the-client")))
    await provider.refresh_metadata()
    with pytest.raises(TokenEndpointError) as caught:
        await sign_in(op, provider)
    form = op.forms[-1]
    assert form["client_secret"] == "s3cret-of-the-client"
    for secret in (form["client_secret"], form["code"], form["code_verifier"]):
        assert secret not in str(caught.value)


async def test_secret_files_are_read_again_at_each_use(op: OP, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    provider = provider_for(op, client_authentication=ClientSecretFile(path=file))
    await provider.refresh_metadata()
    for secret in ("first", "second"):
        file.write_text(f"{secret}\n")
        await sign_in(op, provider)
        assert op.forms[-1]["client_secret"] == secret


async def test_federated_token(op: OP, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text("the-projected-token\n")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(file))
    provider = provider_for(op, client_authentication=FederatedToken())
    await provider.refresh_metadata()
    await sign_in(op, provider)
    form = op.forms[-1]
    assert form["client_assertion"] == "the-projected-token"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert form["client_id"] == CLIENT_ID


@pytest.mark.parametrize(
    "authentication",
    [FederatedToken(), FederatedToken(path=Path("/nowhere/token")), ClientSecretFile(path=Path("/dev/null"))],
)
async def test_credentials_that_are_not_there(
    op: OP, authentication: ClientAuthentication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE", raising=False)
    provider = provider_for(op, client_authentication=authentication)
    await provider.refresh_metadata()
    with pytest.raises(ClientCredentialError) as caught:
        await sign_in(op, provider)
    assert "provider.client_authentication" in str(caught.value)
    assert op.forms == []


async def test_the_scope_of_one_resource_is_named_in_both_requests(op: OP) -> None:
    op.discovery = ENTRA
    op.claims = {"tid": TENANT}
    aks = "6dae42f8-4368-4678-94ff-3960e28e3630/user.read"
    provider = provider_for(op, scopes=(aks, "openid", "email", "profile", "User.Read"))
    await provider.refresh_metadata()
    await sign_in(op, provider)
    assert op.forms[-1]["scope"] == f"{aks} openid email profile offline_access"
    assert provider.scopes.other == {"https://graph.microsoft.com": ("User.Read",)}


async def test_authorization_url(op: OP) -> None:
    op.discovery = {"authorization_endpoint": f"{ISSUER}/authorize?policy=b2c"}
    provider = provider_for(op)
    await provider.refresh_metadata()
    attempt = attempts.begin(return_path="/x", redirect_uri=CALLBACK, now=op.clock())
    url = provider.authorization_url(attempt, CALLBACK, prompt="select_account", claims='{"a":1}')
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert query == {
        "policy": "b2c",
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid profile email",
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": attempt.code_challenge,
        "code_challenge_method": "S256",
        "prompt": "select_account",
        "claims": '{"a":1}',
    }
    assert attempt.code_verifier not in url


async def test_not_ready_says_why(op: OP) -> None:
    op.down = True
    provider = provider_for(op)
    with pytest.raises(ProviderUnreachableError):
        await provider.refresh_metadata()
    attempt = attempts.begin(return_path="/", redirect_uri=CALLBACK, now=op.clock())
    with pytest.raises(ProviderUnreachableError, match="cannot be reached"):
        provider.authorization_url(attempt, CALLBACK)
    assert provider.end_session_url() is None
    assert not provider.ready


async def test_configured_parameters_are_added_and_take_nobodys_place(op: OP) -> None:
    provider = provider_for(op)
    changed = provider.settings.model_copy(
        update={"login_parameters": {"prompt": "login", "domain_hint": "a.example", "state": "theirs", "nonce": "x"}}
    )
    provider = Provider(changed, place_of=str, clock=op.clock, http_transport=op.transport)
    await provider.refresh_metadata()
    attempt = attempts.begin(return_path="/", redirect_uri=CALLBACK, now=op.clock())
    query = parse_qs(urlsplit(provider.authorization_url(attempt, CALLBACK)).query)
    assert (query["prompt"], query["domain_hint"]) == (["login"], ["a.example"])
    assert (query["state"], query["nonce"]) == ([attempt.state], [attempt.nonce])
    asked = parse_qs(urlsplit(provider.authorization_url(attempt, CALLBACK, prompt="select_account")).query)
    assert asked["prompt"] == ["select_account"], "what a page asks for goes before"

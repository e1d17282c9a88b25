"""How the gateway proves who it is, beyond shared secrets: certificates, projected tokens, managed identities."""

from __future__ import annotations

import asyncio
import os
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from lampgate.config.settings import (
    ClientAuthentication,
    ClientCertificate,
    FederatedToken,
    ManagedIdentity,
    ProviderSettings,
)
from lampgate.identity.client_authentication import ClientAuthenticator
from lampgate.identity.errors import ClientCredentialError, ProviderUnreachableError
from tests.identity_entra.credentials import (
    NOW,
    MetadataService,
    Pair,
    decoded,
    metadata,
    pair,
    projected_token,
    written,
)

CLIENT_ID = "5b1e0c44-2f7d-4a86-8c1e-9d3f60a7b215"
TENANT = "0f3c9a52-6f0e-4c57-9d43-6a1f2b7c8d10"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def authenticator(how: ClientAuthentication, clock: Clock, **more: Any) -> ClientAuthenticator:
    kind = more.pop("kind", "entra")
    where = {"tenant": TENANT} if kind == "entra" else {"issuer_url": "https://op.example"}
    where = more.pop("where", where)
    settings = ProviderSettings.model_validate(
        {"kind": kind, "client_id": CLIENT_ID, "client_authentication": how, **where}
    )
    return ClientAuthenticator(settings, clock=clock, place="gateway.yaml, provider", **more)


def certificate_of(signing: Pair, folder: Path, form: str) -> ClientCertificate:
    path, key, password = folder / "gateway.pem", folder / "key.pem", folder / "password"
    match form:
        case "one PEM":
            return ClientCertificate(path=written(path, signing.certificate_pem + signing.key_pem()))
        case "PEM with its chain":
            chain = pair(name="issuer").certificate_pem + signing.certificate_pem
            return ClientCertificate(path=written(path, chain + signing.key_pem()))
        case "two PEMs":
            return ClientCertificate(
                path=written(path, signing.certificate_pem), key_path=written(key, signing.key_pem())
            )
        case "encrypted key":
            return ClientCertificate(
                path=written(path, signing.certificate_pem),
                key_path=written(key, signing.key_pem(b"hunter2")),
                password_path=written(password, "hunter2\n"),
            )
        case "PFX":
            return ClientCertificate(
                path=written(folder / "gateway.pfx", signing.pfx(b"hunter2")),
                password_path=written(password, "hunter2"),
            )
        case _:
            return ClientCertificate(path=written(folder / "gateway.pfx", signing.pfx(None)))


@pytest.mark.parametrize(
    "form", ["one PEM", "PEM with its chain", "two PEMs", "encrypted key", "PFX", "PFX without a password"]
)
async def test_an_assertion_is_signed_as_entra_wants_it(tmp_path: Path, clock: Clock, form: str) -> None:
    signing = pair()
    own = await authenticator(certificate_of(signing, tmp_path, form), clock).credentials(metadata())
    assertion = own.form["client_assertion"]
    assert own.form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert own.form["client_id"] == CLIENT_ID
    assert own.secret == assertion
    assert "client_secret" not in own.form
    assert own.headers == {}
    header, claims = decoded(assertion)
    thumbprint = urlsafe_b64encode(signing.certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
    old_thumbprint = urlsafe_b64encode(signing.certificate.fingerprint(hashes.SHA1())).rstrip(b"=").decode()  # noqa: S303 - what x5t is
    assert header == {"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint, "x5t": old_thumbprint}
    assert (claims["iss"], claims["sub"]) == (CLIENT_ID, CLIENT_ID)
    assert claims["aud"] == metadata().token_endpoint
    assert claims["exp"] - clock.now <= 600
    assert claims["nbf"] <= clock.now < claims["exp"]
    public = RSAKey.import_key(signing.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    jws.deserialize_compact(assertion, public, algorithms=["PS256"])


async def test_every_request_has_an_assertion_of_its_own(tmp_path: Path, clock: Clock) -> None:
    own = authenticator(certificate_of(pair(), tmp_path, "one PEM"), clock)
    tokens = [(await own.credentials(metadata())).secret for _ in range(2)]
    assert decoded(tokens[0])[1]["jti"] != decoded(tokens[1])[1]["jti"]


@pytest.mark.parametrize(
    ("kind", "supported", "expected"),
    [
        ("rsa", (), "RS256"),
        ("rsa", ("RS256", "PS256"), "PS256"),
        ("rsa", ("RS256",), "RS256"),
        ("ec", (), "ES256"),
        ("ec", ("ES256", "RS256"), "ES256"),
    ],
)
async def test_the_algorithm_is_one_the_provider_takes(
    tmp_path: Path, clock: Clock, kind: str, supported: tuple[str, ...], expected: str
) -> None:
    signing = pair(kind)
    own = authenticator(certificate_of(signing, tmp_path, "one PEM"), clock, kind="oidc")
    provider = metadata(is_entra=False, token_endpoint_auth_algorithms=supported)
    assertion = (await own.credentials(provider)).secret
    header, _ = decoded(assertion)
    assert header["alg"] == expected
    assert "x5t" not in header
    importer = RSAKey if kind == "rsa" else ECKey
    public = importer.import_key(
        signing.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    jws.deserialize_compact(assertion, public, algorithms=[expected])


async def test_a_key_the_provider_has_no_use_for(tmp_path: Path, clock: Clock) -> None:
    own = authenticator(certificate_of(pair("ec"), tmp_path, "one PEM"), clock, kind="oidc")
    with pytest.raises(ClientCredentialError, match="no signature") as caught:
        await own.credentials(metadata(is_entra=False, token_endpoint_auth_algorithms=("RS256",)))
    assert "ES256" in caught.value.cause


async def test_a_replaced_certificate_is_used_from_then_on(tmp_path: Path, clock: Clock) -> None:
    settings = certificate_of(pair(), tmp_path, "one PEM")
    own = authenticator(settings, clock)
    before, _ = decoded((await own.credentials(metadata())).secret)
    certificate_of(pair(name="next"), tmp_path, "one PEM")
    after, _ = decoded((await own.credentials(metadata())).secret)
    assert before["x5t#S256"] != after["x5t#S256"]


async def test_certificate_and_key_are_replaced_one_after_the_other(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    settings = certificate_of(pair(), tmp_path, "two PEMs")
    own = authenticator(settings, clock)
    before, _ = decoded((await own.credentials(metadata())).secret)
    fresh = pair(name="next")
    written(settings.path, fresh.certificate_pem)
    for _ in range(2):
        between, _ = decoded((await own.credentials(metadata())).secret)
        assert between == before
    (line,) = caplog.messages
    assert "another certificate" in line
    assert settings.key_path is not None
    written(settings.key_path, fresh.key_pem())
    after, _ = decoded((await own.credentials(metadata())).secret)
    assert after["x5t#S256"] != before["x5t#S256"]


@pytest.mark.parametrize(
    ("content", "key", "password", "cause"),
    [
        (None, None, None, "No such file"),
        (b"", None, None, ""),
        (b"neither", None, None, "neither PEM nor a PKCS #12 file"),
        (b"-----BEGIN CERTIFICATE-----\nnot base64\n", None, None, "no certificate"),
        ("certificate", None, None, "no readable private key"),
        ("certificate", "other key", None, "another certificate"),
        ("certificate", "encrypted key", None, "encrypted"),
        ("certificate", "encrypted key", "wrong", "password is wrong"),
        ("certificate", "key", "needless", "not encrypted"),
        ("pfx", None, "wrong", "the password is wrong"),
    ],
)
async def test_certificates_that_cannot_be_used(
    tmp_path: Path, clock: Clock, content: bytes | str | None, key: str | None, password: str | None, cause: str
) -> None:
    signing = pair()
    contents: dict[object, bytes] = {
        "certificate": signing.certificate_pem,
        "pfx": signing.pfx(b"hunter2"),
        "key": signing.key_pem(),
        "encrypted key": signing.key_pem(b"hunter2"),
        "other key": pair(name="next").key_pem(),
    }
    path = tmp_path / "gateway.pem"
    if content is not None:
        written(path, content if isinstance(content, bytes) else contents[content])
    how = ClientCertificate(
        path=path,
        key_path=written(tmp_path / "key.pem", contents[key]) if key else None,
        password_path=written(tmp_path / "password", password) if password else None,
    )
    with pytest.raises(ClientCredentialError) as caught:
        await authenticator(how, clock).credentials(metadata())
    assert cause in caught.value.cause
    assert str(path) in caught.value.sentence
    assert caught.value.place == "gateway.yaml, provider"
    assert caught.value.remedy
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("later", "said"), [(40 * 86_400, "expired 10 days ago"), (-7_200, "valid in 1 hour")])
async def test_a_certificate_out_of_its_time(tmp_path: Path, clock: Clock, later: float, said: str) -> None:
    own = authenticator(certificate_of(pair(), tmp_path, "one PEM"), clock)
    clock.now += later
    with pytest.raises(ClientCredentialError) as caught:
        await own.credentials(metadata())
    assert said in caught.value.cause


async def test_a_projected_token_is_read_at_each_use(tmp_path: Path, clock: Clock) -> None:
    file = written(tmp_path / "token", projected_token(NOW + 3_600))
    own = authenticator(FederatedToken(), clock, environment={"AZURE_FEDERATED_TOKEN_FILE": str(file)})
    assert (await own.credentials(metadata())).form["client_assertion"] == projected_token(NOW + 3_600)
    # The kubelet replaces it.
    clock.now += 2_900
    written(file, projected_token(clock.now + 3_600) + "\n")
    assert (await own.credentials(metadata())).form["client_assertion"] == projected_token(clock.now + 3_600)


async def test_entra_without_a_credential_takes_the_projected_token(tmp_path: Path, clock: Clock) -> None:
    file = written(tmp_path / "token", projected_token(NOW + 3_600))
    settings = ProviderSettings.model_validate({"kind": "entra", "tenant": TENANT, "client_id": CLIENT_ID})
    own = ClientAuthenticator(settings, clock=clock, environment={"AZURE_FEDERATED_TOKEN_FILE": str(file)})
    assert (await own.credentials(metadata())).secret == projected_token(NOW + 3_600)


async def test_a_projected_token_that_nobody_replaces(tmp_path: Path, clock: Clock) -> None:
    token = projected_token(NOW - 2 * 3_600)
    file = written(tmp_path / "token", token)
    os.utime(file, (file.stat().st_mtime - 3 * 3_600,) * 2)
    with pytest.raises(ClientCredentialError, match="has run out") as caught:
        await authenticator(FederatedToken(path=file), clock).credentials(metadata())
    assert str(file) in caught.value.sentence
    assert caught.value.cause == "it expired 2 hours ago, and the file was last written 3 hours ago"
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), ("", "is empty"), (" \n", "is empty"), (b"\xff\xfe", "not text")],
)
async def test_a_projected_token_that_is_not_there(
    tmp_path: Path, clock: Clock, content: bytes | str | None, said: str
) -> None:
    file = tmp_path / "token"
    if content is not None:
        written(file, content)
    with pytest.raises(ClientCredentialError) as caught:
        await authenticator(FederatedToken(path=file), clock).credentials(metadata())
    assert said in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "e30.bnVsbA.x", "e30.eyJleHAiOiJub3cifQ.x"])
async def test_a_federated_token_without_a_readable_end_is_the_providers_to_judge(
    tmp_path: Path, clock: Clock, token: str
) -> None:
    own = authenticator(FederatedToken(path=written(tmp_path / "token", token)), clock)
    assert (await own.credentials(metadata())).secret == token


async def test_a_managed_identity_is_asked_once_until_its_token_is_old(clock: Clock) -> None:
    service = MetadataService()
    own = authenticator(ManagedIdentity(client_id="identity"), clock, transport=service.transport, environment={})
    assert [(await own.credentials(metadata())).secret for _ in range(3)] == ["token-1"] * 3
    (request,) = service.requests
    assert request.url.host == "169.254.169.254"
    assert request.url.path == "/metadata/identity/oauth2/token"
    assert request.headers["metadata"] == "true"
    assert dict(request.url.params) == {
        "resource": "api://AzureADTokenExchange",
        "client_id": "identity",
        "api-version": "2018-02-01",
    }
    clock.now += 86_400 - 200
    service.now = clock.now
    assert (await own.credentials(metadata())).secret == "token-2"
    await own.close()


async def test_the_platforms_endpoint_comes_before_imds(clock: Clock) -> None:
    service = MetadataService()
    environment = {"IDENTITY_ENDPOINT": "http://127.0.0.1:41741/msi/token", "IDENTITY_HEADER": "platform-secret"}
    how = ManagedIdentity(client_id="identity")
    own = authenticator(how, clock, transport=service.transport, environment=environment)
    await own.credentials(metadata())
    assert service.requests[0].url.port == 41741
    assert service.requests[0].headers["x-identity-header"] == "platform-secret"
    assert service.requests[0].url.params["api-version"] == "2019-08-01"
    assert "metadata" not in service.requests[0].headers
    await own.close()


async def test_a_configured_endpoint_never_gets_the_platforms_secret(clock: Clock) -> None:
    service = MetadataService()
    how = ManagedIdentity(client_id="identity", endpoint="http://127.0.0.1:9/token", audience="api://other")
    environment = {"IDENTITY_ENDPOINT": "http://127.0.0.1:1/", "IDENTITY_HEADER": "platform-secret"}
    own = authenticator(how, clock, transport=service.transport, environment=environment)
    await own.credentials(metadata())
    assert service.requests[0].url.port == 9
    assert service.requests[0].url.params["resource"] == "api://other"
    assert "x-identity-header" not in service.requests[0].headers
    await own.close()


@pytest.mark.parametrize(
    ("cloud", "audience"),
    [("us-government", "api://AzureADTokenExchangeUSGov"), ("china", "api://AzureADTokenExchangeChina")],
)
async def test_national_clouds_want_another_audience(clock: Clock, cloud: str, audience: str) -> None:
    service = MetadataService()
    own = authenticator(
        ManagedIdentity(client_id="identity"),
        clock,
        where={"tenant": TENANT, "cloud": cloud},
        transport=service.transport,
        environment={},
    )
    await own.credentials(metadata())
    assert service.requests[0].url.params["resource"] == audience
    await own.close()


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (httpx.ConnectError("no route to host"), ProviderUnreachableError, "no route to host"),
        (httpx.Response(503), ProviderUnreachableError, "503"),
        (httpx.Response(410), ProviderUnreachableError, "410"),
        (httpx.Response(429, headers={"retry-after": "7"}), ProviderUnreachableError, "429"),
        (
            httpx.Response(400, json={"error": "invalid_request", "error_description": "Identity not found"}),
            ClientCredentialError,
            "Identity not found",
        ),
        (httpx.Response(200, text="<html>"), ClientCredentialError, "without a token"),
        (httpx.Response(200, json={"access_token": "t", "expires_on": "soon"}), ClientCredentialError, "200"),
    ],
)
async def test_an_identity_endpoint_that_fails(
    clock: Clock, answer: httpx.Response | Exception, error: type[Exception], said: str
) -> None:
    service = MetadataService(answer=answer)
    own = authenticator(ManagedIdentity(client_id="identity"), clock, transport=service.transport, environment={})
    with pytest.raises(error, match=said):
        await own.credentials(metadata())
    # And it is asked again the next time.
    service.answer = None
    assert (await own.credentials(metadata())).secret == "token-2"
    await own.close()


async def test_an_identity_endpoint_is_asked_without_a_proxy(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    # A proxy would get the token, and could not reach the address of the machine's own service anyway.
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    body = f'{{"access_token": "the-token", "expires_on": "{int(NOW) + 3_600}"}}'.encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/token"
        own = authenticator(ManagedIdentity(client_id="identity", endpoint=endpoint), clock, environment={})
        assert (await own.credentials(metadata())).secret == "the-token"
        await own.close()

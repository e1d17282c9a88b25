"""Certificates, tokens and an instance metadata service for tests of client authentication."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from lampgate.identity.metadata import ProviderMetadata

NOW = 1_800_000_000.0
_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: _Key

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self, password: bytes | None = None) -> bytes:
        encryption = BestAvailableEncryption(password) if password else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)

    def pfx(self, password: bytes | None) -> bytes:
        encryption = BestAvailableEncryption(password) if password else NoEncryption()
        return pkcs12.serialize_key_and_certificates(b"gateway", self.key, self.certificate, None, encryption)


@cache
def pair(kind: str = "rsa", *, name: str = "gateway", days: int = 30) -> Pair:
    """A self-signed certificate, valid from an hour before `NOW`; made once for each set of arguments."""
    key: _Key
    if kind == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.fromtimestamp(NOW, UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return Pair(certificate, key)


def metadata(**changes: Any) -> ProviderMetadata:
    """What a provider says of itself."""
    values: dict[str, Any] = {
        "issuer": "https://login.example/tenant/v2.0",
        "authorization_endpoint": "https://login.example/tenant/oauth2/v2.0/authorize",
        "token_endpoint": "https://login.example/tenant/oauth2/v2.0/token",
        "jwks_uri": "https://login.example/tenant/discovery/v2.0/keys",
        "end_session_endpoint": None,
        "token_endpoint_auth_methods": ("client_secret_post", "private_key_jwt"),
        "signing_algorithms": ("RS256",),
        "sends_issuer": False,
        "is_entra": True,
        "graph_host": "graph.example",
    }
    return ProviderMetadata(**values | changes)


def projected_token(expires_at: float) -> str:
    """A token as the kubelet projects it; its signature is nobody's."""
    claims = {"iss": "https://cluster.example/", "sub": "system:serviceaccount:headlamp:gateway", "exp": expires_at}
    return ".".join((_encoded({"alg": "RS256"}), _encoded(claims), "c2lnbmF0dXJl"))


def decoded(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT."""
    header, claims, _ = token.split(".")
    return _decoded(header), _decoded(claims)


@dataclass
class MetadataService:
    """Plays IMDS, or the endpoint of App Service and its kin."""

    answer: httpx.Response | Exception | None = None
    lifetime: float = 86_400.0
    now: float = NOW
    requests: list[httpx.Request] = field(default_factory=list)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return self.answer
        body = {"access_token": f"token-{len(self.requests)}", "expires_on": str(int(self.now + self.lifetime))}
        return httpx.Response(200, json=body)


def written(path: Path, content: bytes | str) -> Path:
    """A file with this content, put in place the way mounted volumes do: by a rename."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content.encode() if isinstance(content, str) else content)
    fresh.replace(path)
    return path


def _encoded(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _decoded(part: str) -> dict[str, Any]:
    value = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert isinstance(value, dict)
    return value

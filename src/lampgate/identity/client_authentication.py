"""How lampgate proves to the token endpoint that it is the registered client.

Shared secret (RFC 6749 section 2.3.1), a token that somebody else issued for it (RFC 7523 section 2.2; with AKS
workload identity the pod's projected service account token), or nothing but PKCE. Files are read again at each use:
secrets are rotated, and the kubelet replaces a projected token long before it expires.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

from lampgate.config.settings import (
    ClientAuthentication,
    ClientSecret,
    ClientSecretFile,
    FederatedToken,
    PublicClient,
)
from lampgate.identity.errors import ClientCredentialError

_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

#: Set by the workload identity webhook; the path differs between AKS and the upstream project, so it is not guessed.
FEDERATED_TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - the name of a variable, not a secret


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What is added to a token request.

    :ivar secret: what must never be shown.
    """

    form: Mapping[str, str]
    headers: Mapping[str, str]
    secret: str = ""


def credentials(
    authentication: ClientAuthentication,
    client_id: str,
    methods: tuple[str, ...],
    *,
    place: str = "",
    environment: Mapping[str, str] = os.environ,
) -> Credentials:
    """The credentials for one token request.

    :param methods: the token endpoint's ``token_endpoint_auth_methods_supported``.
    :param place: where the credential is configured, for errors.
    :raises ClientCredentialError: a file is missing, unreadable or empty.
    """
    match authentication:
        case PublicClient():
            return Credentials({"client_id": client_id}, {})
        case FederatedToken(path=path):
            assertion = _read(_federated_token_file(path, environment, place), "federated token", place)
            form = {
                "client_id": client_id,
                "client_assertion_type": _JWT_BEARER,
                "client_assertion": assertion,
            }
            return Credentials(form, {}, assertion)
        case ClientSecret(secret=hidden):
            secret = hidden.get_secret_value()
        case ClientSecretFile(path=path):
            secret = _read(path, "client secret", place)
    # In the body where the provider takes that: implementations differ in how they decode a secret in the header.
    if "client_secret_post" in methods:
        return Credentials({"client_id": client_id, "client_secret": secret}, {}, secret)
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode("ascii")
    return Credentials({}, {"Authorization": f"Basic {b64encode(pair).decode('ascii')}"}, secret)


def _federated_token_file(path: Path | None, environment: Mapping[str, str], place: str) -> Path:
    if path is not None:
        return path
    named = environment.get(FEDERATED_TOKEN_FILE)
    if not named:
        raise ClientCredentialError(
            "The gateway is to sign in with a federated token, and nothing says which file holds it",
            cause=f"the environment variable {FEDERATED_TOKEN_FILE} is not set",
            remedy='Label the pod azure.workload.identity/use: "true" and annotate its service account with '
            "azure.workload.identity/client-id, or name the file in the configuration.",
            place=place,
        )
    return Path(named)


def _read(path: Path, what: str, place: str) -> str:
    try:
        text = path.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not text"
        raise ClientCredentialError(
            f"The file with the gateway's {what} cannot be read: {path}",
            cause=reason,
            remedy="Check that the volume is mounted and that the process may read the file.",
            place=place,
        ) from None
    if not text:
        raise ClientCredentialError(
            f"The file with the gateway's {what} is empty: {path}",
            remedy="Check what the volume is filled from.",
            place=place,
        )
    return text

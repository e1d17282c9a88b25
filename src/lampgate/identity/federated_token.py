"""A token that somebody else issued for us, from a file: with AKS the pod's projected service account token.

The kubelet replaces the file at four fifths of the token's life, so it is read at each use, and its ``exp`` is looked
at before it is sent: a token that has run out means that nothing replaces the file any more, which the provider's
answer (AADSTS700024) does not tell. The signature is the provider's to check.
"""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from pathlib import Path

from lampgate.identity import credential_file
from lampgate.identity.errors import ClientCredentialError

#: Set by the workload identity webhook; the path differs between AKS and the upstream project, so it is not guessed.
FEDERATED_TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - the name of a variable, not a secret


def read_federated_token(
    path: Path | None, *, now: float, place: str = "", environment: Mapping[str, str] = os.environ
) -> str:
    """The token.

    :param path: None: where the environment says.
    :param now: seconds since the epoch.
    :param place: where the credential is configured, for errors.
    :raises ClientCredentialError: no file is named, or it is missing, unreadable or empty, or its token has run out.
    """
    file = path if path is not None else _named(environment, place)
    token = credential_file.read_text(file, "federated token", place).strip()
    expires_at = _expiry(token)
    if expires_at is not None and expires_at <= now:
        written = credential_file.age(file)
        raise ClientCredentialError(
            f"The gateway's federated token has run out: {file}",
            cause=f"it expired {credential_file.duration(now - expires_at)} ago"
            + (f", and the file was last written {written} ago" if written else ""),
            remedy="The kubelet should have replaced it. Check that the volume is a projected service account token, "
            "mounted without subPath, that the node is healthy, and that this machine's clock is right.",
            place=place,
        )
    return token


def _named(environment: Mapping[str, str], place: str) -> Path:
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


def _expiry(token: str) -> float | None:
    """The ``exp`` of a JWT (RFC 7519 section 4.1.4); None where there is none to be read."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    expires_at = claims.get("exp") if isinstance(claims, dict) else None
    if isinstance(expires_at, bool) or not isinstance(expires_at, int | float) or not 0 <= expires_at < 1e12:
        return None
    return float(expires_at)

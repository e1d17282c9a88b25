"""How a client proves who it is to a provider: the part of the settings that says with what.

Part of the settings model, and found there: `lampgate.config.settings` names all of these.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ClientSecret(_Frozen):
    """The client authenticates with a shared secret (RFC 6749 section 2.3.1)."""

    kind: Literal["secret"] = "secret"
    secret: SecretStr


class ClientSecretFile(_Frozen):
    """As `ClientSecret`, with the secret read from a file at each use, so that it can be rotated."""

    kind: Literal["secret-file"] = "secret-file"
    path: Path


class FederatedToken(_Frozen):
    """The client authenticates with a token that somebody else issued for it (RFC 7521, RFC 7523 section 2.2).

    With AKS workload identity it is the projected service account token. The kubelet rotates the file, so it is
    read at each use. ``path`` is None where only the environment (``AZURE_FEDERATED_TOKEN_FILE``) names it.
    """

    kind: Literal["federated-token"] = "federated-token"
    path: Path | None = None


class ClientCertificate(_Frozen):
    """The client signs an assertion with the key of a certificate that is registered with the provider
    (``private_key_jwt``: RFC 7523 section 2.2, OpenID Connect Core section 9).

    The files are read again when they change, so that a certificate can be rotated.
    """

    kind: Literal["certificate"] = "certificate"
    #: PEM (the certificate, perhaps with its chain and its key) or PKCS #12 (``.pfx``).
    path: Path
    #: PEM. None: the key is in ``path``.
    key_path: Path | None = None
    #: Holds the password of an encrypted key or of the PKCS #12 file.
    password_path: Path | None = None


class ManagedIdentity(_Frozen):
    """The client authenticates with the token of an Azure managed identity that its registration trusts as a
    federated credential. Only user-assigned identities can be trusted.
    """

    kind: Literal["managed-identity"] = "managed-identity"
    #: The client id of the identity, not of the registration.
    client_id: str = Field(min_length=1)
    #: Where tokens come from. None: ``IDENTITY_ENDPOINT`` where the platform sets it, else the instance metadata
    #: service of the virtual machine (IMDS).
    endpoint: str | None = None
    #: What the token is for. None: the cloud's (``api://AzureADTokenExchange`` and its national kin).
    audience: str | None = None


class PublicClient(_Frozen):
    """The client has no credential and relies on PKCE alone (RFC 7636)."""

    kind: Literal["public"] = "public"


ClientAuthentication = Annotated[
    ClientSecret | ClientSecretFile | ClientCertificate | FederatedToken | ManagedIdentity | PublicClient,
    Field(discriminator="kind"),
]

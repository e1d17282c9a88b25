"""How lampgate proves to the provider that it is the registered client: a secret, a file with one, or federation.

With AKS workload identity nobody has to keep a secret: a webhook projects a token into the pod and names its file in
``AZURE_FEDERATED_TOKEN_FILE`` (RFC 7523 section 2.2).
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from lampgate.config.errors import (
    InvalidValueError,
    MissingSettingError,
    PlaceholderLeftError,
    UnreadableConfigError,
)
from lampgate.config.oauth2_proxy.conversion.draft import Draft
from lampgate.config.oauth2_proxy.placeholders import is_placeholder
from lampgate.config.oauth2_proxy.written import Written, WrittenProvider
from lampgate.config.settings import (
    ClientAuthentication,
    ClientSecret,
    ClientSecretFile,
    FederatedToken,
    Place,
)

FEDERATED_TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105 - the name of a variable, not a secret
_PATH = "provider.client_authentication"


def client_authentication(written: WrittenProvider, draft: Draft) -> ClientAuthentication | None:
    """The client's credential."""
    secret, file = written.client_secret, written.client_secret_file
    if secret is not None and file is not None:
        draft.findings.error(
            InvalidValueError,
            "A client secret and a file with a client secret are both given",
            place=secret.place,
            remedy="Keep one of them",
        )
        return None
    if secret is None and file is None:
        return _federated_token(written, draft)
    if written.federated_token is not None and written.federated_token.value:
        draft.findings.note(
            "config.federated-token-unused",
            "The federated token is not used, because a client secret is given; remove the secret to use it",
            written.federated_token.place,
        )
    return _secret(secret, draft) if secret is not None else _secret_file(file, draft)


def _secret(written: Written[str], draft: Draft) -> ClientSecret | None:
    draft.keep(_PATH, written)
    if is_placeholder(written.value):
        draft.findings.error(
            PlaceholderLeftError,
            "The client secret is still a placeholder",
            place=written.place,
            remedy="Put the secret of your app registration there, or remove the key and use a federated credential "
            "(workload identity)",
        )
        return None
    return ClientSecret(secret=SecretStr(written.value))


def _secret_file(written: Written[str] | None, draft: Draft) -> ClientSecretFile | None:
    if written is None:
        return None
    draft.keep(_PATH, written)
    path = Path(written.value)
    if not _is_readable(path, "client secret", written.place, draft):
        return None
    return ClientSecretFile(path=path)


def _federated_token(written: WrittenProvider, draft: Draft) -> FederatedToken | None:
    asked_for = written.federated_token
    place = asked_for.place if asked_for is not None else written.section.place_of("client_secret")
    variable = draft.environment.get(FEDERATED_TOKEN_FILE)
    if variable is None or not variable.text:
        draft.findings.error(
            MissingSettingError,
            f"There is no client secret, and no federated token either: {FEDERATED_TOKEN_FILE} is not set",
            place=place,
            remedy='Either label the pod azure.workload.identity/use: "true" and annotate its service account with '
            "azure.workload.identity/client-id, so that AKS sets the variable; or give a client secret",
        )
        return None
    draft.keep(_PATH, variable.place)
    path = Path(variable.text)
    if not _is_readable(path, "federated token", variable.place, draft):
        return None
    return FederatedToken(path=path)


def _is_readable(path: Path, what: str, place: Place, draft: Draft) -> bool:
    try:
        text = draft.read_text(path)
    except OSError as error:
        draft.findings.error(
            UnreadableConfigError,
            f"The file with the {what} cannot be read",
            place=place,
            cause=error.strerror or "",
            remedy="Check that the volume is mounted and that this process may read the file",
        )
        return False
    if not text.strip():
        draft.findings.error(
            UnreadableConfigError,
            f"The file with the {what} is empty",
            place=place,
            remedy="Check what the volume is filled from",
        )
        return False
    return True

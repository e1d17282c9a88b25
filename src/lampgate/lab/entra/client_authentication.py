"""Is the caller of the token endpoint the application it says it is?

``client_secret_post``, ``client_secret_basic`` (RFC 6749 section 2.3.1) and ``client_assertion`` (RFC 7523). A web
application has to authenticate, a public one must not.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from urllib.parse import unquote_plus

from lampgate.lab.entra.applications import Application
from lampgate.lab.entra.assertions import ASSERTION_TYPE, AssertionVerifier
from lampgate.lab.entra.authorization_request import Directory, find_client
from lampgate.lab.entra.errors import EntraError
from lampgate.lab.entra.tokens import ClientAuthenticationClass


async def authenticate_client(
    authority: str,
    form: Mapping[str, str],
    authorization: str | None,
    directory: Directory,
    verifier: AssertionVerifier,
    token_endpoint: str,
) -> tuple[Application, ClientAuthenticationClass]:
    """The application, and how it proved itself.

    :param authorization: the ``Authorization`` header.
    :param token_endpoint: the audience of assertions that the application signs itself.
    :raises EntraError: what is wrong with the client or its credential.
    """
    basic = _read_basic(authorization)
    client_id, secret = form.get("client_id", ""), form.get("client_secret")
    if basic is not None:
        if secret is not None or (client_id and client_id != basic[0]):
            raise EntraError(9002313)
        client_id, secret = basic
    application = find_client(authority, client_id, directory)
    assertion = form.get("client_assertion")
    if application.platform == "public":
        if secret is not None or assertion is not None:
            raise EntraError(700025)
        return application, "0"
    if assertion is not None:
        if form.get("client_assertion_type") != ASSERTION_TYPE or secret is not None:
            raise EntraError(9002313)
        await verifier.verify(application, assertion, token_endpoint)
        return application, "2"
    if secret is None:
        raise EntraError(7000218)
    # Every secret is compared, so that the time taken says nothing.
    if not sum(secrets.compare_digest(secret.encode(), known.encode()) for known in application.secrets):
        raise EntraError(7000215, app_id=application.app_id)
    return application, "1"


def _read_basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise EntraError(9002313) from error
    if not colon:
        raise EntraError(9002313)
    # RFC 6749 section 2.3.1: both parts are form-encoded before base64.
    return unquote_plus(user), unquote_plus(password)

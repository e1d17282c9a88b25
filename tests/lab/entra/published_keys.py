"""Verifies the tenant's tokens as others have to: with the keys it publishes."""

from __future__ import annotations

from typing import Any

from joserfc import jws, jwt
from joserfc.jwk import KeySet

from tests.lab.entra.browser import Browser


async def verified(browser: Browser, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token whose signature fits the published keys.

    :raises joserfc.errors.JoseError: it does not.
    """
    jwks = (await browser.http.get(browser.tenant.jwks_uri)).json()
    known = {"kty", "use", "kid", "n", "e", "x5c"}
    keys = KeySet.import_key_set({"keys": [{k: v for k, v in key.items() if k in known} for key in jwks["keys"]]})
    registry = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)
    decoded = jwt.decode(token, keys, registry=registry)
    return dict(decoded.header), dict(decoded.claims)

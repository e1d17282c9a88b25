"""The cluster's OIDC issuer: signs projected service account tokens and publishes the keys that verify them.

Such a token is what workload identity presents to Entra as a federated credential. The API front itself does not
accept it: it authenticates people, with Entra tokens. Follows "Service Account Issuer Discovery" (KEP-1393) and the
claims of the TokenRequest API.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from joserfc import jwt
from joserfc.jwk import RSAKey

from lampgate.lab.kubernetes.status import Object

_PREFIX = "system:serviceaccount:"


class ServiceAccountIssuer:
    """An issuer with one signing key, made at start.

    :param issuer: the issuer's URL as it appears in ``iss``, with its trailing slash, as AKS has it.
    :param clock: seconds since the epoch.
    """

    def __init__(self, issuer: str, *, clock: Callable[[], float]) -> None:
        self.issuer = issuer
        self._clock = clock
        self._key = RSAKey.generate_key(2048, parameters={"use": "sig", "alg": "RS256"}, auto_kid=True)

    def configuration(self) -> Object:
        """The discovery document, with the members the API server publishes and no others."""
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer.rstrip('/')}/openid/v1/jwks",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def jwks(self) -> Object:
        """The public keys."""
        return {"keys": [dict(self._key.as_dict(private=False))]}

    def issue(self, subject: str, audience: str, lifetime: float) -> str:
        """A projected token.

        :param subject: ``system:serviceaccount:<namespace>:<name>``.
        :param lifetime: seconds.
        :raises ValueError: the subject is not a service account.
        """
        namespace, separator, name = subject.removeprefix(_PREFIX).partition(":")
        if not subject.startswith(_PREFIX) or not separator or not namespace or not name:
            raise ValueError(f"{subject!r} is not a service account: system:serviceaccount:<namespace>:<name>")
        now = int(self._clock())
        claims = {
            "aud": [audience],
            "exp": now + int(lifetime),
            "iat": now,
            "iss": self.issuer,
            "jti": str(uuid.uuid4()),
            "kubernetes.io": {
                "namespace": namespace,
                "serviceaccount": {"name": name, "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, subject))},
            },
            "nbf": now,
            "sub": subject,
        }
        header = {"alg": "RS256", "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=["RS256"], default_type=None)

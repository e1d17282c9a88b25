"""The provider's signing keys (RFC 7517), and which one verifies a token.

Keys change without warning, so an unknown key id leads to one new look at the key set; not more often than every
30 seconds, so that bad tokens cannot make lampgate hammer the provider.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from lampgate.identity.errors import ProviderKeysError

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

#: The kinds of keys that verify the accepted algorithms.
VerificationKey: TypeAlias = "RSAKey | ECKey"

#: Seconds between two looks that unknown key ids led to.
_REFETCH_INTERVAL = 30.0

_KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC"}


def read_keys(document: Any, *, place: str = "") -> tuple[VerificationKey, ...]:
    """The keys of a JWK set that can verify signatures. What cannot be used is passed over (RFC 7517 section 5).

    :raises ProviderKeysError: no key set, or none of its keys is usable.
    """
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, RSAKey

    importers: dict[str, type[RSAKey | ECKey]] = {"RSA": RSAKey, "EC": ECKey}
    members = document.get("keys") if isinstance(document, dict) else None
    keys: list[VerificationKey] = []
    for member in members if isinstance(members, list) else ():
        if not isinstance(member, dict) or member.get("use", "sig") != "sig" or member.get("kty") not in importers:
            continue
        try:
            keys.append(importers[member["kty"]].import_key(member))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    if not keys:
        raise ProviderKeysError(
            "The OpenID provider publishes no key that can verify its ID tokens",
            cause="its key set is empty, or not a JWK set" if not members else "its keys are of other kinds",
            remedy="Check the issuer, and whether something between here and the provider changes its answers.",
            place=place,
        )
    return tuple(keys)


def choose(keys: Sequence[VerificationKey], kid: str | None, algorithm: str) -> VerificationKey | None:
    """The key for a token's header.

    Without a key id only a single candidate will do: trying several would let a token pick its verifier.
    """
    fitting = [
        key for key in keys if key.key_type == _KEY_TYPES[algorithm[:2]] and (key.alg or algorithm) == algorithm
    ]
    if kid is not None:
        fitting = [key for key in fitting if key.kid == kid]
    return fitting[0] if len(fitting) == 1 else None


class SigningKeys:
    """The provider's keys as last seen.

    :param fetch: gets and reads the key set. If that fails, what was known stays known.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[tuple[VerificationKey, ...]]], clock: Callable[[], float]
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: tuple[VerificationKey, ...] = ()
        self._refetched_at: float | None = None

    def replace(self, keys: tuple[VerificationKey, ...]) -> None:
        """Use these keys from now on."""
        self._keys = keys

    async def find(self, kid: str | None, algorithm: str) -> VerificationKey | None:
        """The key for a token's header, after a new look where the key id is unknown."""
        key = choose(self._keys, kid, algorithm)
        if key is None and kid is not None and self._may_refetch():
            self._refetched_at = self._clock()
            self._keys = await self._fetch()
            key = choose(self._keys, kid, algorithm)
        return key

    def _may_refetch(self) -> bool:
        return self._refetched_at is None or self._clock() - self._refetched_at >= _REFETCH_INTERVAL

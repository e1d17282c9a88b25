"""Opens the session store that the settings name.

The client library is an extra: whoever keeps sessions in the cookie does not need it, and never imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from lampgate.config.settings import RedisStoreSettings, Settings
from lampgate.errors import LampgateError
from lampgate.session.revocation import Revocations
from lampgate.session.seal import KeyRing

if TYPE_CHECKING:
    from lampgate.store.shared import SharedSessions

#: Seconds that a replica may take for a renewal beyond the provider's time-out: finding names, writing the result.
_MARGIN = 10.0


class StoreLibraryMissingError(LampgateError):
    """Sessions are to be kept in Valkey or Redis, and the library that speaks to it is not installed."""

    code: ClassVar[str] = "store.library-missing"


def open_shared_sessions(
    settings: Settings, ring: KeyRing, revocations: Revocations, *, clock: Callable[[], float]
) -> SharedSessions | None:
    """The sessions in the store; None where they are kept in the cookie. Nothing is connected yet.

    :raises StoreLibraryMissingError: the extra ``redis`` is not installed.
    """
    store = settings.session.store
    if not isinstance(store, RedisStoreSettings):
        return None
    try:
        from lampgate.store.shared import SharedSessions
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "redis":
            raise
        raise StoreLibraryMissingError(
            "Sessions are to be kept in Valkey or Redis, and the library for that is not installed",
            remedy="Install it with: pip install 'lampgate[redis]'",
        ) from None
    return SharedSessions(
        store,
        ring,
        revocations,
        lifetime=settings.session.lifetime,
        lock_life=settings.provider.timeout + _MARGIN,
        clock=clock,
    )

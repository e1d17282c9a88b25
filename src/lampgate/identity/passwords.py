"""People and programs with a password of their own in a file, beside those whom the provider signs in.

They have no token: nothing is injected for them but what headers say about the person. A session hangs on the file:
when the line it began with is gone or another, it is over.

Checking a bcrypt hash takes tens of milliseconds of a core on purpose, so that it happens in few threads, with few
waiting, and not again for what was just found to be wrong.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import ClassVar

from lampgate.config.htpasswd import is_weak, read_htpasswd
from lampgate.config.settings import PasswordSettings
from lampgate.errors import LampgateError
from lampgate.session.record import PASSWORD_FILE, Session, Subject
from lampgate.session.store import Absent, Found, Lookup, Unknown
from lampgate.wire.basic import basic_credentials

_THREADS = 2
_MOST_WAITING = 32
_MOST_WRONG = 512
#: bcrypt knows no more of a password; Go's checks cut it off there as well.
_BCRYPT_BYTES = 72
_STAMP = "htpasswd"


class PasswordLibraryMissingError(LampgateError):
    """People are to sign in with passwords of a file, and the library that checks bcrypt is not installed."""

    code: ClassVar[str] = "passwords.library-missing"


class PasswordFileError(LampgateError):
    """The file of passwords cannot be used."""

    code: ClassVar[str] = "passwords.file"


class PasswordsBusyError(LampgateError):
    """More passwords are waiting to be checked than is reasonable."""

    code: ClassVar[str] = "passwords.busy"


class Passwords:
    """Checks names and passwords against the file.

    :param text: of the file.
    :param lifetime: how long a name and a password that a request brings stand for a session, in seconds; a change of
        the file ends it before.
    :raises PasswordLibraryMissingError: the extra ``htpasswd`` is not installed.
    :raises ValueError: see `lampgate.config.htpasswd.read_htpasswd`.
    """

    def __init__(
        self, settings: PasswordSettings, text: str, clock: Callable[[], float], *, lifetime: float = 3600
    ) -> None:
        self._settings = settings
        self._lifetime = lifetime
        self._clock = clock
        self._bcrypt = _bcrypt()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="passwords")
        self._waiting = 0
        self._hashes: Mapping[str, str] = {}
        self._wrong: OrderedDict[bytes, None] = OrderedDict()
        #: For digests of what was brought: nobody can prepare them.
        self._secret = secrets.token_bytes(32)
        self.take(text)

    def take(self, text: str) -> None:
        """Go on with the file as it is now.

        :raises ValueError: it cannot be used; what it said before still holds.
        """
        self._hashes = read_htpasswd(text)
        self._wrong.clear()
        # Checked where there is no such name, so that names cannot be told by the time it takes.
        strong = [hashed for hashed in self._hashes.values() if not is_weak(hashed)]
        self._decoy = strong[0] if strong else ""

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def knows(self, subject: Subject) -> bool:
        """Whether somebody who has signed in with a password could do so with the same one now."""
        hashed = self._hashes.get(subject.sub)
        return hashed is not None and subject.claims.get(_STAMP) == (_stamp(hashed),)

    async def check(self, name: str, password: str) -> Subject | None:
        """Whose name and password these are; None where they are nobody's.

        :raises PasswordsBusyError: it cannot be told right now.
        """
        digest = self.digest(f"{name}:{password}".encode())
        if digest in self._wrong:
            return None
        if self._waiting >= _MOST_WAITING:
            raise PasswordsBusyError("Too many passwords are waiting to be checked", remedy="Try again in a moment")
        hashed = self._hashes.get(name)
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            is_right = await loop.run_in_executor(
                self._threads, self._fits, password.encode(), hashed if hashed is not None else self._decoy
            )
        finally:
            self._waiting -= 1
        if hashed is None or not is_right:
            self._wrong[digest] = None
            if len(self._wrong) > _MOST_WRONG:
                self._wrong.popitem(last=False)
            return None
        return Subject(
            PASSWORD_FILE,
            name,
            email=name if self._settings.names_are_addresses else "",
            groups=self._settings.groups,
            claims={_STAMP: (_stamp(hashed),)},
        )

    def digest(self, credentials: bytes) -> bytes:
        """What can be remembered of credentials: nobody can get back to them."""
        return hashlib.blake2b(credentials, key=self._secret, digest_size=32).digest()

    async def session(self, authorization: bytes) -> Lookup:
        """Whom HTTP Basic stands for."""
        credentials = basic_credentials(authorization)
        if credentials is None:
            return Absent("password-malformed")
        try:
            subject = await self.check(*credentials)
        except PasswordsBusyError as error:
            return Unknown(str(error))
        if subject is None:
            return Absent("password-wrong")
        now = int(self._clock())
        # Another one each time: the one before may have ended with the file.
        session_id = f"basic-{secrets.token_urlsafe(24)}"
        return Found(Session(session_id, subject, signed_in_at=now, expires_at=now + int(self._lifetime)))

    def _fits(self, password: bytes, hashed: str) -> bool:
        """Runs in a thread."""
        if is_weak(hashed):
            digest = b64encode(hashlib.sha1(password, usedforsecurity=False).digest()).decode("ascii")
            return hmac.compare_digest(f"{{SHA}}{digest}", hashed)
        return bool(hashed) and bool(self._bcrypt.checkpw(password[:_BCRYPT_BYTES], hashed.encode("ascii")))


def open_passwords(
    settings: PasswordSettings | None, clock: Callable[[], float], lifetime: float = 3600
) -> Passwords | None:
    """What checks passwords; None where none are configured. See `Passwords`.

    :raises PasswordLibraryMissingError: the extra ``htpasswd`` is not installed.
    :raises PasswordFileError: the file cannot be used.
    """
    if settings is None:
        return None
    try:
        return Passwords(settings, settings.file.read_text("utf-8"), clock, lifetime=lifetime)
    except (OSError, ValueError) as error:
        cause = (error.strerror or "") if isinstance(error, OSError) else str(error)
        raise PasswordFileError(
            f"The file of passwords {settings.file} cannot be used",
            cause="it is not text" if isinstance(error, UnicodeDecodeError) else cause,
            remedy="Make it with: htpasswd -B -C 10 FILE NAME",
        ) from None


def _stamp(hashed: str) -> str:
    return hashlib.sha256(hashed.encode("ascii")).hexdigest()[:16]


def _bcrypt() -> ModuleType:
    try:
        import bcrypt
    except ModuleNotFoundError:
        raise PasswordLibraryMissingError(
            "People are to sign in with passwords of a file, and the library that checks them is not installed",
            remedy="Install it with: pip install 'lampgate[htpasswd]'",
        ) from None
    return bcrypt

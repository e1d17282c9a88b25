"""A session as few bytes as possible, for the cookie.

A JWT is base64url over JSON, which no compressor can make smaller. Taken apart and decoded first, its JSON shares
strings with the rest of the record and deflates well: an AKS access token of 2 KB takes about 1 KB here.
"""

from __future__ import annotations

import binascii
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec
from msgspec import Struct

from lampgate.session.record import Session, Subject, Token

#: What a packed record may become when it is inflated; beyond any real token.
_INFLATED_LIMIT = 512 * 1024

#: The decoded parts of a JWT, or the text itself for a token of another form.
_Text = tuple[bytes, ...] | str


class _Packed(Struct, frozen=True, array_like=True, omit_defaults=True):
    id: str
    subject: Subject
    signed_in_at: int
    expires_at: int
    tokens: dict[str, tuple[_Text, int, int]]
    refresh_token: _Text = ""
    id_token: _Text = ""
    generation: int = 0
    provider_session: str = ""
    active_at: int = 0
    contexts: tuple[str, ...] = ()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Packed)


def pack(session: Session) -> bytes:
    """The session's bytes."""
    packed = _Packed(
        id=session.id,
        subject=session.subject,
        signed_in_at=session.signed_in_at,
        expires_at=session.expires_at,
        tokens={
            name: (_take_apart(token.value), token.expires_at, token.obtained_at)
            for name, token in session.tokens.items()
        },
        refresh_token=_take_apart(session.refresh_token),
        id_token=_take_apart(session.id_token),
        generation=session.generation,
        provider_session=session.provider_session,
        active_at=session.active_at,
        contexts=session.contexts,
    )
    return zlib.compress(_encoder.encode(packed), 9)


def unpack(data: bytes) -> Session | None:
    """The session that `pack` made bytes of; None where the bytes are of another form (an older release)."""
    inflater = zlib.decompressobj()
    try:
        packed = _decoder.decode(inflater.decompress(data, _INFLATED_LIMIT))
    except (zlib.error, msgspec.DecodeError):
        return None
    return Session(
        id=packed.id,
        subject=packed.subject,
        signed_in_at=packed.signed_in_at,
        expires_at=packed.expires_at,
        tokens={
            name: Token(_put_together(text), expires_at, obtained_at)
            for name, (text, expires_at, obtained_at) in packed.tokens.items()
        },
        refresh_token=_put_together(packed.refresh_token),
        id_token=_put_together(packed.id_token),
        generation=packed.generation,
        provider_session=packed.provider_session,
        active_at=packed.active_at,
        contexts=packed.contexts,
    )


def _take_apart(token: str) -> _Text:
    try:
        parts = tuple(urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    except (binascii.Error, ValueError):
        return token
    # Only a text that comes back exactly may be stored in this form.
    return parts if token and _put_together(parts) == token else token


def _put_together(text: _Text) -> str:
    if isinstance(text, str):
        return text
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode("ascii") for part in text)

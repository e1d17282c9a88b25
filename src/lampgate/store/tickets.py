"""What the browser holds where sessions are kept in a store: a ticket, sealed.

A ticket names the session's record and holds the random key that opens it. It is sealed, although its contents are
random, for three reasons. Nobody but lampgate learns the record's key, the person neither: who has both a cookie and
access to the store still cannot write a record that would be believed. A cookie of another deployment, or a guess,
is refused without asking the store. And the end of the session stands in it, so an old one is refused likewise.
"""

from __future__ import annotations

import os

import msgspec
from msgspec import Struct

from lampgate.session.record import Session
from lampgate.session.seal import KeyRing

_KIND = "ticket"
_KEY_LENGTH = 32


class Ticket(Struct, frozen=True, array_like=True):
    """The way to a session's record.

    :ivar session_id: the session's `id`.
    :ivar key: from which the record's key is derived; 256 random bits.
    :ivar expires_at: the session's end.
    """

    session_id: str
    key: bytes
    expires_at: int

    def __repr__(self) -> str:
        return f"Ticket(<hidden>, expires_at={self.expires_at})"


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Ticket)


def issue(session: Session) -> Ticket:
    """A new ticket for a new session."""
    return Ticket(session.id, os.urandom(_KEY_LENGTH), session.expires_at)


def to_bytes(ticket: Ticket) -> bytes:
    """For `lampgate.session.store.Found.handle`."""
    return _encoder.encode(ticket)


def from_bytes(data: bytes) -> Ticket | None:
    """The ticket that `to_bytes` made bytes of; None for anything else."""
    try:
        ticket = _decoder.decode(data)
    except msgspec.DecodeError:
        return None
    return ticket if len(ticket.key) == _KEY_LENGTH else None


def seal(ticket: Ticket, keys: KeyRing) -> str:
    """The cookie's value: about 170 characters."""
    return keys.seal(_KIND, to_bytes(ticket))


def unseal(value: str, keys: KeyRing) -> Ticket | None:
    """The ticket in a cookie; None for whatever was not sealed by this deployment."""
    plaintext = keys.open(_KIND, value)
    return from_bytes(plaintext) if plaintext is not None else None

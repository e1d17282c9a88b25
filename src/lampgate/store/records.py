"""What the store holds of a session: a record that the store itself cannot open, change or swap.

A record is sealed with AES-256-GCM (NIST SP 800-38D, random 96-bit nonce) under a key derived with HKDF-SHA256
(RFC 5869) from the key in the browser's ticket. Its name and version are authenticated with it, so a record that was
moved to another name does not open. The name is a hash of the session's id: keys in the store can be listed and
logged there without giving an id away. Pure.

What this cannot prevent: somebody who writes to the store can put back an older record of the same session, or
delete one. `lampgate.store.newer` notices the first where the newer record is known.
"""

from __future__ import annotations

import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lampgate.session.packing import pack, unpack
from lampgate.session.record import Session
from lampgate.store.tickets import Ticket

_VERSION = b"\x01"
_NONCE_LENGTH = 12
_HEADER_LENGTH = len(_VERSION) + _NONCE_LENGTH


def record_name(session_id: str) -> str:
    """By what the store knows a session. The id is random, so a plain hash of it tells nothing."""
    return sha256(b"lampgate record name " + session_id.encode()).hexdigest()[:40]


def seal(session: Session, ticket: Ticket) -> bytes:
    """The session as the store gets it."""
    nonce = os.urandom(_NONCE_LENGTH)
    return _VERSION + nonce + _cipher(ticket).encrypt(nonce, pack(session), _bound_to(ticket))


def unseal(data: bytes, ticket: Ticket) -> Session | None:
    """The session in a record; None where the record is not the ticket's, was changed, or is of another release."""
    if len(data) <= _HEADER_LENGTH or data[:1] != _VERSION:
        return None
    try:
        packed = _cipher(ticket).decrypt(data[1:_HEADER_LENGTH], data[_HEADER_LENGTH:], _bound_to(ticket))
    except InvalidTag:
        return None
    session = unpack(packed)
    return session if session is not None and session.id == ticket.session_id else None


def _cipher(ticket: Ticket) -> AESGCM:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"lampgate record " + _VERSION)
    return AESGCM(derivation.derive(ticket.key))


def _bound_to(ticket: Ticket) -> bytes:
    return _VERSION + record_name(ticket.session_id).encode()

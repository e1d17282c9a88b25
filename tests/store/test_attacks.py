"""What somebody can do who reads and writes the store, or holds a cookie, or both."""

from __future__ import annotations

import base64
import time
from typing import cast

import msgspec
import pytest

from lampgate.session.renewal import Refused, Renewed
from lampgate.session.revocation import Revocation
from lampgate.session.seal import KeyRing
from lampgate.session.store import Absent, Found
from lampgate.store import records, tickets
from lampgate.store.people import SessionSummary, open_summary, seal_summary
from tests.store.replicas import (
    COOKIE,
    PERSON,
    SECRET,
    Provider,
    Replicas,
    new_session,
    renewed,
    settings,
    until,
)
from tests.store.servers import Server

STREAM = "lampgate:revocations"


async def test_records_swapped_between_two_sessions(server: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(server))
    mine, theirs = new_session(), new_session(oid="an administrator")
    my_cookies, their_cookies = await replica.sign_in(mine), await replica.sign_in(theirs)
    one, other = (f"lampgate:session:{{{records.record_name(session.id)}}}" for session in (mine, theirs))
    record, summary = cast("list[bytes]", server.command("HMGET", other, "r", "s"))
    server.command("HSET", one, "r", record, "s", summary)
    assert await replica.load(my_cookies) == Absent("not-ours")
    assert isinstance(await replica.load(their_cookies), Found)
    assert [each.id for each in await replica.shared.sessions_of(PERSON)] == [], "the summary is not the record's"


def test_a_record_does_not_open_under_another_name() -> None:
    session = new_session()
    ticket = tickets.issue(session)
    sealed = records.seal(session, ticket)
    assert records.unseal(sealed, ticket) == session
    assert records.unseal(sealed, tickets.Ticket("another", ticket.key, ticket.expires_at)) is None
    assert records.unseal(sealed, tickets.issue(session)) is None


def test_a_record_does_not_open_where_its_session_is_another() -> None:
    """As somebody could make one who has got hold of a ticket's key."""
    session, other = new_session(), new_session()
    ticket = tickets.issue(session)
    assert records.unseal(records.seal(other, ticket), ticket) is None


def test_every_changed_or_missing_byte_of_a_record_is_noticed() -> None:
    session = new_session()
    ticket = tickets.issue(session)
    sealed = records.seal(session, ticket)
    for length in range(len(sealed)):
        assert records.unseal(sealed[:length], ticket) is None
        changed = sealed[:length] + bytes([sealed[length] ^ 1]) + sealed[length + 1 :]
        assert records.unseal(changed, ticket) is None
    assert records.unseal(sealed + b"\0", ticket) is None


@pytest.mark.parametrize("text", [b"", b"AAAA", b"\xff" * 40], ids=["empty", "short", "not-text"])
def test_summaries_that_are_none(text: bytes) -> None:
    assert open_summary(text, "name", KeyRing([SECRET])) is None


def test_a_summary_belongs_to_its_record() -> None:
    session, ring = new_session(), KeyRing([SECRET])
    sealed = seal_summary(session, ring, time.time()).encode()
    summary = open_summary(sealed, records.record_name(session.id), ring)
    assert isinstance(summary, SessionSummary)
    assert open_summary(sealed, records.record_name("another"), ring) is None
    assert open_summary(sealed, records.record_name(session.id), KeyRing([b"o" * 32])) is None


async def test_a_ticket_of_another_deployment(server: Server, replicas: Replicas) -> None:
    one, other = replicas.start(settings(server)), replicas.start(settings(server), secret=(b"o" * 32,))
    cookies = await one.sign_in(new_session())
    assert await other.load(cookies) == Absent("not-ours")
    assert await other.store.end(None, cookies)
    assert isinstance(await one.load(cookies), Found), "and it cannot end the session either"


async def test_tickets_that_were_tampered_with(server: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(server))
    cookies = await replica.sign_in(new_session())
    sealed = base64.urlsafe_b64decode(cookies[COOKIE] + "=" * (-len(cookies[COOKIE]) % 4))
    for position in range(len(sealed)):
        changed = sealed[:position] + bytes([sealed[position] ^ 1]) + sealed[position + 1 :]
        value = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        assert await replica.load({COOKIE: value}) == Absent("not-ours")
    unsealed = base64.urlsafe_b64encode(tickets.to_bytes(tickets.issue(new_session()))).decode()
    assert await replica.load({COOKIE: unsealed.rstrip("=")}) == Absent("not-ours")


async def test_the_persons_own_cookie_does_not_show_the_records_key(server: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(server))
    cookies = await replica.sign_in(new_session())
    ticket = tickets.from_bytes((await replica.found(cookies)).handle)
    assert ticket is not None
    assert ticket.key not in base64.urlsafe_b64decode(cookies[COOKIE] + "==")
    assert ticket.key.hex() not in repr(ticket)


async def test_an_older_record_put_back_does_not_count_where_the_newer_is_known(
    server: Server, replicas: Replicas
) -> None:
    replica = replicas.start(settings(server))
    session = new_session()
    cookies = await replica.sign_in(session)
    (key,) = server.keys("*session:*")
    old = server.command("HGET", key, "r")
    assert isinstance(old, bytes)
    await replica.store.renew(await replica.found(cookies), Provider().redeem)
    server.command("HSET", key, "r", old)
    assert (await replica.found(cookies)).session == renewed(session)
    await until(lambda: server.command("HGET", key, "r") != old, "the newer record is written again")


@pytest.mark.parametrize("number", ["99", "-5", "x", ""], ids=["higher", "lower", "a-word", "empty"])
async def test_a_generation_beside_the_record_that_lies(server: Server, replicas: Replicas, number: str) -> None:
    one, other = replicas.start(settings(server)), replicas.start(settings(server))
    session = new_session()
    cookies = await one.sign_in(session)
    (key,) = server.keys("*session:*")
    server.command("HSET", key, "g", number, "f", number, "n", "1")
    found = await other.found(cookies)
    assert await one.store.renew(await one.found(cookies), Provider().redeem) == Renewed(renewed(session))
    assert (await one.found(cookies)).session == renewed(session)
    assert isinstance(await other.store.renew(found, Provider().redeem), Renewed)
    assert one.shared.available


async def test_a_record_replaced_while_it_is_renewed(server: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(server))
    cookies = await replica.sign_in(new_session())
    found = await replica.found(cookies)
    (key,) = server.keys("*session:*")
    server.command("HSET", key, "r", "junk")
    provider = Provider()
    assert await replica.store.renew(found, provider.redeem) == Refused("not-ours")
    server.command("SET", key, "junk")
    assert await replica.store.renew(found, provider.redeem) == Refused("not-ours")
    assert provider.calls == 0


async def test_forged_revocations_end_nobody(server: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(server))
    session = new_session()
    end_everything = msgspec.msgpack.encode(Revocation("person", PERSON, session.expires_at, session.expires_at))
    forged = [
        end_everything,
        KeyRing([b"o" * 32]).seal("revocation", end_everything).encode(),
        # Sealed by this deployment, for another purpose.
        KeyRing([SECRET]).seal("ticket", end_everything).encode(),
        KeyRing([SECRET]).seal("revocation", b"junk").encode(),
        b"",
        b"\xff\xfe",
    ]
    for text in forged:
        server.command("XADD", STREAM, "*", "m", text)
    server.command("XADD", STREAM, "*", "other", "field")
    last = new_session(oid="somebody else")
    replicas.start(settings(server)).revocations.revoke(last)
    await until(lambda: replica.revocations.is_revoked(last), "the feed goes on")
    assert not replica.revocations.is_revoked(session)


async def test_a_revocation_played_again_means_what_it_meant(server: Server, replicas: Replicas) -> None:
    one, other = replicas.start(settings(server)), replicas.start(settings(server))
    before = new_session()
    one.revocations.add(Revocation("person", PERSON, before.signed_in_at, before.expires_at))
    await until(lambda: other.revocations.is_revoked(before), "it arrives")
    ((_, fields),) = cast("list[tuple[bytes, dict[bytes, bytes]]]", server.command("XRANGE", STREAM, "-", "+"))
    server.command("XADD", STREAM, "*", "m", fields[b"m"])
    later = msgspec.structs.replace(new_session(), signed_in_at=before.signed_in_at + 5)
    last = new_session(oid="somebody else")
    one.revocations.revoke(last)
    await until(lambda: other.revocations.is_revoked(last), "everything has been read")
    assert not other.revocations.is_revoked(later)


async def test_a_stream_that_takes_no_more_harms_nothing_else(server: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(server))
    server.command("XADD", STREAM, "18446744073709551615-18446744073709551615", "m", "x")
    cookies = await replica.sign_in(new_session())
    await replica.store.end(await replica.found(cookies), cookies)
    await until(lambda: "call-failed" in replica.events, "the revocation is refused")
    assert replica.shared.available
    assert await replica.load(cookies) == Absent("no-record")

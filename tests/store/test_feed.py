"""Revocations between replicas, with a real server."""

from __future__ import annotations

import time

import pytest

from lampgate.session.record import Session
from lampgate.session.revocation import Revocation
from tests.store.replicas import PERSON, Replica, Replicas, new_session, settings, until
from tests.store.servers import Server


def knows(replica: Replica, session: Session) -> bool:
    return replica.revocations.is_revoked(session)


async def learned(replica: Replica, session: Session) -> None:
    await until(lambda: knows(replica, session), "the other replica learns of it")


async def test_a_revocation_reaches_the_others_at_once(server: Server, replicas: Replicas) -> None:
    one, other = replicas.start(settings(server)), replicas.start(settings(server))
    heard: list[Revocation] = []
    other.revocations.subscribe(heard.append)
    session = new_session()
    began = time.monotonic()
    one.revocations.revoke(session, "signed out by an administrator")
    await learned(other, session)
    assert time.monotonic() - began < 1
    assert [(each.kind, each.reason) for each in heard] == [("session", "signed out by an administrator")]


async def test_kinds_that_mean_several_sessions(server: Server, replicas: Replicas) -> None:
    one, other = replicas.start(settings(server)), replicas.start(settings(server))
    session, later = new_session(), new_session(lifetime=7200)
    one.revocations.add(Revocation("person", PERSON, session.signed_in_at, session.expires_at))
    await learned(other, session)
    assert knows(other, later), "it began in the same second"
    assert not knows(other, new_session(oid="somebody else"))


async def test_a_replica_that_starts_catches_up(server: Server, replicas: Replicas) -> None:
    one = replicas.start(settings(server))
    sessions = [new_session() for _ in range(1_200)]
    for session in sessions:
        one.revocations.revoke(session)
    await until(lambda: server.command("XLEN", "lampgate:revocations") == 1_200, "all are sent")
    other = replicas.start(settings(server))
    await until(lambda: other.shared.caught_up, "it has read everything")
    assert all(knows(other, session) for session in sessions)


async def test_a_replica_that_was_away_catches_up(mortal: Server, replicas: Replicas) -> None:
    one, other = replicas.start(settings(mortal)), replicas.start(settings(mortal))
    before, meanwhile = new_session(), new_session()
    one.revocations.revoke(before)
    await learned(other, before)
    mortal.command("CLIENT", "PAUSE", 1500, "ALL")
    one.revocations.revoke(meanwhile)
    await until(lambda: not one.shared.available, "the outage is noticed")
    await learned(other, meanwhile)


async def test_a_store_that_came_back_empty_is_told_again(mortal: Server, replicas: Replicas) -> None:
    one = replicas.start(settings(mortal))
    session = new_session()
    one.revocations.revoke(session)
    await until(lambda: mortal.keys("*revocations"), "it is sent")
    mortal.kill()
    await until(lambda: not one.shared.available or not one.shared.caught_up, "the outage is noticed")
    mortal.ready()
    other = replicas.start(settings(mortal))
    one.revocations.revoke(new_session())
    await learned(other, session)


async def test_a_process_that_stops_sends_what_is_left(server: Server, replicas: Replicas) -> None:
    stopping, other = replicas.start(settings(server), running=False), replicas.start(settings(server))
    session = new_session()
    stopping.revocations.revoke(session)
    await replicas.stop(stopping)
    await learned(other, session)


async def test_what_is_over_is_neither_sent_nor_learned(server: Server, replicas: Replicas) -> None:
    one = replicas.start(settings(server))
    over, lasting = new_session(lifetime=-1), new_session()
    one.revocations.revoke(over)
    one.revocations.revoke(lasting)
    await until(lambda: server.keys("*revocations"), "the lasting one is sent")
    assert server.command("XLEN", "lampgate:revocations") == 1


async def test_a_listener_that_fails_does_not_end_the_feed(
    server: Server, replicas: Replicas, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = replicas.start(settings(server)), replicas.start(settings(server))
    first, second = new_session(), new_session()

    def fail(revocation: Revocation) -> None:
        raise ZeroDivisionError(revocation.kind)

    other.revocations.subscribe(fail)
    one.revocations.revoke(first)
    await learned(other, first)
    one.revocations.revoke(second)
    await learned(other, second)
    assert "a revocation could not be passed on" in caplog.text


async def test_it_goes_on_after_the_stream_was_something_else(server: Server, replicas: Replicas) -> None:
    server.command("SET", "lampgate:revocations", "foreign")
    one, other = replicas.start(settings(server)), replicas.start(settings(server))
    session = new_session()
    one.revocations.revoke(session)
    await until(lambda: not other.shared.caught_up and one.shared.available, "it is tried")
    server.command("DEL", "lampgate:revocations")
    await learned(other, session)

"""A store that is away, hangs, refuses or comes back empty. Nobody is signed out by that, and nobody waits long."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

import pytest

from lampgate.session.renewal import Refused, Renewed
from lampgate.session.store import Absent, Found, StoreUnavailableError, Unknown
from tests.store.replicas import PERSON, Provider, Replica, Replicas, new_session, renewed, settings, until
from tests.store.servers import Server


async def noticed(replica: Replica) -> None:
    await until(lambda: not replica.shared.available, "the outage is noticed")


async def back(replica: Replica) -> None:
    await until(lambda: replica.shared.available and replica.shared.caught_up, "the store is back")


async def test_lampgate_starts_without_its_store(mortal: Server, replicas: Replicas) -> None:
    mortal.kill()
    replica = replicas.start(settings(mortal))
    await noticed(replica)
    assert "connecting to" in replica.shared.problem
    with pytest.raises(StoreUnavailableError):
        await replica.sign_in(new_session())
    mortal.ready()
    await back(replica)
    assert replica.shared.problem == ""
    cookies = await replica.sign_in(new_session())
    assert isinstance(await replica.load(cookies), Found)


async def test_unknown_is_not_absent(mortal: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(mortal))
    cookies = await replica.sign_in(new_session())
    mortal.kill()
    answer = await replica.load(cookies)
    assert isinstance(answer, Unknown)
    assert answer.cause
    with pytest.raises(StoreUnavailableError):
        await replica.shared.sessions_of(PERSON)


async def test_a_hanging_store_delays_only_who_found_out(mortal: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(mortal))
    cookies = await replica.sign_in(new_session())
    mortal.freeze()
    began = time.monotonic()
    assert isinstance(await replica.load(cookies), Unknown)
    assert time.monotonic() - began < 1.5
    began = time.monotonic()
    for _ in range(100):
        assert isinstance(await replica.load(cookies), Unknown)
    assert time.monotonic() - began < 2, "each of them waiting would take 30 s"
    mortal.thaw()
    await back(replica)
    assert isinstance(await replica.load(cookies), Found)


async def test_a_hundred_requests_when_the_store_hangs(mortal: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(mortal))
    cookies = await replica.sign_in(new_session())
    mortal.freeze()
    began = time.monotonic()
    answers = await asyncio.gather(*(replica.load(cookies) for _ in range(100)))
    assert time.monotonic() - began < 2
    assert all(isinstance(answer, Unknown) for answer in answers)
    mortal.thaw()


async def test_killed_under_load(mortal: Server, replicas: Replicas) -> None:
    """Whatever is under way at that moment ends in one of the three answers."""
    replica = replicas.start(settings(mortal))
    browsers = [await replica.sign_in(new_session()) for _ in range(10)]
    provider = Provider()
    answers: list[object] = []
    saved: list[dict[str, str]] = []

    async def person(cookies: dict[str, str]) -> None:
        while replica.shared.available:
            answers.append(answer := await replica.load(cookies))
            if isinstance(answer, Found):
                answers.append(await replica.store.renew(answer, provider.redeem))
            with contextlib.suppress(StoreUnavailableError):
                saved.append(await replica.sign_in(new_session()))

    people = [asyncio.create_task(person(cookies)) for cookies in browsers]
    await until(lambda: len(saved) > 20, "there is some load")
    mortal.kill()
    await asyncio.gather(*people)
    # What was renewed here goes on from memory; of the others nobody can tell.
    assert {type(answer) for answer in answers} == {Found, Renewed}
    assert isinstance(await replica.load(saved[0]), Unknown)
    mortal.ready()
    await back(replica)
    # It had no persistence: now there certainly are no sessions, and new ones can begin.
    assert await replica.load(browsers[0]) == Absent("no-record")
    assert isinstance(await replica.load(await replica.sign_in(new_session())), Found)


async def test_one_line_when_it_goes_and_one_when_it_is_back(
    mortal: Server, replicas: Replicas, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "lampgate.store")
    replica = replicas.start(settings(mortal))
    cookies = await replica.sign_in(new_session())
    mortal.kill()
    await asyncio.gather(*(replica.load(cookies) for _ in range(50)))
    await noticed(replica)
    mortal.ready()
    await back(replica)
    gone, come = [record.getMessage() for record in caplog.records]
    assert gone.startswith("The session store cannot be reached: ")
    assert come == "The session store is back."
    assert [event for event in replica.events if event != "call-failed"] == ["went-away", "came-back"]


@pytest.mark.parametrize("hanging", [False, True], ids=["dead", "hanging"])
async def test_renewing_goes_on_without_the_store(mortal: Server, replicas: Replicas, *, hanging: bool) -> None:
    replica, other = replicas.start(settings(mortal)), replicas.start(settings(mortal))
    session = new_session()
    cookies = await replica.sign_in(session)
    found = await replica.found(cookies)
    if hanging:
        mortal.freeze()
    else:
        mortal.command("CONFIG", "SET", "appendonly", "yes")
        await until(lambda: b"aof_rewrite_in_progress:0" in info(mortal), "everything is on the disk")
        mortal.kill()
    provider = Provider()
    assert await replica.store.renew(found, provider.redeem) == Renewed(renewed(session))
    # Asked once more with the old session, it does not redeem once more, and who has the ticket can go on.
    assert await replica.store.renew(found, provider.redeem) == Renewed(renewed(session))
    assert provider.calls == 1
    assert (await replica.found(cookies)).session == renewed(session)
    assert isinstance(await other.load(cookies), Unknown)
    if hanging:
        mortal.thaw()
    else:
        mortal.start_again_from_disk()
    await back(replica)
    await back(other)
    (record,) = mortal.keys("*session:*")
    await until(lambda: mortal.command("HGET", record, "g") == b"1", "the renewed session is written")
    assert (await other.found(cookies)).session == renewed(session)


def info(server: Server) -> bytes:
    text = server.command("INFO", "persistence")
    return repr(text).replace("'", "").replace(": ", ":").encode()


async def test_what_the_store_took_and_lost_is_written_again(mortal: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(mortal))
    session = new_session()
    cookies = await replica.sign_in(session)
    (record,) = mortal.keys("*session:*")
    before = mortal.command("DUMP", record)
    assert isinstance(before, bytes)
    await replica.store.renew(await replica.found(cookies), Provider().redeem)
    # As after a failover to a replica that had not got the last write.
    mortal.command("RESTORE", record, 0, before, "REPLACE")
    mortal.freeze()
    assert isinstance(await replica.load(cookies), Found)
    assert not replica.shared.available
    mortal.thaw()
    await until(lambda: mortal.command("HGET", record, "g") == b"1", "it is written again")


async def test_the_store_dies_between_redemption_and_writing(mortal: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(mortal))
    session = new_session()
    cookies = await replica.sign_in(session)
    provider = Provider()
    provider.go_on.clear()
    renewal = asyncio.create_task(replica.store.renew(await replica.found(cookies), provider.redeem))
    await provider.begun.wait()
    mortal.freeze()
    provider.go_on.set()
    assert await renewal == Renewed(renewed(session))
    assert (await replica.found(cookies)).session == renewed(session)
    mortal.thaw()
    (record,) = mortal.keys("*session:*")
    await until(lambda: mortal.command("HGET", record, "g") == b"1", "the renewed session is written")


async def test_signing_out_while_the_store_is_away(mortal: Server, replicas: Replicas) -> None:
    one, other = replicas.start(settings(mortal)), replicas.start(settings(mortal))
    cookies = await one.sign_in(new_session())
    found = await one.found(cookies)
    mortal.freeze()
    assert isinstance(await one.load(cookies), Unknown)
    deleted = await one.store.end(None, cookies)
    assert "Max-Age=0" in deleted[0]
    renewal = await one.store.renew(found, Provider().redeem)
    assert isinstance(renewal, Refused)
    mortal.thaw()
    await until(lambda: mortal.keys("*session:*") == [], "the record is deleted")
    await until(lambda: other.revocations.is_revoked(found.session), "the other replica learns of it")
    assert await one.load(cookies) == Absent("no-record")


async def test_a_person_is_ended_while_the_store_is_away(mortal: Server, replicas: Replicas) -> None:
    one, other = replicas.start(settings(mortal)), replicas.start(settings(mortal))
    cookies = await one.sign_in(new_session())
    found = await one.found(cookies)
    mortal.freeze()
    with pytest.raises(StoreUnavailableError):
        await one.shared.end_person(PERSON)
    assert one.revocations.is_revoked(found.session)
    mortal.thaw()
    await until(lambda: other.revocations.is_revoked(found.session), "the other replica learns of it")
    assert await other.load(cookies) == Absent("revoked")


@pytest.mark.parametrize(
    ("set_up", "mend", "word"),
    [
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), "read only"),
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"), "maxmemory"),
        (("CONFIG", "SET", "min-replicas-to-write", "1"), ("CONFIG", "SET", "min-replicas-to-write", "0"), "NOREPL"),
    ],
    ids=["read-only", "out-of-memory", "too-few-replicas"],
)
async def test_a_store_that_takes_nothing(
    mortal: Server, replicas: Replicas, set_up: tuple[str, ...], mend: tuple[str, ...], word: str
) -> None:
    replica = replicas.start(settings(mortal))
    session = new_session()
    cookies = await replica.sign_in(session)
    found = await replica.found(cookies)
    mortal.command(*set_up)
    provider = Provider()
    assert await replica.store.renew(found, provider.redeem) == Renewed(renewed(session))
    await noticed(replica)
    assert word in replica.shared.problem
    mortal.command(*mend)
    await back(replica)
    (record,) = mortal.keys("*session:*")
    await until(lambda: mortal.command("HGET", record, "g") == b"1", "the renewed session is written")


async def test_a_command_that_is_not_allowed_is_said_once(
    mortal: Server, replicas: Replicas, caplog: pytest.LogCaptureFixture
) -> None:
    mortal.command("ACL", "SETUSER", "gate", "on", ">pw", "~*", "+@all", "-hget")
    replica = replicas.start(settings(mortal, username="gate", password="pw"))
    cookies = await replica.sign_in(new_session())
    for _ in range(5):
        assert isinstance(await replica.load(cookies), Unknown)
    (line,) = [record.getMessage() for record in caplog.records]
    assert "refused a command" in line
    assert "hget" in line
    assert replica.shared.available


async def test_a_wrong_password_is_a_problem_and_not_shown(mortal: Server, replicas: Replicas) -> None:
    mortal.command("CONFIG", "SET", "requirepass", "right")
    replica = replicas.start(settings(mortal, password="wrong-one"))
    await noticed(replica)
    assert "password" in replica.shared.problem
    assert "wrong-one" not in replica.shared.problem

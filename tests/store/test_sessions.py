"""Keeping, finding and ending sessions, with a real server."""

from __future__ import annotations

import time

import pytest

from lampgate.session.store import Absent, Found
from tests.store.replicas import COOKIE, PERSON, SECRET, Replicas, new_session, settings
from tests.store.servers import Server


async def test_a_session_is_found_by_every_replica(server: Server, replicas: Replicas) -> None:
    one, other = replicas.start(settings(server)), replicas.start(settings(server))
    session = new_session()
    cookies = await one.sign_in(session)
    assert (await other.found(cookies)).session == session


async def test_the_cookie_is_small_and_the_store_shows_nothing(server: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(server))
    session = new_session()
    cookies = await replica.sign_in(session)
    assert len(cookies[COOKIE]) < 250
    keys = server.keys("*:*")
    contents = repr([server.command("HGETALL", key) for key in keys if ":session:" in key])
    for secret in (session.id, session.refresh_token, "an-access-token", PERSON, "Rita"):
        assert secret not in repr(keys) + contents
    found = await replica.found(cookies)
    assert session.id not in repr(found)
    assert session.refresh_token not in repr(found)


async def test_everything_in_the_store_ends_with_the_session(server: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(server))
    await replica.sign_in(new_session(lifetime=100))
    (record,) = server.keys("*session:*")
    (person,) = server.keys("*person:*")
    for key in (record, person):
        assert server.command("TTL", key) in range(95, 101)


async def test_each_sign_in_has_its_own_ticket(server: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(server))
    session = new_session()
    assert await replica.sign_in(session) != await replica.sign_in(session)


async def test_what_the_cookie_alone_tells_needs_no_store(mortal: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(mortal))
    other_deployment = replicas.start(settings(mortal), secret=(b"o" * 32,))
    cookies = await replica.sign_in(new_session(lifetime=100))
    mortal.kill()
    now = time.time()
    assert replica.store.load({}, now) == Absent("no-cookie")
    assert replica.store.load({COOKIE: "a guess"}, now) == Absent("not-ours")
    assert replica.store.load(cookies, now + 101) == Absent("expired")
    assert other_deployment.store.load(cookies, now) == Absent("not-ours")


async def test_after_sign_out_there_is_no_session_anywhere(server: Server, replicas: Replicas) -> None:
    one, other = replicas.start(settings(server), running=False), replicas.start(settings(server), running=False)
    cookies = await one.sign_in(new_session())
    left_over = {f"{COOKIE}-1": "part of an earlier cookie"}
    deleted = await one.store.end(await one.found(cookies), cookies | left_over)
    assert [line.partition("=")[0] for line in deleted] == [COOKIE, f"{COOKIE}-1"]
    assert all("Max-Age=0" in line for line in deleted)
    # Neither needs the feed of revocations: the record is gone.
    assert await other.load(cookies) == Absent("no-record")
    assert await one.load(cookies) == Absent("no-record")
    assert server.keys("*session:*") == []


async def test_a_record_that_was_put_back_stays_revoked(server: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(server))
    cookies = await replica.sign_in(new_session())
    (key,) = server.keys("*session:*")
    copy = server.command("DUMP", key)
    assert isinstance(copy, bytes)
    await replica.store.end(await replica.found(cookies), cookies)
    server.command("RESTORE", key, 0, copy)
    assert await replica.load(cookies) == Absent("revoked")


async def test_left_over_parts_of_a_longer_cookie_are_deleted_at_sign_in(server: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(server))
    lines = await replica.store.save(new_session(), {COOKIE: "old", f"{COOKIE}-1": "old"}, time.time())
    assert [line.partition("=")[0] for line in lines] == [COOKIE, f"{COOKIE}-1"]
    assert "Max-Age=0" not in lines[0]
    assert "Max-Age=0" in lines[1]


async def test_the_browser_keeps_its_ticket_when_a_session_is_renewed(server: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(server))
    cookies = await replica.sign_in(new_session())
    assert replica.store.browser_copy(await replica.found(cookies), cookies, time.time()) == []


async def test_a_new_secret_signs_nobody_out(server: Server, replicas: Replicas) -> None:
    before = replicas.start(settings(server))
    after = replicas.start(settings(server), secret=(b"n" * 32, SECRET))
    cookies = await before.sign_in(new_session())
    assert isinstance(await after.load(cookies), Found)
    assert len(await after.shared.sessions_of(PERSON)) == 1


async def test_gateways_with_other_prefixes_do_not_see_each_other(server: Server, replicas: Replicas) -> None:
    one, other = replicas.start(settings(server)), replicas.start(settings(server, key_prefix="other:"))
    cookies = await one.sign_in(new_session())
    assert await other.load(cookies) == Absent("no-record")


async def test_a_persons_sessions_are_listed_and_ended(server: Server, replicas: Replicas) -> None:
    one, other = replicas.start(settings(server)), replicas.start(settings(server))
    first, second, somebody_else = new_session(), new_session(lifetime=7200), new_session(oid="x")
    browsers = [await one.sign_in(session) for session in (first, second, somebody_else)]
    listed = await other.shared.sessions_of(PERSON)
    assert {summary.id for summary in listed} == {first.id, second.id}
    assert {summary.expires_at for summary in listed} == {first.expires_at, second.expires_at}
    assert first.id not in repr(listed)

    await other.shared.end_session(first.id)
    assert await one.load(browsers[0]) == Absent("no-record")
    assert [summary.id for summary in await one.shared.sessions_of(PERSON)] == [second.id]
    assert await one.shared.end_person(PERSON) == 1
    assert await other.shared.sessions_of(PERSON) == []
    assert await other.load(browsers[1]) == Absent("no-record")
    assert isinstance(await other.load(browsers[2]), Found)


async def test_sessions_that_ended_leave_the_list(server: Server, replicas: Replicas) -> None:
    replica = replicas.start(settings(server))
    await replica.sign_in(new_session(lifetime=-10))
    lasting = new_session()
    await replica.sign_in(lasting)
    (person,) = server.keys("*person:*")
    assert server.command("ZCARD", person) == 1
    assert [summary.id for summary in await replica.shared.sessions_of(PERSON)] == [lasting.id]


@pytest.mark.parametrize("key", ["session:", "person:"])
async def test_a_foreign_value_in_the_way(server: Server, replicas: Replicas, key: str) -> None:
    replica = replicas.start(settings(server))
    cookies = await replica.sign_in(new_session())
    for taken in server.keys(f"*{key}*"):
        server.command("SET", taken, "foreign")
    answer = await replica.load(cookies)
    assert isinstance(answer, Found) if key == "person:" else answer == Absent("not-ours")
    assert await replica.shared.sessions_of(PERSON) == []
    assert replica.shared.available

"""Renewing once among replicas, with a real server."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from lampgate.session.renewal import Refused, Renewed, Unsure
from lampgate.session.store import Absent, Found
from tests.store.replicas import Provider, Replica, Replicas, new_session, renewed, settings, until
from tests.store.servers import Server


async def signed_in(server: Server, replicas: Replicas, count: int, *, lock_life: float = 5.0) -> list[Replica]:
    return [replicas.start(settings(server), lock_life=lock_life) for _ in range(count)]


async def test_two_hundred_renewals_at_once_are_one_redemption(server: Server, replicas: Replicas) -> None:
    three = await signed_in(server, replicas, 3)
    session = new_session()
    cookies = await three[0].sign_in(session)
    provider = Provider()
    found = [await replica.found(cookies) for replica in three]
    renewals = [three[number % 3].store.renew(found[number % 3], provider.redeem) for number in range(200)]
    results = await asyncio.gather(*renewals)
    assert provider.calls == 1
    assert set(map(repr, results)) == {repr(Renewed(renewed(session)))}
    assert all(isinstance(result, Renewed) and result.session == renewed(session) for result in results)
    assert [(await replica.found(cookies)).session for replica in three] == [renewed(session)] * 3
    assert server.keys("*lock:*") == []


async def test_what_another_replica_renewed_before_counts(server: Server, replicas: Replicas) -> None:
    one, other = await signed_in(server, replicas, 2)
    session = new_session()
    cookies = await one.sign_in(session)
    old = await other.found(cookies)
    provider = Provider()
    await one.store.renew(await one.found(cookies), provider.redeem)
    assert await other.store.renew(old, provider.redeem) == Renewed(renewed(session))
    assert provider.calls == 1


async def test_renewals_follow_each_other(server: Server, replicas: Replicas) -> None:
    one, other = await signed_in(server, replicas, 2)
    session = new_session()
    cookies = await one.sign_in(session)
    provider = Provider()
    for replica in (one, other, one):
        await replica.store.renew(await replica.found(cookies), provider.redeem)
    assert provider.calls == 3
    assert (await other.found(cookies)).session.generation == 3


async def test_who_waits_with_the_newer_session_wants_a_newer_one_still(server: Server, replicas: Replicas) -> None:
    (replica,) = await signed_in(server, replicas, 1)
    session = new_session()
    cookies = await replica.sign_in(session)
    provider = Provider()
    provider.go_on.clear()
    found = await replica.found(cookies)
    first = asyncio.create_task(replica.store.renew(found, provider.redeem))
    await provider.begun.wait()
    second = asyncio.create_task(replica.store.renew(Found(renewed(session), found.handle), provider.redeem))
    await asyncio.sleep(0)
    provider.go_on.set()
    assert await first == Renewed(renewed(session))
    assert await second == Renewed(renewed(renewed(session)))


@pytest.mark.parametrize("answer", [Refused("invalid_grant"), Unsure("no answer")], ids=["refused", "unsure"])
async def test_answers_that_are_no_tokens(server: Server, replicas: Replicas, answer: Refused | Unsure) -> None:
    (replica,) = await signed_in(server, replicas, 1)
    session = new_session()
    cookies = await replica.sign_in(session)
    provider = Provider(answer=answer)
    found = await replica.found(cookies)
    results = await asyncio.gather(*(replica.store.renew(found, provider.redeem) for _ in range(20)))
    assert results == [answer] * 20
    assert provider.calls == 1, "who waited takes the answer as well"
    assert (await replica.found(cookies)).session == session
    assert server.keys("*lock:*") == []


async def test_a_redemption_that_raises_leaves_no_lock(server: Server, replicas: Replicas) -> None:
    (replica,) = await signed_in(server, replicas, 1)
    cookies = await replica.sign_in(new_session())
    found = await replica.found(cookies)
    with pytest.raises(ZeroDivisionError):
        await replica.store.renew(found, Provider(answer=ZeroDivisionError()).redeem)
    assert server.keys("*lock:*") == []
    assert isinstance(await replica.store.renew(found, Provider().redeem), Renewed)


async def test_a_cancelled_renewal_leaves_the_turn_to_the_next(server: Server, replicas: Replicas) -> None:
    one, other = await signed_in(server, replicas, 2)
    cookies = await one.sign_in(new_session())
    provider, free = Provider(), Provider()
    provider.go_on.clear()
    found = await one.found(cookies)
    first = asyncio.create_task(one.store.renew(found, provider.redeem))
    await provider.begun.wait()
    waiting = [asyncio.create_task(each.store.renew(found, free.redeem)) for each in (one, one, other)]
    first.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await first
    results = await asyncio.gather(*waiting)
    assert all(isinstance(result, Renewed) for result in results)
    assert free.calls == 1


async def test_signing_out_beats_renewing(server: Server, replicas: Replicas) -> None:
    one, other = replicas.start(settings(server)), replicas.start(settings(server), running=False)
    cookies = await one.sign_in(new_session())
    provider = Provider()
    provider.go_on.clear()
    # The one that renews does not hear of the sign-out: only its record is gone.
    found = await other.found(cookies)
    renewal = asyncio.create_task(other.store.renew(found, provider.redeem))
    await provider.begun.wait()
    await one.store.end(await one.found(cookies), cookies)
    provider.go_on.set()
    result = await renewal
    assert isinstance(result, Refused)
    assert result.reason == "signed-out"
    assert server.keys("*session:*") == []
    assert await other.load(cookies) == Absent("no-record")
    assert isinstance(await other.store.renew(found, provider.redeem), Refused)
    assert provider.calls == 1


async def test_a_holder_that_was_too_slow_does_not_overwrite(server: Server, replicas: Replicas) -> None:
    slow, quick = await signed_in(server, replicas, 2, lock_life=0.1)
    session = new_session()
    cookies = await slow.sign_in(session)
    provider, next_one = Provider(token="slow"), Provider(token="quick")
    provider.go_on.clear()
    found = await slow.found(cookies)
    late = asyncio.create_task(slow.store.renew(found, provider.redeem))
    await provider.begun.wait()
    # The lock expires under the slow one, and the other goes on: twice, so that its record is newer.
    first = await quick.store.renew(found, next_one.redeem)
    assert first == Renewed(renewed(session, "quick"))
    await quick.store.renew(await quick.found(cookies), next_one.redeem)
    provider.go_on.set()
    result = await late
    assert isinstance(result, Renewed)
    assert result.session.generation == 2
    assert (await slow.found(cookies)).session == result.session == (await quick.found(cookies)).session


async def test_of_two_results_of_one_generation_the_later_holders_stays(server: Server, replicas: Replicas) -> None:
    slow, quick = await signed_in(server, replicas, 2, lock_life=0.1)
    session = new_session()
    cookies = await slow.sign_in(session)
    provider = Provider(token="slow")
    provider.go_on.clear()
    found = await slow.found(cookies)
    late = asyncio.create_task(slow.store.renew(found, provider.redeem))
    await provider.begun.wait()
    await quick.store.renew(found, Provider(token="quick").redeem)
    provider.go_on.set()
    assert await late == Renewed(renewed(session, "quick"))


async def test_a_token_that_somebody_else_has_just_used_is_not_the_end(server: Server, replicas: Replicas) -> None:
    slow, quick = await signed_in(server, replicas, 2, lock_life=0.1)
    session = new_session()
    cookies = await slow.sign_in(session)
    refused = Provider(answer=Refused("invalid_grant"))
    refused.go_on.clear()
    found = await slow.found(cookies)
    late = asyncio.create_task(slow.store.renew(found, refused.redeem))
    await refused.begun.wait()
    await quick.store.renew(found, Provider().redeem)
    refused.go_on.set()
    assert await late == Renewed(renewed(session))


async def test_the_lock_of_a_replica_that_died_is_outlived(server: Server, replicas: Replicas) -> None:
    (replica,) = await signed_in(server, replicas, 1, lock_life=0.2)
    cookies = await replica.sign_in(new_session())
    (record,) = server.keys("*session:*")
    server.command("SET", record.replace("session:", "lock:"), "who died", "PX", 200)
    assert isinstance(await replica.store.renew(await replica.found(cookies), Provider().redeem), Renewed)


async def test_a_lock_that_never_ends_is_not_waited_for_without_end(server: Server, replicas: Replicas) -> None:
    (replica,) = await signed_in(server, replicas, 1, lock_life=0.1)
    cookies = await replica.sign_in(new_session())
    (record,) = server.keys("*session:*")
    lock = record.replace("session:", "lock:")
    server.command("SET", lock, "forever")
    provider = Provider()
    result = await replica.store.renew(await replica.found(cookies), provider.redeem)
    assert isinstance(result, Unsure)
    assert provider.calls == 0
    assert server.command("GET", lock) == b"forever", "somebody else's lock stays"


async def test_a_failover_that_lost_the_last_write_is_mended(server: Server, replicas: Replicas) -> None:
    one, other = await signed_in(server, replicas, 2)
    session = new_session()
    cookies = await one.sign_in(session)
    (record,) = server.keys("*session:*")
    before = server.command("DUMP", record)
    assert isinstance(before, bytes)
    await one.store.renew(await one.found(cookies), Provider().redeem)
    server.command("RESTORE", record, 0, before, "REPLACE")
    assert (await other.found(cookies)).session.generation == 0
    assert (await one.found(cookies)).session == renewed(session)
    await until(lambda: server.command("HGET", record, "g") == b"1", "the newer record is written again")
    assert (await other.found(cookies)).session == renewed(session)

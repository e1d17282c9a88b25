"""Sentinels, clusters, TLS and credentials, with real servers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from lampgate.session.renewal import Renewed
from lampgate.session.store import Found, StoreUnavailableError, Unknown
from tests.store.replicas import PERSON, Provider, Replica, Replicas, new_session, renewed, settings, until
from tests.store.servers import Server
from tests.store.topologies import Certificates, cluster, guarded, with_tls

CONFIGURATION = Path(__file__).parents[2] / "docs" / "configuration.md"


async def whole_life(one: Replica, other: Replica) -> None:
    """Everything that a session goes through, on two replicas."""
    session = new_session()
    cookies = await one.sign_in(session)
    found = await other.found(cookies)
    provider = Provider()
    results = await asyncio.gather(*(replica.store.renew(found, provider.redeem) for replica in (one, other) * 10))
    assert set(map(repr, results)) == {repr(Renewed(renewed(session)))}
    assert provider.calls == 1
    assert session.id in {summary.id for summary in await other.shared.sessions_of(PERSON)}
    await one.store.end(await one.found(cookies), cookies)
    assert not isinstance(await other.load(cookies), Found)
    await until(lambda: other.revocations.is_revoked(session), "the other replica learns of it")


async def test_a_sentinel_fails_over(tmp_path: Path, replicas: Replicas) -> None:
    with guarded(tmp_path) as servers:
        one, other = replicas.start(servers.settings), replicas.start(servers.settings)
        await whole_life(one, other)
        session = new_session()
        cookies = await one.sign_in(session)
        found = await one.found(cookies)
        await until(lambda: servers.replica.keys("*session:*"), "it is replicated")
        servers.primary.kill()
        # While there is no primary the renewed session is owed.
        assert isinstance(await one.store.renew(found, Provider().redeem), Renewed)
        for replica in (one, other):
            await until(partial(_is_available, replica), "the new primary is found", within=15)
        (record,) = servers.replica.keys("*session:*")
        await until(lambda: servers.replica.command("HGET", record, "g") == b"1", "what was owed is written")
        assert (await other.found(cookies)).session == renewed(session)
        await whole_life(one, other)


async def test_a_cluster(tmp_path: Path, replicas: Replicas) -> None:
    with cluster(tmp_path) as servers:
        one, other = replicas.start(servers.settings), replicas.start(servers.settings)
        browsers = [await one.sign_in(new_session()) for _ in range(12)]
        for cookies in browsers:
            assert isinstance(await other.load(cookies), Found)
        assert all(server.keys("*session:*") for server in servers.servers), "they are spread over all"
        assert await other.shared.end_person(PERSON) == 12
        assert not any(server.keys("*session:*") for server in servers.servers)
        cookies = await one.sign_in(new_session())
        for server in servers.servers:
            server.kill()
        assert isinstance(await other.load(cookies), Unknown)
        with pytest.raises(StoreUnavailableError):
            await one.sign_in(new_session())


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def tls_server(certificates: Certificates) -> Iterator[Server]:
    with with_tls(certificates) as server:
        yield server


async def test_tls_with_a_client_certificate(
    tls_server: Server, certificates: Certificates, replicas: Replicas
) -> None:
    store = settings(tls_server, tls=certificates.tls(), connect_timeout=1.0, operation_timeout=1.0)
    await whole_life(replicas.start(store), replicas.start(store))


@pytest.mark.parametrize(
    ("client", "trusted"), [(True, False), (False, True)], ids=["unknown-authority", "no-client-certificate"]
)
async def test_tls_that_fails(
    tls_server: Server, certificates: Certificates, replicas: Replicas, *, client: bool, trusted: bool
) -> None:
    replica = replicas.start(
        settings(tls_server, tls=certificates.tls(client=client, trusted=trusted)), running=False
    )
    with pytest.raises(StoreUnavailableError):
        await replica.sign_in(new_session())
    assert replica.shared.problem


async def test_a_certificate_for_another_name(certificates: Certificates, replicas: Replicas) -> None:
    with with_tls(certificates, "elsewhere", clients=False) as server:
        strict = replicas.start(settings(server, tls=certificates.tls(client=False)))
        with pytest.raises(StoreUnavailableError):
            await strict.sign_in(new_session())
        careless = replicas.start(settings(server, tls=certificates.tls(trusted=False, client=False, verify=False)))
        await careless.sign_in(new_session())


async def test_credentials_from_a_file_that_is_rotated(mortal: Server, replicas: Replicas, tmp_path: Path) -> None:
    mortal.command("ACL", "SETUSER", "gate", "on", ">first", "~*", "&*", "+@all")
    file = tmp_path / "password"
    file.write_text("first\n")
    replica = replicas.start(settings(mortal, username="gate", password_file=file))
    cookies = await replica.sign_in(new_session())
    mortal.command("ACL", "SETUSER", "gate", "resetpass", ">second")
    mortal.command("CLIENT", "KILL", "USER", "gate")
    assert isinstance(await replica.load(cookies), Unknown)
    file.write_text("second\n")
    await until(lambda: replica.shared.available, "the new password is read")
    assert isinstance(await replica.load(cookies), Found)


async def test_a_user_that_may_do_what_the_documentation_says(mortal: Server, replicas: Replicas) -> None:
    documented = re.search(r"ACL SETUSER lampgate on >PASSWORD (.*)", CONFIGURATION.read_text("utf-8"))
    assert documented is not None
    mortal.command("ACL", "SETUSER", "lampgate", "on", ">word", *documented[1].split())
    store = settings(mortal, username="lampgate", password="word")
    one, other = replicas.start(store), replicas.start(store)
    await whole_life(one, other)
    await one.sign_in(new_session())
    assert await other.shared.end_person(PERSON) == 1
    assert {*one.events, *other.events} == set(), "nothing was refused"
    assert mortal.command("ACL", "LOG") == []


async def test_another_database(server: Server, replicas: Replicas) -> None:
    one, other = replicas.start(settings(server, database=3)), replicas.start(settings(server))
    cookies = await one.sign_in(new_session())
    assert server.keys("*session:*") == []
    assert isinstance(await one.load(cookies), Found)
    assert not isinstance(await other.load(cookies), Found)


def _is_available(replica: Replica) -> bool:
    return replica.shared.available

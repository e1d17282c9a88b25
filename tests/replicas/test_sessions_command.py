"""``lampgate sessions``: an administrator looks at a person's sessions, and ends them while they are in use."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.replicas.clients import request
from tests.replicas.deployment import Deployment
from tests.store.servers import Server


async def command(file: Path, *words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lampgate", "sessions", str(file), *words),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, output.decode()


async def test_listed_and_ended_everywhere(tmp_path: Path, store: Server) -> None:
    async with Deployment(tmp_path, count=2, store=store) as deployment:
        cookies = [await deployment.session(token_seconds=3000) for _ in range(3)]
        ports = [replica.port for replica in deployment.replicas]
        for cookie in cookies:
            assert [(await request(port, cookie)).status for port in ports] == [200, 200]
        file, person = tmp_path / "lampgate.yaml", deployment.subject.key
        status, listed = await command(file, "--person", person)
        assert status == 0
        assert listed.startswith("signed in")
        assert len(listed.splitlines()) == 4
        assert await command(file, "--person", "t/nobody") == (0, "There are no sessions of this person.\n")
        status, ended = await command(file, "--person", person, "--end")
        assert (status, ended.splitlines()[0]) == (0, "Ended, in every replica:")
        for _ in range(200):
            statuses = {(await request(port, cookie)).status for port in ports for cookie in cookies}
            if statuses == {401}:
                break
            await asyncio.sleep(0.02)
        assert statuses == {401}
        assert await command(file, "--person", person) == (0, "There are no sessions of this person.\n")


async def test_without_the_store_it_is_said(tmp_path: Path, store: Server) -> None:
    async with Deployment(tmp_path, count=1, store=store) as deployment:
        store.kill()
        status, said = await command(tmp_path / "lampgate.yaml", "--person", deployment.subject.key)
        assert (status, "cannot be asked" in said, "Traceback" in said) == (1, True, False)
    async with Deployment(tmp_path, count=1) as deployment:
        status, said = await command(tmp_path / "lampgate.yaml", "--person", deployment.subject.key)
        assert (status, "browsers" in said) == (1, True)

"""The lab's gateway: ``lampgate serve`` in a process of its own, with the scenario's published configuration.

Only the placeholders are filled in: issuer, client id and upstream.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import IO, ClassVar, Literal

import httpx

from lampgate.errors import LampgateError
from lampgate.lab.world import GATEWAY_APP_ID

_START_TIMEOUT = 20.0
_STOP_TIMEOUT = 10.0


class GatewayStartError(LampgateError):
    """The gateway's process ended, or did not become ready."""

    code: ClassVar[str] = "lab.gateway-start"


def scenario_configuration(*, issuer: str, upstream: str, inject: Literal["access_token", "id_token"]) -> str:
    """The published ConfigMap with its placeholders filled in.

    :param inject: ``id_token`` makes the mistake the scenario warns of, to show what it looks like.
    """
    text = files("lampgate.lab").joinpath("scenario.yaml").read_text(encoding="utf-8")
    replacements = {
        "https://login.microsoftonline.com/..your-tenant.../v2.0": issuer,
        'clientID: "..."': f'clientID: "{GATEWAY_APP_ID}"',
        "uri: http://headlamp:80": f"uri: {upstream}",
        "claim: access_token": f"claim: {inject}",
    }
    for placeholder, value in replacements.items():
        if text.count(placeholder) != 1:
            raise AssertionError(f"the scenario has no {placeholder!r}")
        text = text.replace(placeholder, value)
    return text


class GatewayProcess:
    """A running gateway. Make one with `start`."""

    def __init__(self, process: asyncio.subprocess.Process, *, port: int, log: IO[bytes]) -> None:
        self.url = f"http://localhost:{port}"
        self.pid = process.pid
        self._process = process
        self._ready_url = f"http://127.0.0.1:{port}/ready"
        self._log = log

    @classmethod
    async def start(
        cls, configuration: Path, *, port: int, environ: Mapping[str, str], log: IO[bytes]
    ) -> GatewayProcess:
        """Start ``lampgate serve``.

        :param environ: added to this process's own environment, of which nothing that configures a gateway is kept.
        :param log: where its output goes.
        """
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("OAUTH2_PROXY_", "AZURE_"))
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "lampgate", "serve", str(configuration), "--listen", f"127.0.0.1:{port}"),
            env={**inherited, **environ},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C reaches the lab alone; the lab ends the gateway in its turn.
            start_new_session=True,
        )
        return cls(process, port=port, log=log)

    async def wait_until_ready(self) -> None:
        """Return when the gateway can sign people in.

        :raises GatewayStartError: with the end of its log.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _START_TIMEOUT
        async with httpx.AsyncClient(trust_env=False) as client:
            while loop.time() < deadline and self._process.returncode is None:
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(self._ready_url)).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise self.failure("The gateway did not start")

    async def wait_until_ended(self) -> None:
        """Return when the process has ended."""
        await self._process.wait()

    async def stop(self) -> None:
        """End it: gently first."""
        if self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_TIMEOUT)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def failure(self, sentence: str) -> GatewayStartError:
        """An error that shows the end of the gateway's log."""
        self._log.flush()
        text = Path(self._log.name).read_text(encoding="utf-8", errors="replace")
        return GatewayStartError(sentence, cause="\n".join(text.splitlines()[-20:]))

"""The lab as its users have it: a process that prints where everything is, and ends on Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.scenario.forms import press

NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
FETCH = {"Accept": "application/json", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}


class Lab:
    """A running lab: what ``lampgate lab --json`` has printed."""

    def __init__(self, process: subprocess.Popen[str], line: str) -> None:
        self.process = process
        self.facts: dict[str, Any] = json.loads(line)
        self.gateway: str = self.facts["gateway"]
        self.entra: str = self.facts["entra"]
        self.kubernetes: str = self.facts["kubernetes"]
        self.kubeconfig: str = self.facts["kubeconfig"]
        self.ca_file: str = self.facts["ca_file"]
        self.accounts = {account["username"].split("@")[0]: account for account in self.facts["accounts"]}

    @property
    def gateway_log(self) -> str:
        return Path(self.facts["gateway_log"]).read_text(encoding="utf-8")

    def browser(self) -> httpx.AsyncClient:
        """A browser without scripts: keeps cookies, follows redirects, says that it navigates."""
        return httpx.AsyncClient(headers=NAVIGATION, follow_redirects=True, trust_env=False, timeout=20)

    async def sign_in(self, client: httpx.AsyncClient, name: str, path: str = "/") -> httpx.Response:
        """Sign in through the lab's pages, ending where the person wanted to go."""
        picker = await client.get(self.gateway + path)
        prompt = await press(client, picker, self.accounts[name]["username"])
        return await press(client, prompt, "Approve")

    async def token(self, name: str) -> str:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(
                f"{self.entra}/lab/token",
                data={"username": self.accounts[name]["username"]},
                headers={"X-Lampgate-Lab": "1"},
            )
        token: str = answer.json()["access_token"]
        return token

    def api(self) -> httpx.AsyncClient:
        """A client for the Kubernetes API itself."""
        context = ssl.create_default_context(cafile=self.ca_file)
        return httpx.AsyncClient(base_url=self.kubernetes, verify=context, trust_env=False)


@contextmanager
def running_lab(*arguments: str) -> Iterator[Lab]:
    """Run the lab; at the end it must go quietly, and take everything with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lampgate", "lab", "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        lab = Lab(process, line)
        yield lab
        assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGINT)
        complaints = process.communicate(timeout=20)[1]
        assert process.returncode == 0, complaints
        assert "Traceback" not in complaints, complaints
        assert not Path(lab.kubeconfig).exists(), "the lab leaves nothing behind"
        try:
            os.kill(lab.facts["gateway_pid"], 0)
        except ProcessLookupError:
            pass
        else:
            raise AssertionError("the gateway outlives the lab")
    finally:
        process.kill()
        process.communicate()

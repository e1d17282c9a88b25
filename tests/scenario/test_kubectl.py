"""A real kubectl against the lab's API front, with the kubeconfig the lab wrote."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.scenario.lab import Lab

pytestmark = pytest.mark.kubectl


@pytest.fixture
def run(lab: Lab, kubectl: str, tmp_path: Path) -> object:
    def run(context: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [kubectl, "--kubeconfig", lab.kubeconfig, "--context", context, "--cache-dir", str(tmp_path), *arguments],
            env={**os.environ, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_the_reader_reads_and_is_refused_secrets(run, lab: Lab) -> None:  # type: ignore[no-untyped-def]
    pods = run("rita", "get", "pods", "-A")
    assert pods.returncode == 0, pods.stderr
    assert "READY" in pods.stdout
    secrets = run("rita", "get", "secrets", "-A")
    assert secrets.returncode != 0
    assert "Update role assignment to allow access" in secrets.stderr


def test_the_admin_gets_secrets(run) -> None:  # type: ignore[no-untyped-def]
    assert run("ada", "get", "secrets", "-A").returncode == 0


def test_who_am_i(run, lab: Lab) -> None:  # type: ignore[no-untyped-def]
    who = run("wes", "auth", "whoami")
    assert who.returncode == 0, who.stderr
    assert lab.accounts["wes"]["username"] in who.stdout


def test_token_command(lab: Lab) -> None:
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "lampgate", "lab", "token", "rita", "--entra", lab.entra],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.count(".") == 2
    unknown = subprocess.run(
        [sys.executable, "-m", "lampgate", "lab", "token", "nobody", "--entra", lab.entra],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert unknown.returncode == 1
    assert "rita@" in unknown.stderr
    assert "Traceback" not in unknown.stderr

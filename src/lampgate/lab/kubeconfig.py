"""The kubeconfig of the lab: one cluster, a user and a context for each account, tokens fetched when needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from lampgate.lab.world import ACCOUNTS, CLUSTER_NAME


def write_kubeconfig(path: Path, *, api_url: str, ca_file: Path, entra_url: str) -> None:
    """Write it to ``path``. The context that is current is the first account's.

    Credentials come from ``lampgate lab token``, as they come from kubelogin with a real cluster: a token that has
    expired is replaced without anybody noticing.
    """
    names = {account: account.username.partition("@")[0] for account in ACCOUNTS}
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": names[ACCOUNTS[0]],
        "preferences": {},
        "clusters": [
            {"name": CLUSTER_NAME, "cluster": {"server": api_url, "certificate-authority": str(ca_file)}},
        ],
        "users": [
            {
                "name": name,
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1beta1",
                        "command": sys.executable,
                        "args": [
                            "-m",
                            "lampgate",
                            "lab",
                            "token",
                            account.username,
                            "--entra",
                            entra_url,
                            "--exec-credential",
                        ],
                        "env": None,
                        "interactiveMode": "Never",
                        "provideClusterInfo": False,
                    }
                },
            }
            for account, name in names.items()
        ],
        "contexts": [
            {
                "name": name,
                "context": {
                    "cluster": CLUSTER_NAME,
                    "user": name,
                    **({"namespace": account.namespace} if account.namespace else {}),
                },
            }
            for account, name in names.items()
        ],
    }
    with path.open("w", encoding="utf-8") as stream:
        path.chmod(0o600)
        YAML().dump(document, stream)

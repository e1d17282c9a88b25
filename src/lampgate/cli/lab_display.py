"""What ``lampgate lab`` shows on a terminal: that it is starting, where everything is, that it is ending."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager, nullcontext

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lampgate.lab.laboratory import Addresses
from lampgate.lab.world import ACCOUNTS

#: rich follows NO_COLOR and what the terminal can do.
_console = Console(highlight=False)


def progress(*, quiet: bool) -> AbstractContextManager[object]:
    """Shown while the parts start."""
    if quiet or not _console.is_terminal:
        return nullcontext()
    return _console.status("Starting Entra, AKS, the dashboard and the gateway …")


def show(addresses: Addresses, *, inject: str) -> None:
    """Where to go, who to be, and what to expect."""
    _console.print()
    _console.print(Text.assemble(("  Open  ", "bold"), (addresses.gateway, "bold underline cyan")))
    _console.print()
    if inject == "id_token":
        _console.print(
            "  This run injects the ID token, as many recipes do: sign-in works, and the API answers 401.\n",
            style="yellow",
        )
    accounts = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    accounts.add_column("  Account", no_wrap=True)
    accounts.add_column("Azure role", no_wrap=True)
    accounts.add_column("Scope", no_wrap=True)
    accounts.add_column("What this person can do")
    for account in ACCOUNTS:
        accounts.add_row(
            f"  {account.display_name}",
            account.role.name.removeprefix("Azure Kubernetes Service ") if account.role else "none",
            "-" if account.role is None else f"namespace {account.namespace}" if account.namespace else "cluster",
            account.summary,
        )
    _console.print(accounts)
    _console.print()
    places = Table.grid(padding=(0, 2))
    places.add_column(style="dim")
    places.add_column(overflow="fold")
    for name, value in (
        ("  Gateway", addresses.gateway),
        ("  Entra", addresses.entra),
        ("  Kubernetes", addresses.kubernetes),
        ("  Dashboard", addresses.dashboard),
        ("  kubeconfig", str(addresses.kubeconfig)),
        ("  Gateway log", str(addresses.gateway_log)),
    ):
        places.add_row(name, value)
    _console.print(places)
    _console.print()
    command = f"  kubectl --kubeconfig {addresses.kubeconfig} --context rita get pods -A"
    _console.print(command, style="dim", soft_wrap=True)
    _console.print("  Ctrl-C ends everything.\n", style="dim")


def say_goodbye() -> None:
    """Shown when the lab ends."""
    with contextlib.suppress(OSError):
        _console.print("  Ending the lab.", style="dim")

"""``lampgate lab`` and ``lampgate lab token``: run the lab, say where everything is, fetch tokens from it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Literal, cast

from lampgate.errors import LampgateError

if TYPE_CHECKING:
    from lampgate.lab.laboratory import Addresses


class LabArgumentError(LampgateError):
    """An option of ``lampgate lab`` that cannot be."""

    code: ClassVar[str] = "lab.argument"


class MissingExtraError(LampgateError):
    """The lab's own dependencies are not installed."""

    code: ClassVar[str] = "lab.missing-extra"


def run_lab(*, inject: str, headlamp: str | None, json_line: bool) -> None:
    """Run the lab until SIGINT or SIGTERM.

    :raises LampgateError: an option is wrong, an extra is missing, or a part does not start.
    """
    if inject not in ("access_token", "id_token"):
        raise LabArgumentError(f"“{inject}” cannot be injected", remedy="Use --inject access_token or id_token")
    try:
        import rich
        import trustme
        import uvicorn
        import websockets  # noqa: F401 - only to see that all four are there
    except ImportError as error:
        raise MissingExtraError(
            f"The lab needs the package {error.name}", remedy='Install it with: pip install "lampgate[lab]"'
        ) from None
    del rich, trustme, uvicorn
    asyncio.run(_run_lab(cast("Literal['access_token', 'id_token']", inject), headlamp, json_line=json_line))


async def _run_lab(inject: Literal["access_token", "id_token"], headlamp: str | None, *, json_line: bool) -> None:
    from lampgate.cli import lab_display
    from lampgate.lab.laboratory import laboratory

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        with lab_display.progress(quiet=json_line):
            lab = await stack.enter_async_context(laboratory(inject=inject, headlamp=headlamp))
        if json_line:
            sys.stdout.write(_as_json(lab.addresses) + "\n")
            sys.stdout.flush()
        else:
            lab_display.show(lab.addresses, inject=inject)
            stack.callback(lab_display.say_goodbye)
        stopping = asyncio.create_task(stop.wait())
        gateway_ended = asyncio.create_task(lab.gateway.wait_until_ended())
        await asyncio.wait([stopping, gateway_ended], return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            raise lab.gateway.failure("The gateway has ended by itself")
        gateway_ended.cancel()


def _as_json(addresses: Addresses) -> str:
    from lampgate.lab.world import ACCOUNTS

    return json.dumps(
        {
            "gateway": addresses.gateway,
            "entra": addresses.entra,
            "kubernetes": addresses.kubernetes,
            "dashboard": addresses.dashboard,
            "kubeconfig": str(addresses.kubeconfig),
            "ca_file": str(addresses.ca_file),
            "gateway_log": str(addresses.gateway_log),
            "gateway_pid": addresses.gateway_pid,
            "accounts": [
                {
                    "username": account.username,
                    "display_name": account.display_name,
                    "role": account.role.name if account.role else None,
                    "scope": account.scope or None,
                }
                for account in ACCOUNTS
            ],
        }
    )


def run_token(username: str, *, entra: str | None, exec_credential: bool) -> None:
    """Print an access token for the AKS server app.

    :raises LampgateError: no lab is running, or it does not know the account.
    """
    import httpx

    from lampgate.lab import state
    from lampgate.lab.world import TENANT_DOMAIN

    entra = entra or state.running_entra_url()
    if "@" not in username:
        username = f"{username}@{TENANT_DOMAIN}"
    try:
        answer = httpx.post(
            f"{entra}/lab/token", data={"username": username}, headers={"X-Lampgate-Lab": "1"}, trust_env=False
        )
    except httpx.TransportError as error:
        raise state.NoLabError(
            "The lab does not answer", cause=str(error), remedy="Start it in another terminal with: lampgate lab"
        ) from None
    content = answer.json()
    if answer.status_code != 200:
        raise LabArgumentError(str(content.get("message", "The lab refused to issue a token")))
    if not exec_credential:
        sys.stdout.write(content["access_token"] + "\n")
        return
    expires = datetime.fromtimestamp(content["expires_on"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    sys.stdout.write(
        json.dumps(
            {
                "apiVersion": "client.authentication.k8s.io/v1beta1",
                "kind": "ExecCredential",
                "status": {"token": content["access_token"], "expirationTimestamp": expires},
            }
        )
    )

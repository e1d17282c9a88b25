"""The pages of a sign-in: pick an account, approve, consent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from lampgate.lab import world
from lampgate.lab.entra.browser_sessions import SignIn, SignInFlow
from lampgate.lab.entra.rendering import page
from lampgate.lab.entra.scopes import ResourceScopes
from lampgate.lab.entra.tenant import Tenant
from lampgate.lab.world import Account

_THINGS: Final = ("Workloads", "Secrets", "Nodes")
#: What each built-in role allows with them, as "Use Azure RBAC for Kubernetes authorization" has it.
_REACH: Final[Mapping[world.Role | None, tuple[str, str, str]]] = {
    world.CLUSTER_ADMIN: ("change", "change", "change"),
    world.ADMIN: ("change", "change", "none"),
    world.WRITER: ("change", "change", "none"),
    world.READER: ("read", "none", "none"),
    None: ("none", "none", "none"),
}


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as the pages show it.

    :ivar access: role and where it holds.
    :ivar reach: kinds of things, each with ``change``, ``read`` or ``none``.
    :ivar tone: which of the avatar colours it has.
    """

    username: str
    display_name: str
    summary: str
    access: str
    reach: tuple[tuple[str, str], ...]
    initials: str
    tone: int
    signed_in: bool


def picker_page(tenant: Tenant, flow: SignInFlow, sign_in: SignIn | None) -> Response:
    """Who do you want to be?"""
    accounts = [_view(tenant, account, sign_in) for account in tenant.accounts]
    return page("picker", {**_frame(tenant, flow), "accounts": accounts})


def approval_page(tenant: Tenant, flow: SignInFlow) -> Response:
    """The second factor, with the number both devices would show."""
    if flow.account is None:
        raise ValueError("an approval needs an account")
    account = _view(tenant, flow.account, None)
    return page("approval", {**_frame(tenant, flow), "account": account, "number": flow.number})


def consent_page(tenant: Tenant, flow: SignInFlow, missing: list[tuple[ResourceScopes, tuple[str, ...]]]) -> Response:
    """What the application asks to be allowed."""
    if flow.account is None:
        raise ValueError("a consent needs an account")
    asked = missing or [(scopes, scopes.names) for scopes in flow.request.scopes.resources]
    permissions = [(scopes.resource.name, name) for scopes, names in asked for name in names]
    account = _view(tenant, flow.account, None)
    return page("consent", {**_frame(tenant, flow), "account": account, "permissions": permissions})


def _frame(tenant: Tenant, flow: SignInFlow) -> dict[str, object]:
    return {
        "tenant": tenant.name,
        "application": flow.request.application.name,
        "flow": flow.id,
        "base": f"/{flow.request.authority}/sign-in",
    }


def _view(tenant: Tenant, account: Account, sign_in: SignIn | None) -> AccountView:
    words = account.display_name.split()
    return AccountView(
        username=account.username,
        display_name=account.display_name,
        summary=account.summary,
        access=_access(account),
        reach=_reach(account),
        initials="".join(word[0] for word in (words[:1] + words[1:][-1:])).upper(),
        tone=tenant.accounts.index(account) % 4,
        signed_in=sign_in is not None and sign_in.account == account,
    )


def _reach(account: Account) -> tuple[tuple[str, str], ...]:
    """The picture of a role. There is none for roles other than the built-in ones."""
    levels = _REACH.get(account.role)
    return tuple(zip(_THINGS, levels, strict=True)) if levels else ()


def _access(account: Account) -> str:
    """The role in a word or two, and where it holds."""
    if account.role is None:
        return "No role"
    role = account.role.name.removeprefix("Azure Kubernetes Service ")
    return f"{role} · {account.namespace or world.CLUSTER_NAME}"

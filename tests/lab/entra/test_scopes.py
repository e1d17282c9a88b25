"""Which resource a scope string means, and what is refused."""

from __future__ import annotations

import pytest

from lampgate.lab.entra.applications import Application, gateway_application
from lampgate.lab.entra.errors import EntraError
from lampgate.lab.entra.resources import AKS_SERVER, FIRST_PARTY, GRAPH, Resource
from lampgate.lab.entra.scopes import (
    Scopes,
    missing_permissions,
    permissions_in_token,
    read_scopes,
    resource_of_client_credentials,
    response_scope,
    scopes_to_redeem,
)

GATEWAY = gateway_application([], None)
AKS = "6dae42f8-4368-4678-94ff-3960e28e3630"
GRANTED = frozenset({"email", "offline_access", "openid", "profile", "User.Read"})


def read(text: str, client: Application = GATEWAY) -> Scopes:
    return read_scopes(text, client, FIRST_PARTY, "Contoso Lab")


@pytest.mark.parametrize(
    ("text", "oidc", "resources"),
    [
        ("openid profile", {"openid", "profile"}, []),
        ("OpenID", {"openid"}, []),
        (f"{AKS}/user.read", set(), [(AKS_SERVER, ("user.read",))]),
        (f"{AKS.upper()}/User.Read", set(), [(AKS_SERVER, ("user.read",))]),
        (f"api://{AKS}/user.read", set(), [(AKS_SERVER, ("user.read",))]),
        (f"{AKS}/.default openid", {"openid"}, [(AKS_SERVER, (".default",))]),
        ("user.read", set(), [(GRAPH, ("User.Read",))]),
        ("https://graph.microsoft.com/User.Read", set(), [(GRAPH, ("User.Read",))]),
        ("https://graph.microsoft.com//.default", set(), [(GRAPH, (".default",))]),
        ("User.Read https://graph.microsoft.com/User.Read", set(), [(GRAPH, ("User.Read",))]),
        (
            f"{AKS}/user.read openid email profile User.Read",
            {"openid", "email", "profile"},
            [(AKS_SERVER, ("user.read",)), (GRAPH, ("User.Read",))],
        ),
        (
            f"openid User.Read {AKS}/user.read",
            {"openid"},
            [(GRAPH, ("User.Read",)), (AKS_SERVER, ("user.read",))],
        ),
    ],
)
def test_reading(text: str, oidc: set[str], resources: list[tuple[Resource, tuple[str, ...]]]) -> None:
    scopes = read(text)
    assert scopes.oidc == oidc
    assert [(asked.resource, asked.names) for asked in scopes.resources] == resources


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("openid groups", 650053, "scope 'groups' that doesn't exist on the resource '00000003-"),
        (f"{AKS}/admin", 650053, f"scope 'admin' that doesn't exist on the resource '{AKS}'"),
        ("api://nowhere/user.read", 500011, "named api://nowhere was not found in the tenant named Contoso Lab"),
        ("spn:6dae/user.read", 500011, "named spn:6dae"),
        (".default", 650053, "'.default'"),
        (f"{AKS}/.default {AKS}/user.read", 70011, AKS),
    ],
)
def test_refused(text: str, code: int, words: str) -> None:
    with pytest.raises(EntraError) as caught:
        read(text)
    assert caught.value.code == code
    assert words in caught.value.message


def test_default_needs_the_resource_in_the_registration() -> None:
    bare = Application("app", "bare", (), required_resource_access={GRAPH.app_id: ("User.Read",)})
    with pytest.raises(EntraError, match=f"AADSTS650057: .*Resource app ID: {AKS}.*{GRAPH.app_id}"):
        read(f"{AKS}/.default", bare)
    assert read(f"{AKS}/user.read", bare).first.resource == AKS_SERVER


@pytest.mark.parametrize(
    ("granted", "asked", "refresh", "resource"),
    [
        # Without a scope the first resource of the authorization request wins, whatever stands before it.
        (f"{AKS}/user.read openid User.Read", None, False, AKS_SERVER),
        (f"openid {AKS}/user.read", None, False, AKS_SERVER),
        (f"openid User.Read {AKS}/user.read", None, False, GRAPH),
        (f"openid User.Read {AKS}/user.read", None, True, GRAPH),
        ("openid", None, False, GRAPH),
        # With a scope, that one.
        (f"User.Read {AKS}/user.read", f"{AKS}/user.read", False, AKS_SERVER),
        (f"{AKS}/user.read", f"{AKS}/.default openid", False, AKS_SERVER),
        (f"{AKS}/.default", f"{AKS}/user.read", False, AKS_SERVER),
        (f"{AKS}/user.read openid", "openid", False, GRAPH),
        # A refresh token is good for any resource.
        (f"{AKS}/user.read", "User.Read", True, GRAPH),
    ],
)
def test_resource_of_a_redemption(granted: str, asked: str | None, refresh: bool, resource: Resource) -> None:
    scopes = scopes_to_redeem(asked, read(granted), read(asked) if asked else None, refresh=refresh)
    assert scopes.resource == resource


@pytest.mark.parametrize(
    ("granted", "asked", "code"),
    [
        (f"{AKS}/user.read User.Read", f"{AKS}/user.read User.Read", 28000),
        (f"{AKS}/user.read", "User.Read", 28002),
        ("User.Read", "GroupMember.Read.All", 28002),
        (f"{AKS}/user.read", " ", 28003),
    ],
)
def test_redemption_refused(granted: str, asked: str, code: int) -> None:
    with pytest.raises(EntraError) as caught:
        scopes_to_redeem(asked, read(granted), read(asked), refresh=False)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("granted", "asked", "oidc"),
    [
        ("openid offline_access", None, {"openid", "offline_access"}),
        ("openid offline_access", f"{AKS}/.default openid", {"openid"}),
        ("openid", f"{AKS}/.default openid offline_access", {"openid"}),
    ],
)
def test_openid_scopes_in_force(granted: str, asked: str | None, oidc: set[str]) -> None:
    scopes = scopes_to_redeem(asked, read(granted), read(asked) if asked else None, refresh=True)
    assert scopes.oidc == oidc


@pytest.mark.parametrize(
    ("asked", "permissions", "expected"),
    [
        (f"{AKS}/user.read openid", frozenset({"user.read"}), f"{AKS}/user.read"),
        (f"{AKS}/.default", frozenset({"user.read"}), f"{AKS}/user.read {AKS}/.default"),
        ("User.Read", GRANTED, "email openid profile User.Read"),
        (
            "https://graph.microsoft.com/User.Read",
            GRANTED,
            "email openid profile https://graph.microsoft.com/User.Read",
        ),
    ],
)
def test_scope_of_the_response(asked: str, permissions: frozenset[str], expected: str) -> None:
    scopes = scopes_to_redeem(None, read(asked), None, refresh=False)
    assert response_scope(scopes, permissions) == expected


def test_permissions_are_all_granted_ones_but_offline_access() -> None:
    assert permissions_in_token(GRAPH, GRANTED) == ["email", "openid", "profile", "User.Read"]


@pytest.mark.parametrize(
    ("asked", "granted", "missing"),
    [
        (f"{AKS}/user.read", frozenset({"user.read"}), ()),
        (f"{AKS}/user.read", frozenset(), ("user.read",)),
        (f"{AKS}/.default", frozenset({"user.read"}), ()),
        (f"{AKS}/.default", frozenset(), ("user.read",)),
        ("User.Read GroupMember.Read.All", GRANTED, ("GroupMember.Read.All",)),
    ],
)
def test_missing_permissions(asked: str, granted: frozenset[str], missing: tuple[str, ...]) -> None:
    assert missing_permissions(read(asked).first, granted, GATEWAY) == missing


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        (None, 900144),
        (f"{AKS}/user.read", 70011),
        (f"{AKS}/.default openid", 70011),
        (f"{AKS}/.default https://graph.microsoft.com/.default", 70011),
    ],
)
def test_client_credentials_refused(scope: str | None, code: int) -> None:
    with pytest.raises(EntraError) as caught:
        resource_of_client_credentials(scope, read(scope) if scope else None)
    assert caught.value.code == code

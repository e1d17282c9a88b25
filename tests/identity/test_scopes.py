"""One resource a request: which scopes go along, and which wait."""

from __future__ import annotations

import pytest

from lampgate.identity.scopes import GRAPH, plan

AKS = "6dae42f8-4368-4678-94ff-3960e28e3630"


@pytest.mark.parametrize(
    ("configured", "request_scope", "resource", "other"),
    [
        (
            f"{AKS}/user.read openid email profile User.Read",
            f"{AKS}/user.read openid email profile",
            AKS,
            {GRAPH: ("User.Read",)},
        ),
        (f"openid {AKS}/user.read offline_access", f"openid {AKS}/user.read offline_access", AKS, {}),
        ("openid profile", "openid profile", "", {}),
        ("User.Read openid", "User.Read openid", GRAPH, {}),
        (
            f"User.Read {AKS}/user.read openid Mail.Read",
            "User.Read openid Mail.Read",
            GRAPH,
            {AKS: (f"{AKS}/user.read",)},
        ),
        (
            f"{GRAPH}/User.Read Mail.Read 00000003-0000-0000-c000-000000000000/Group.Read.All openid",
            f"{GRAPH}/User.Read Mail.Read 00000003-0000-0000-c000-000000000000/Group.Read.All openid",
            GRAPH,
            {},
        ),
        (f"{AKS}/.default {AKS.upper()}/user.read openid", f"{AKS}/.default {AKS.upper()}/user.read openid", AKS, {}),
        (
            "api://one/a https://management.azure.com//.default openid",
            "api://one/a openid",
            "api://one",
            {"https://management.azure.com/": ("https://management.azure.com//.default",)},
        ),
        ("api://one/a api://one/a openid openid", "api://one/a openid", "api://one", {}),
        (f"{AKS}/user.read", f"openid {AKS}/user.read", AKS, {}),
    ],
)
def test_entra(configured: str, request_scope: str, resource: str, other: dict[str, tuple[str, ...]]) -> None:
    sorted_out = plan(configured.split(), entra=True)
    assert sorted_out.as_configured == request_scope
    assert sorted_out.resource == resource
    assert sorted_out.other == other


@pytest.mark.parametrize(
    ("configured", "asked"),
    [
        (f"openid {AKS}/user.read", f"openid {AKS}/user.read offline_access"),
        (f"offline_access {AKS}/user.read openid", f"offline_access {AKS}/user.read openid"),
    ],
)
def test_entra_is_asked_for_a_refresh_token(configured: str, asked: str) -> None:
    sorted_out = plan(configured.split(), entra=True)
    assert sorted_out.parameter == asked
    assert sorted_out.as_configured == configured
    assert plan(configured.split(), entra=False).parameter == configured


@pytest.mark.parametrize(
    ("error", "description", "codes", "lacks"),
    [
        ("consent_required", "", None, True),
        ("invalid_grant", "AADSTS65001: The user or administrator has not consented", None, True),
        ("invalid_grant", "", [65001], True),
        ("access_denied", "AADSTS90094: An administrator has to consent", None, True),
        ("access_denied", "AADSTS65004: User declined to consent", None, False),
        ("invalid_grant", "AADSTS50076: multi-factor authentication", [50076], False),
        ("server_error", "", None, False),
    ],
)
def test_refusals_for_want_of_consent(error: str, description: str, codes: object, *, lacks: bool) -> None:
    assert plan(["openid"], entra=True).lacks_consent(error, description, codes) is lacks
    # Where nothing was added there is nothing to leave out.
    assert not plan(["openid", "offline_access"], entra=True).lacks_consent(error, description, codes)


def test_graph_of_another_cloud_is_graph() -> None:
    sorted_out = plan(
        ["https://graph.microsoft.us/User.Read", "Mail.Read"], entra=True, graph_host="graph.microsoft.us"
    )
    assert sorted_out.other == {}


def test_other_providers_get_everything() -> None:
    configured = ("openid", "profile", "groups", "https://api.example/read", "api://two/write")
    assert plan(configured, entra=False).request == configured

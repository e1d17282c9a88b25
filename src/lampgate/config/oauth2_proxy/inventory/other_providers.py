"""Options of oauth2-proxy's providers other than OpenID Connect and Entra ID."""

from __future__ import annotations

from lampgate.config.oauth2_proxy.options import Kind, Option
from lampgate.config.oauth2_proxy.standing import Refused

_AZURE = Refused(
    "oauth2-proxy's azure provider is deprecated and cannot fetch tokens for AKS",
    "Remove it, and use provider entra-id or oidc",
)
_OTHER_PROVIDER = Refused(
    "lampgate signs people in with OpenID Connect only", "Remove it, and use provider oidc or entra-id"
)

OPTIONS = (
    Option("keycloak-group", "keycloak_groups", Kind.LIST, (), _OTHER_PROVIDER, beside_alpha=False),
    Option("azure-tenant", "azure_tenant", Kind.STRING, "common", _AZURE, beside_alpha=False),
    Option("azure-graph-group-field", "azure_graph_group_field", Kind.STRING, "", _AZURE, beside_alpha=False),
    Option("bitbucket-team", "bitbucket_team", Kind.STRING, "", _OTHER_PROVIDER, beside_alpha=False),
    Option("bitbucket-repository", "bitbucket_repository", Kind.STRING, "", _OTHER_PROVIDER, beside_alpha=False),
    Option("github-org", "github_org", Kind.STRING, "", _OTHER_PROVIDER, beside_alpha=False),
    Option("github-team", "github_team", Kind.STRING, "", _OTHER_PROVIDER, beside_alpha=False),
    Option("github-repo", "github_repo", Kind.STRING, "", _OTHER_PROVIDER, beside_alpha=False),
    Option("github-token", "github_token", Kind.STRING, "", _OTHER_PROVIDER, beside_alpha=False),
    Option("github-user", "github_users", Kind.LIST, (), _OTHER_PROVIDER, beside_alpha=False),
    Option("gitlab-group", "gitlab_groups", Kind.LIST, (), _OTHER_PROVIDER, beside_alpha=False),
    Option("gitlab-project", "gitlab_projects", Kind.LIST, (), _OTHER_PROVIDER, beside_alpha=False),
    Option("jwt-key", "jwt_key", Kind.STRING, "", _OTHER_PROVIDER, beside_alpha=False),
    Option("jwt-key-file", "jwt_key_file", Kind.STRING, "", _OTHER_PROVIDER, beside_alpha=False),
    Option("pubjwk-url", "pubjwk_url", Kind.STRING, "", _OTHER_PROVIDER, beside_alpha=False),
    Option(
        "google-group",
        "google_groups",
        Kind.LIST,
        (),
        _OTHER_PROVIDER,
        beside_alpha=False,
        other_keys=("google_group",),
    ),
    Option("google-admin-email", "google_admin_email", Kind.STRING, "", _OTHER_PROVIDER, beside_alpha=False),
    Option(
        "google-service-account-json",
        "google_service_account_json",
        Kind.STRING,
        "",
        _OTHER_PROVIDER,
        beside_alpha=False,
    ),
    Option(
        "google-use-application-default-credentials",
        "google_use_application_default_credentials",
        Kind.STRING,
        "",
        _OTHER_PROVIDER,
        beside_alpha=False,
    ),
    Option(
        "google-target-principal", "google_target_principal", Kind.STRING, "", _OTHER_PROVIDER, beside_alpha=False
    ),
    Option(
        "google-use-organization-id",
        "google_use_organization_id",
        Kind.STRING,
        "",
        _OTHER_PROVIDER,
        beside_alpha=False,
    ),
    Option(
        "google-admin-api-user-scope",
        "google_admin_api_user_scope",
        Kind.STRING,
        "",
        _OTHER_PROVIDER,
        beside_alpha=False,
    ),
)

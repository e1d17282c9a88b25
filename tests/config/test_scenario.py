"""The published configuration of the scenario: as it is, and filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from lampgate.config.errors import MissingSettingError, PlaceholderLeftError, UnreadableConfigError
from lampgate.config.load import Overrides
from lampgate.config.settings import FederatedToken, HeaderInjection, InjectedValue, ListenAddress
from tests.config.configurations import ANY_HOST, CLIENT_ID, FILLED_IN, ISSUER, SCENARIO, Loader, codes


def test_as_published_only_the_placeholders_are_wrong(loader: Loader) -> None:
    client_id, issuer = loader.errors(SCENARIO)
    assert isinstance(client_id, PlaceholderLeftError)
    assert client_id.sentence == "The client id is still the placeholder “...”"
    assert client_id.place == loader.place(22, "alphaConfig.configData.providers[0].clientID")
    assert "Application (client) ID" in client_id.remedy
    assert isinstance(issuer, PlaceholderLeftError)
    assert "“..your-tenant...”" in issuer.sentence
    assert issuer.place == loader.place(26, "alphaConfig.configData.providers[0].oidcConfig.issuerURL")
    assert "https://login.microsoftonline.com/<tenant id>/v2.0" in issuer.remedy


def test_filled_in_it_loads(loader: Loader) -> None:
    loaded = loader.load(FILLED_IN)
    settings = loaded.settings
    provider = settings.provider
    assert (provider.id, provider.kind, provider.issuer_url, provider.client_id) == (
        "entra",
        "oidc",
        ISSUER,
        CLIENT_ID,
    )
    assert provider.client_authentication == FederatedToken(path=loader.token)
    assert provider.scopes == (
        "6dae42f8-4368-4678-94ff-3960e28e3630/user.read",
        "openid",
        "email",
        "profile",
        "User.Read",
    )
    assert provider.allow_unverified_email
    assert (provider.email_claim, provider.audience_claims) == ("email", ("aud",))
    assert settings.listen == (ListenAddress(host=ANY_HOST, port=4180),)
    assert settings.inject == (
        HeaderInjection(name="Authorization", values=(InjectedValue(claim="access_token", prefix="Bearer "),)),
    )
    (upstream,) = settings.upstreams
    assert (upstream.id, upstream.path, upstream.url, upstream.profile) == (
        "main",
        "/",
        "http://headlamp:80",
        "headlamp",
    )
    assert settings.session.lifetime == 12 * 3600
    assert settings.session.cookie.secret is None
    assert settings.allow.email_domains == ("*",)
    assert settings.portal.skip_sign_in_page
    assert settings.log.silence_health
    assert settings.trusted_proxies == ()
    assert settings.public_url is None


def test_its_notes_say_what_to_know(loader: Loader) -> None:
    loaded = loader.load(FILLED_IN)
    assert sorted(codes(loaded)) == [
        "config.no-cookie-secret",
        "config.reverse-proxy-trusts-nobody",
        "config.several-resources",
    ]
    assert loaded.settings.session.renew_after == 15 * 60
    (resources,) = [note for note in loaded.notes if note.code == "config.several-resources"]
    assert resources.sentence.endswith("6dae42f8-4368-4678-94ff-3960e28e3630; for later remains: User.Read")


@pytest.mark.parametrize(
    ("path", "line", "key"),
    [
        ("allow.email_domains", 9, "config.configFile: email_domains"),
        ("session.lifetime", 15, "extraArgs.cookie-expire"),
        ("provider.issuer_url", 26, "alphaConfig.configData.providers[0].oidcConfig.issuerURL"),
        ("inject.0", 32, "alphaConfig.configData.injectRequestHeaders[0]"),
        ("upstreams.0.url", 40, "alphaConfig.configData.upstreamConfig.upstreams[0].uri"),
    ],
)
def test_places_are_those_of_the_outer_file(loader: Loader, path: str, line: int, key: str) -> None:
    assert loader.load(FILLED_IN).place_of(path) == loader.place(line, key)


def test_without_a_federated_token_both_ways_out_are_named(loader: Loader) -> None:
    error = loader.error(FILLED_IN, environ={"AZURE_FEDERATED_TOKEN_FILE": ""})
    assert isinstance(error, MissingSettingError)
    assert error.place == loader.place(20, "alphaConfig.configData.providers[0].clientSecret")
    assert "azure.workload.identity/use" in error.remedy
    assert "client secret" in error.remedy


@pytest.mark.parametrize(("content", "sentence"), [(None, "cannot be read"), (" \n", "is empty")])
def test_a_federated_token_that_cannot_be_used(
    loader: Loader, tmp_path: Path, content: str | None, sentence: str
) -> None:
    path = tmp_path / "elsewhere"
    if content is not None:
        path.write_text(content)
    error = loader.error(FILLED_IN, environ={"AZURE_FEDERATED_TOKEN_FILE": str(path)})
    assert isinstance(error, UnreadableConfigError)
    assert sentence in error.sentence
    assert error.place == "environment, AZURE_FEDERATED_TOKEN_FILE"


def test_the_command_line_goes_first(loader: Loader) -> None:
    overrides = Overrides(listen=(ListenAddress(port=8080),), public_url="http://localhost:8080")
    settings = loader.load(FILLED_IN, overrides=overrides).settings
    assert settings.listen == (ListenAddress(port=8080),)
    assert settings.public_url == "http://localhost:8080"

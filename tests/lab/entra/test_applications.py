"""How a redirect URI is compared with the registered ones."""

from __future__ import annotations

import pytest

from lampgate.lab.entra.applications import AKS_CLIENT, Application, gateway_application

WEB = gateway_application(["https://dash.example.com/oauth2/callback", "http://localhost:4180/oauth2/callback"], None)
NATIVE = Application("id", "native", ("http://localhost/done", "https://native.example/done"), platform="public")


@pytest.mark.parametrize(
    ("application", "uri", "accepted"),
    [
        (WEB, "https://dash.example.com/oauth2/callback", True),
        (WEB, "https://dash.example.com/oauth2/callback/", False),
        (WEB, "https://dash.example.com/OAuth2/callback", False),
        (WEB, "https://DASH.example.com/oauth2/callback", False),
        (WEB, "http://dash.example.com/oauth2/callback", False),
        (WEB, "https://dash.example.com:443/oauth2/callback", False),
        (WEB, "https://dash.example.com/oauth2/callback?x=1", False),
        (WEB, "http://localhost:4180/oauth2/callback", True),
        (WEB, "http://localhost:4181/oauth2/callback", False),
        (NATIVE, "http://localhost:51234/done", True),
        (NATIVE, "http://localhost/done", True),
        (NATIVE, "http://localhost:51234/other", False),
        (NATIVE, "http://localhost:51234/done?x=1", False),
        (NATIVE, "http://localhost:51234/done#x", False),
        (NATIVE, "https://localhost:51234/done", False),
        (NATIVE, "http://127.0.0.1:51234/done", False),
        (NATIVE, "http://localhost:pwned@evil.example/done", False),
        (NATIVE, "http://user@localhost:51234/done", False),
        (NATIVE, "http://localhost:99999999/done", False),
        (NATIVE, "https://native.example:8443/done", False),
        (AKS_CLIENT, "http://localhost:8000", True),
        (AKS_CLIENT, "http://localhost:8000/", True),
        (AKS_CLIENT, "http://127.0.0.1:8000/", True),
        (AKS_CLIENT, "http://localhost.evil.example:8000/", False),
    ],
)
def test_redirect_uri(application: Application, uri: str, accepted: bool) -> None:
    assert application.accepts_redirect_uri(uri) is accepted


def test_secrets_are_not_shown() -> None:
    assert "hidden-value" not in repr(gateway_application([], None, secrets=["hidden-value"]))

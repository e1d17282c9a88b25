"""What passes without a session, as oauth2-proxy's options say it; and headers on answers."""

from __future__ import annotations

import pytest

from lampgate.config.errors import InvalidValueError
from lampgate.config.settings import HeaderInjection, InjectedValue, OpenRoute
from tests.config.configurations import LEGACY, Loader


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("GET=^/foo/bar", OpenRoute(path="^/foo/bar", methods=("GET",))),
        ("^/all/methods$", OpenRoute(path="^/all/methods$")),
        ("patch=^/second/equals?are=handled&just=fine",
         OpenRoute(path="^/second/equals?are=handled&just=fine", methods=("PATCH",))),
        ("!=^/api", OpenRoute(path="^/api", negate=True)),
        ("METHOD!=^/api", OpenRoute(path="^/api", methods=("METHOD",), negate=True)),
        ("=^/x", OpenRoute(path="^/x")),
    ],
)  # fmt: skip
def test_routes(loader: Loader, text: str, route: OpenRoute) -> None:
    loaded = loader.load(f"skip_auth_routes = ['{text}']\n{LEGACY}")
    assert loaded.settings.open_access.routes == (route,)
    assert "config.open-route-unanchored" not in [note.code for note in loaded.notes]


def test_a_rule_that_opens_more_than_it_seems_to_is_noted(loader: Loader) -> None:
    loaded = loader.load(f"skip_auth_routes = ['/healthz']\n{LEGACY}")
    assert "config.open-route-unanchored" in [note.code for note in loaded.notes]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("skip_auth_routes = ['GET=^/(?=x)']", "expression"),
        ("skip_auth_routes = ['GET=^/(']", "expression"),
        ("skip_auth_routes = ['a/b=c']", "method"),
        ("trusted_ips = ['everybody']", "addresses and networks"),
        ("trusted_ips = ['::/0']", "everybody in"),
    ],
)
def test_what_is_refused(loader: Loader, line: str, words: str) -> None:
    error = loader.error(f"{line}\n{LEGACY}")
    assert isinstance(error, InvalidValueError)
    assert words in error.sentence


def test_addresses_behind_a_proxy_that_nobody_listed(loader: Loader) -> None:
    loaded = loader.load(f"trusted_ips = ['10.0.0.7']\nreverse_proxy = true\n{LEGACY}")
    assert "config.trusted-ip-sees-the-proxy" in [note.code for note in loaded.notes]
    assert str(loaded.settings.open_access.addresses[0]) == "10.0.0.7/32"


def test_headers_on_answers(loader: Loader) -> None:
    loaded = loader.load(
        f"set_xauthrequest = true\npass_access_token = true\nset_authorization_header = true\n{LEGACY}"
    )

    def header(name: str, claim: str, prefix: str = "") -> HeaderInjection:
        return HeaderInjection(name=name, values=(InjectedValue.model_validate({"claim": claim, "prefix": prefix}),))

    assert loaded.settings.inject_response == (
        header("X-Auth-Request-User", "user"),
        header("X-Auth-Request-Email", "email"),
        header("X-Auth-Request-Preferred-Username", "preferred_username"),
        header("X-Auth-Request-Groups", "groups"),
        header("X-Auth-Request-Access-Token", "access_token"),
        header("Authorization", "id_token", "Bearer "),
    )

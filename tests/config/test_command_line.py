"""oauth2-proxy's own command line: flags before variables before the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from lampgate.config.errors import ConfigError, InvalidConfigurationError
from lampgate.config.load import load_settings
from lampgate.config.oauth2_proxy.command_line import read_command_line
from lampgate.config.settings import Settings
from tests.config.configurations import ALPHA, CLIENT_ID, COOKIE_SECRET, ISSUER, LEGACY, OPTIONS

FLAGS = (
    "--provider=oidc",
    f"--client-id={CLIENT_ID}",
    "--client-secret", "not-so-secret",
    f"--oidc-issuer-url={ISSUER}",
    "--scope", "openid offline_access",
    "--email-domain=*",
    "--upstream", "http://headlamp:80",
    f"--cookie-secret={COOKIE_SECRET}",
)  # fmt: skip


def settings(*words: str, **environ: str) -> Settings:
    loaded = read_command_line(words, environ).loaded
    assert loaded is not None
    return loaded.settings


def errors(*words: str, **environ: str) -> tuple[ConfigError, ...]:
    with pytest.raises(InvalidConfigurationError) as raised:
        read_command_line(words, environ)
    return raised.value.errors


def test_flags_alone_are_the_same_as_the_file(tmp_path: Path) -> None:
    file = tmp_path / "oauth2_proxy.cfg"
    file.write_text(LEGACY)
    from_file = load_settings([file], environ={}).settings
    assert settings(*FLAGS) == from_file
    assert settings("--config", str(file)) == from_file


def test_variables_alone_as_well() -> None:
    environ = {
        "OAUTH2_PROXY_PROVIDER": "oidc",
        "OAUTH2_PROXY_CLIENT_ID": CLIENT_ID,
        "OAUTH2_PROXY_CLIENT_SECRET": "not-so-secret",
        "OAUTH2_PROXY_OIDC_ISSUER_URL": ISSUER,
        "OAUTH2_PROXY_SCOPE": "openid offline_access",
        "OAUTH2_PROXY_EMAIL_DOMAINS": "*",
        "OAUTH2_PROXY_UPSTREAMS": "http://headlamp:80",
        "OAUTH2_PROXY_COOKIE_SECRET": COOKIE_SECRET,
    }
    assert settings(**environ) == settings(*FLAGS)


def test_precedence(tmp_path: Path) -> None:
    file = tmp_path / "any.name"
    file.write_text(LEGACY + 'cookie_name = "file"\ncookie_expire = "3h"\ncookie_refresh = "1h"\n')
    chosen = settings(
        "--cookie-name=flag",
        f"--config={file}",
        OAUTH2_PROXY_COOKIE_NAME="variable",
        OAUTH2_PROXY_COOKIE_EXPIRE="2h",
    )
    assert (chosen.session.cookie.name, chosen.session.lifetime, chosen.session.renew_after) == ("flag", 7200, 3600)


def test_an_alpha_configuration_with_its_options(tmp_path: Path) -> None:
    alpha, options = tmp_path / "alpha", tmp_path / "options"
    alpha.write_text(ALPHA)
    options.write_text(OPTIONS)
    both = settings("--alpha-config", str(alpha), "--config", str(options))
    assert both.inject[0].name == "Authorization"
    assert both.upstreams[0].url == "http://headlamp:80"


def test_lists_add_up() -> None:
    domains = settings(*FLAGS, "--email-domain=a.example", "--email-domain=b.example,c.example")
    assert domains.allow.email_domains == ("*", "a.example", "b.example", "c.example")


def test_what_is_no_setting() -> None:
    assert read_command_line(["--version", "--nonsense-after-it=1"], {}).version
    command = read_command_line([*FLAGS, "--config-test"], {})
    assert command.only_test
    assert command.loaded is not None


@pytest.mark.parametrize(
    ("words", "sentence", "place"),
    [
        (("--cookie-refreshs=1h",), "has no flag --cookie-refreshs", "command line, --cookie-refreshs"),
        (("-provider=oidc",), "one dash", "command line"),
        (("--cookie-expire=soon",), "", "command line, --cookie-expire"),
        (("--config=/nowhere/at/all",), "cannot be read", "/nowhere/at/all"),
        (("--convert-config-to-alpha",), "alpha", "command line, --convert-config-to-alpha"),
        (("stray",), "not a flag", "command line"),
    ],
)
def test_what_is_wrong(words: tuple[str, ...], sentence: str, place: str) -> None:
    (error,) = errors(*FLAGS, *words)
    assert sentence in error.sentence
    assert str(error.place) == place


def test_no_message_shows_a_secret() -> None:
    for word in ("--client-secret=tell-nobody\n", "--cookie-secret=tell-nobody", "tell-nobody", "-tell-nobody=1"):
        for error in errors(*FLAGS, word, "--nonsense"):
            assert "tell-nobody" not in str(error)

"""Flags before variables before the file before defaults, and how values are written (oauth2-proxy's §1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from lampgate.config.errors import InvalidConfigurationError
from lampgate.config.oauth2_proxy.command_line import read_command_line
from lampgate.config.settings import Settings

FLAGS = (
    "--provider=oidc", "--oidc-issuer-url=https://login.company.com", "--client-id=x", "--client-secret=xyzzyplugh",
    "--cookie-secret=b9Jq1Zk3tXw7Lr5Vn8Pc2Yd6Hf0Gs4Ma", "--upstream=http://up", "--email-domain=*",
)  # fmt: skip


def load(words: list[str], environ: dict[str, str], file: str, folder: Path) -> Settings:
    path = folder / "oauth2_proxy.cfg"
    path.write_text(file)
    loaded = read_command_line([*FLAGS, f"--config={path}", *words], environ).loaded
    assert loaded is not None
    return loaded.settings


@pytest.mark.parametrize(
    ("words", "environ", "file", "name"),
    [
        ([], {}, "", "lampgate"),
        ([], {}, 'cookie_name = "file"', "file"),
        ([], {"OAUTH2_PROXY_COOKIE_NAME": "variable"}, "", "variable"),
        ([], {"OAUTH2_PROXY_COOKIE_NAME": "variable"}, 'cookie_name = "file"', "variable"),
        (["--cookie-name=flag"], {"OAUTH2_PROXY_COOKIE_NAME": "variable"}, 'cookie_name = "file"', "flag"),
        (["--cookie-name=flag"], {}, 'cookie_name = "file"', "flag"),
        (["--cookie-name", "flag"], {}, "", "flag"),
        (["--cookie-name=first", "--cookie-name=last"], {}, "", "last"),
        ([], {"OAUTH2_PROXY_COOKIE_NAME": ""}, 'cookie_name = "file"', "file"),
        ([], {}, 'COOKIE_NAME = "file"', "file"),
    ],
)
def test_precedence(tmp_path: Path, words: list[str], environ: dict[str, str], file: str, name: str) -> None:
    assert load(words, environ, file, tmp_path).session.cookie.name == name


@pytest.mark.parametrize(
    ("words", "environ", "file", "groups"),
    [
        (["--allowed-group=a"], {}, "", ("a",)),
        (["--allowed-group=a", "--allowed-group=b"], {}, "", ("a", "b")),
        (["--allowed-group=a,b"], {}, "", ("a", "b")),
        (['--allowed-group="a,b",c'], {}, "", ("a,b", "c")),
        ([], {"OAUTH2_PROXY_ALLOWED_GROUPS": "a,b"}, "", ("a", "b")),
        ([], {}, 'allowed_groups = ["a", "b"]', ("a", "b")),
        ([], {}, 'allowed_groups = "a,b"', ("a", "b")),
        (["--allowed-group=c"], {"OAUTH2_PROXY_ALLOWED_GROUPS": "b"}, 'allowed_groups = ["a"]', ("c",)),
        ([], {"OAUTH2_PROXY_ALLOWED_GROUPS": "b"}, 'allowed_groups = ["a"]', ("b",)),
        ([], {}, "", None),
    ],
)
def test_lists(
    tmp_path: Path, words: list[str], environ: dict[str, str], file: str, groups: tuple[str, ...] | None
) -> None:
    assert load(words, environ, file, tmp_path).allow.groups == groups


@pytest.mark.parametrize(
    ("words", "environ", "file", "seconds"),
    [
        (["--cookie-expire=1h30m"], {}, "", 5400),
        (["--cookie-expire=90s"], {}, "", 90),
        ([], {"OAUTH2_PROXY_COOKIE_EXPIRE": "2h"}, "", 7200),
        ([], {}, 'cookie_expire = "168h0m0s"', 604_800),
        # A whole number counts nanoseconds there.
        ([], {}, "cookie_expire = 3600000000000", 3600),
    ],
)
def test_durations(tmp_path: Path, words: list[str], environ: dict[str, str], file: str, seconds: float) -> None:
    assert load(words, environ, file, tmp_path).session.lifetime == seconds


@pytest.mark.parametrize(
    ("words", "file", "skips"),
    [
        ([], "", False),
        (["--skip-provider-button"], "", True),
        (["--skip-provider-button=true"], "", True),
        (["--skip-provider-button=false"], "skip_provider_button = true", False),
        ([], "skip_provider_button = true", True),
        ([], 'skip_provider_button = "true"', True),
        ([], 'skip_provider_button = "1"', True),
        ([], "skip_provider_button = 1", True),
    ],
)
def test_booleans(tmp_path: Path, words: list[str], file: str, *, skips: bool) -> None:
    assert load(words, {}, file, tmp_path).portal.skip_sign_in_page is skips


@pytest.mark.parametrize(
    ("words", "file", "said"),
    [
        ([], "unknown_key = 1", "unknown_key"),
        ([], "[section]\na = 1", "section"),
        ([], "cookie_name = abc", "quotes"),
        (["--unknown-flag=1"], "", "--unknown-flag"),
        (["-cookie-name=x"], "", "one dash"),
        (["stray"], "", "not a flag"),
        (["--skip-provider-button", "false"], "", "not a flag"),
        (["--cookie-expire=5"], "", "cookie-expire"),
        (["--skip-auth-route=("], "", "expression"),
        (["--trusted-ip=10.0.0.300"], "", "trusted-ip"),
        (["--cookie-samesite=other"], "", "cookie-samesite"),
        (["--redis-use-sentinel=true", "--session-store-type=redis"], "", "sentinel"),
        (["--cookie-secret=short"], "", "cookie"),
        (["--cookie-secret=XXXXXXXXXXXXXXXX"], "", "everybody knows"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, words: list[str], file: str, said: str) -> None:
    with pytest.raises(InvalidConfigurationError) as caught:
        load(words, {}, file, tmp_path)
    assert said in str(caught.value)

"""Configurations to start from, and how tests load them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent, indent

import pytest

from lampgate.config.errors import ConfigError, InvalidConfigurationError
from lampgate.config.load import Overrides, load_settings
from lampgate.config.settings import LoadedSettings

#: Every address of the machine.
ANY_HOST = "0.0.0.0"  # noqa: S104 - compared with, never bound
TENANT = "0f3c9a52-6f0e-4c57-9d43-6a1f2b7c8d10"
CLIENT_ID = "5b1e0c44-2f7d-4a86-8c1e-9d3f60a7b215"
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
COOKIE_SECRET = "tYq7vN2kLr9wXz4bHc8mPd3gFs6jKa1e"

#: The published configuration, with its placeholders.
SCENARIO = (Path(__file__).parent / "data" / "configmap.yaml").read_text("utf-8")
#: The same with issuer and client id filled in.
FILLED_IN = SCENARIO.replace('"..."', f'"{CLIENT_ID}"').replace("..your-tenant...", TENANT)

ALPHA = f"""\
server:
  BindAddress: 127.0.0.1:4180
providers:
  - id: entra
    provider: oidc
    clientID: {CLIENT_ID}
    clientSecret: not-so-secret
    scope: openid offline_access
    oidcConfig:
      issuerURL: {ISSUER}
injectRequestHeaders:
  - name: Authorization
    values:
      - claimSource:
          claim: access_token
          prefix: "Bearer "
upstreamConfig:
  upstreams:
    - id: main
      path: /
      uri: http://headlamp:80
"""

LEGACY = f"""\
provider = "oidc"
client_id = "{CLIENT_ID}"
client_secret = "not-so-secret"
oidc_issuer_url = "{ISSUER}"
scope = "openid offline_access"
email_domains = ["*"]
upstreams = ["http://headlamp:80"]
cookie_secret = "{COOKIE_SECRET}"
"""

OPTIONS = f"""\
email_domains = ["*"]
cookie_secret = "{COOKIE_SECRET}"
"""


class Loader:
    """Loads texts as files of one configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = folder / "token"
        self.token.write_text("a.federated.token")
        self.environ: dict[str, str] = {"AZURE_FEDERATED_TOKEN_FILE": str(self.token)}

    def load(
        self, *texts: str, environ: Mapping[str, str] | None = None, overrides: Overrides | None = None
    ) -> LoadedSettings:
        """The settings of the texts, written to ``0.conf``, ``1.conf`` …"""
        paths = [self.folder / f"{index}.conf" for index in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text, "utf-8")
        return load_settings(paths, environ={**self.environ, **(environ or {})}, overrides=overrides)

    def errors(
        self, *texts: str, environ: Mapping[str, str] | None = None, overrides: Overrides | None = None
    ) -> tuple[ConfigError, ...]:
        """What is wrong with the texts."""
        with pytest.raises(InvalidConfigurationError) as raised:
            self.load(*texts, environ=environ, overrides=overrides)
        return raised.value.errors

    def error(
        self, *texts: str, environ: Mapping[str, str] | None = None, overrides: Overrides | None = None
    ) -> ConfigError:
        """The one thing that is wrong with the texts."""
        (error,) = self.errors(*texts, environ=environ, overrides=overrides)
        return error

    def place(self, line: int, key: str, *, file: int = 0) -> str:
        """A place as errors show it. Line 0: none."""
        name = str(self.folder / f"{file}.conf")
        return f"{name} line {line}, {key}" if line else f"{name}, {key}"


def codes(loaded: LoadedSettings) -> list[str]:
    """The codes of the notes."""
    return [note.code for note in loaded.notes]


def config_map(key: str, document: str) -> str:
    """A ConfigMap with one document."""
    head = dedent("""\
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: gateway
        data:
        """)
    return f"{head}  {key}: |\n{indent(document, '    ')}"


def line_of(text: str, part: str) -> int:
    """The line on which ``part`` stands, from 1."""
    return text[: text.index(part)].count("\n") + 1

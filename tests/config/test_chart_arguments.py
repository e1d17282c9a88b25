"""What oauth2-proxy's Helm chart renders for each shape of its values, arguments and variables: all of it loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from lampgate.config.oauth2_proxy.command_line import read_command_line
from lampgate.config.settings import MetricsSettings, RedisStoreSettings
from tests.config.configurations import ALPHA, CLIENT_ID, ISSUER

#: What the chart always passes, and where it mounts files.
ALWAYS = ["--http-address=0.0.0.0:4180", "--metrics-address=0.0.0.0:44180"]
#: `existingSecret`, or the Secret that the chart makes: client and cookie secret come as variables.
VARIABLES = {
    "OAUTH2_PROXY_CLIENT_ID": CLIENT_ID,
    "OAUTH2_PROXY_CLIENT_SECRET": "a-client-secret",
    "OAUTH2_PROXY_COOKIE_SECRET": "b9Jq1Zk3tXw7Lr5Vn8Pc2Yd6Hf0Gs4Ma",
}
EXTRA = [f"--oidc-issuer-url={ISSUER}", "--provider=oidc", "--upstream=http://headlamp:80", "--email-domain=*"]
CFG = f"""
email_domains = [ "*" ]
upstreams = [ "http://headlamp:80" ]
provider = "oidc"
oidc_issuer_url = "{ISSUER}"
"""


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        (EXTRA, {}),
        ([*EXTRA, "--reverse-proxy", "--cookie-secure=true", "--skip-provider-button=true"], {}),
        ([*EXTRA, "--upstream=file:///dev/null#/static/"], {}),
        (EXTRA[1:], {"OAUTH2_PROXY_OIDC_ISSUER_URL": ISSUER}),
        (
            [*EXTRA, "--session-store-type=redis"],
            {
                "OAUTH2_PROXY_SESSION_STORE_TYPE": "redis",
                "OAUTH2_PROXY_REDIS_PASSWORD": "a-password",
                "OAUTH2_PROXY_REDIS_USE_SENTINEL": "false",
                "OAUTH2_PROXY_REDIS_CONNECTION_URL": "redis://oauth2-proxy-redis-master:6379",
            },
        ),
        (
            [*EXTRA, "--session-store-type=redis"],
            {
                "OAUTH2_PROXY_REDIS_USE_SENTINEL": "true",
                "OAUTH2_PROXY_REDIS_SENTINEL_MASTER_NAME": "mymaster",
                "OAUTH2_PROXY_REDIS_SENTINEL_CONNECTION_URLS": "redis://sentinel-0:26379,redis://sentinel-1:26379",
            },
        ),
        (
            [*EXTRA, "--session-store-type=redis"],
            {
                "OAUTH2_PROXY_REDIS_USE_CLUSTER": "true",
                "OAUTH2_PROXY_REDIS_CLUSTER_CONNECTION_URLS": "redis://one:6379,redis://two:6379",
            },
        ),
        ([*EXTRA, "--authenticated-emails-file=EMAILS"], {}),
        ([*EXTRA, "--htpasswd-file=PASSWORDS"], {}),
        ([*EXTRA, "--https-address=:4443", "--tls-cert-file=FILE", "--tls-key-file=FILE"], {}),
    ],
    ids=[
        "extra-args",
        "flags-without-value",
        "file-upstream",
        "extra-env",
        "redis",
        "sentinel",
        "cluster",
        "authenticated-emails",
        "htpasswd",
        "tls",
    ],
)
def test_with_flags_and_variables(tmp_path: Path, words: list[str], variables: dict[str, str]) -> None:
    emails = tmp_path / "emails"
    emails.write_text("rita@company.com\n")
    mounted = tmp_path / "mounted"
    mounted.write_text("-----BEGIN CERTIFICATE-----")
    passwords = tmp_path / "users.txt"
    passwords.write_text("rita:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")
    words = [word.replace("PASSWORDS", str(passwords)) for word in words]
    words = [word.replace("EMAILS", str(emails)).replace("FILE", str(mounted)) for word in words]
    loaded = read_command_line([*ALWAYS, *words], VARIABLES | variables).loaded
    assert loaded is not None
    assert loaded.settings.metrics == MetricsSettings(host="0.0.0.0", port=44180)  # noqa: S104 - as the chart has it
    assert loaded.settings.provider.client_id == CLIENT_ID
    uses_redis = any("redis" in word for word in words)
    assert isinstance(loaded.settings.session.store, RedisStoreSettings) is uses_redis


def test_with_a_configuration_file(tmp_path: Path) -> None:
    """`config.configFile` and `config.existingConfig`, mounted at /etc/oauth2_proxy."""
    file = tmp_path / "oauth2_proxy.cfg"
    file.write_text(CFG)
    loaded = read_command_line([*ALWAYS, f"--config={file}"], VARIABLES).loaded
    assert loaded is not None
    assert loaded.settings.upstreams[0].url == "http://headlamp:80"
    overridden = read_command_line([*ALWAYS, f"--config={file}", "--upstream=http://other"], VARIABLES).loaded
    assert overridden is not None
    assert overridden.settings.upstreams[0].url == "http://other"


def test_with_the_alpha_configuration(tmp_path: Path) -> None:
    """`alphaConfig`: the chart passes no addresses then, and writes them into the file."""
    alpha = tmp_path / "oauth2_proxy.yml"
    alpha.write_text(f'metricsServer: {{BindAddress: "0.0.0.0:44180"}}\n{ALPHA}')
    file = tmp_path / "oauth2_proxy.cfg"
    file.write_text('email_domains = [ "*" ]\n')
    words = [f"--alpha-config={alpha}", f"--config={file}", "--cookie-secure=true"]
    secret = {"OAUTH2_PROXY_COOKIE_SECRET": VARIABLES["OAUTH2_PROXY_COOKIE_SECRET"]}
    loaded = read_command_line(words, secret).loaded
    assert loaded is not None
    assert loaded.settings.metrics == MetricsSettings(host="0.0.0.0", port=44180)  # noqa: S104 - as the chart has it
